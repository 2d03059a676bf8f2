"""What a compressed frame says of itself, held against the DICOM header before it is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

RGB, YBR = "RGB", "YBR"
_STANDALONE = {0x01, 0xD8, *range(0xD0, 0xD8)}
_FRAME_MARKERS = {0xC0, 0xC1, 0xC2, 0xC3, 0xF7}
_LOSSY_FRAMES = {0xC0, 0xC1, 0xC2}
_J2K_START = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"
_ADOBE = b"Adobe"
_TAIL_BYTES = 16


@dataclass(frozen=True)
class Codestream:
    """The facts of a JPEG, JPEG-LS or JPEG 2000 codestream.

    Attributes:
        precision: bits of a value; is_signed: JPEG 2000 only.
        is_lossy: its transform loses information.
        colour: "RGB" or "YBR" where the codestream says what its decoded values are; else empty.
        is_complete: it ends with its end marker.
    """

    rows: int
    columns: int
    components: int
    precision: int
    is_signed: bool = False
    is_lossy: bool = False
    colour: str = ""
    is_complete: bool = True


def read_codestream(frame: bytes) -> Codestream:
    """Parse the headers of one frame. Raises ValueError when it is none of these codestreams."""
    if frame[:2] == b"\xff\xd8":
        return _jpeg(frame)
    start = frame.find(_J2K_START, 0, 512)
    if start < 0:
        raise ValueError("no JPEG or JPEG 2000 codestream begins here")
    return _jpeg_2000(frame, start)


def _is_complete(frame: bytes) -> bool:
    """True with the end marker at the end, where one byte of padding and some encoders' zeros may follow."""
    return _END in frame.rstrip(b"\x00")[-_TAIL_BYTES:]


def _segments(frame: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment up to and including the first scan's header."""
    place = 2
    while place + 4 <= len(frame):
        if frame[place] != 0xFF:
            raise ValueError("a marker is expected")
        marker = frame[place + 1]
        if marker in _STANDALONE or marker == 0xFF:
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(frame[place + 2 : place + 4], "big")
        yield marker, frame[place + 4 : place + 2 + length]
        if marker == 0xDA:
            return
        place += 2 + max(length, 2)


def _jpeg(frame: bytes) -> Codestream:
    """Source: ITU-T T.81 B.2 (frame header), T.87 C.2 (JPEG-LS), T.872 6.5.3 (Adobe's marker)."""
    facts: tuple[int, int, int, int, int] | None = None
    ids, colour, near = b"", "", 0
    for marker, body in _segments(frame):
        if marker in _FRAME_MARKERS:
            precision, rows, columns, n = struct.unpack(">BHHB", body[:6])
            facts, ids = (marker, precision, rows, columns, n), body[6 : 6 + 3 * n : 3]
        elif marker == 0xEE and body[:5] == _ADOBE and len(body) >= 12:
            colour = YBR if body[11] == 1 else RGB
        elif marker == 0xE0 and body[:4] == b"JFIF" and not colour:
            colour = YBR
        elif marker == 0xDA and body:
            near = body[1 + 2 * body[0]] if len(body) > 1 + 2 * body[0] else 0
    if facts is None:
        raise ValueError("no frame header before the first scan")
    marker, precision, rows, columns, n = facts
    if marker in (0xC3, 0xF7):
        colour = ""  # lossless coding transforms no colours; the DICOM header alone says what they are
    elif ids == b"RGB":
        colour = RGB
    is_lossy = marker in _LOSSY_FRAMES or (marker == 0xF7 and near > 0)
    return Codestream(rows, columns, n, precision, False, is_lossy, colour, _is_complete(frame))


def _jpeg_2000(frame: bytes, start: int) -> Codestream:
    """Source: ITU-T T.800 A.5.1 (SIZ), A.6.1 (COD). The decoder undoes the component transform: RGB."""
    body = frame[start + 6 :]
    _, x1, y1, x0, y0 = struct.unpack(">HIIII", body[:18])
    (n,) = struct.unpack(">H", body[34:36])
    depth = body[36]
    coding = _segment_after(frame, start + 2, 0x52)
    is_transformed = len(coding) > 4 and coding[4] == 1
    is_lossy = len(coding) > 9 and coding[9] == 0
    colour = RGB if n == 3 and is_transformed else ""
    return Codestream(
        y1 - y0, x1 - x0, n, (depth & 0x7F) + 1, bool(depth & 0x80), is_lossy, colour, _is_complete(frame)
    )


def _segment_after(frame: bytes, place: int, wanted: int) -> bytes:
    """Content of the first main-header segment with a marker; empty when there is none."""
    while place + 4 <= len(frame) and frame[place] == 0xFF and frame[place + 1] != 0x90:
        length = int.from_bytes(frame[place + 2 : place + 4], "big")
        if frame[place + 1] == wanted:
            return frame[place + 4 : place + 2 + length]
        place += 2 + max(length, 2)
    return b""

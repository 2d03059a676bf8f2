"""Opening a DICOM file for its pixels: header, place and number of frames, lengths; no pixel is read yet."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_file_meta_info, read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from core.errors import PlannerError
from imaging.dicom.headers import PIXEL_TAG, quiet_parser
from imaging.dicom.values import text_of
from imaging.find.files import DICOM_MAGIC_OFFSET, begins_as_data_set
from imaging.pixels.codecs import NATIVE, check_decodable
from imaging.pixels.fragments import Span, frames_of, read_fragments
from imaging.pixels.layout import DOUBLE, FLOAT, INTEGER, PixelLayout, frame_count, pixel_layout, unreadable
from imaging.pixels.source import PixelSource, file_stamp
from imaging.pixels.stored import may_be_subsampled, native_bits

SMALL_BYTES = 1 << 22
"""A file of one picture is read in one go; a run or a volume is not."""
DEFER_BYTES = 1 << 24
"""Larger values before the pixels, such as a maker's private volume, are left in the file."""
MAX_INFLATED_BYTES = 1 << 30
PRIVATE_PIXEL_GROUP = 0x7FE1
"""Where GE and Kretz ultrasound keep their raw beams and volumes."""
EXPORT_STANDARD = "export it as a DICOM loop, or as an Enhanced US Volume"
_LAYOUT_TAGS = [
    Tag(name)
    for name in (
        "Rows",
        "Columns",
        "NumberOfFrames",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "PlanarConfiguration",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "Manufacturer",
        "ExtendedOffsetTable",
    )
]
_ELEMENTS = {0x0008: FLOAT, 0x0009: DOUBLE, 0x0010: INTEGER}
_LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"UN", b"OL", b"OV")
_UNDEFINED = 0xFFFFFFFF
_META_HEAD_BYTES = 12
_LAST_META_BYTES = 1 << 12


def open_pixels(path: Path, only: Sequence[BaseTag | int] | None = None) -> PixelSource:
    """Read a file's header and find its frames.

    Args:
        only: what a caller that is after one picture, at once, wants of the header besides the layout of the
            pixels. It is faster, and a small file stays in memory. None: the whole header and nothing else.

    Raises PlannerError when the file is damaged or gone, holds no pixels, contradicts itself, or holds fewer
    pixels or frames than it says.
    """
    try:
        stamp = file_stamp(path)
        with quiet_parser(), path.open("rb") as file:
            is_small = stamp[0] <= SMALL_BYTES
            head = file.read(SMALL_BYTES if is_small else _LAST_META_BYTES)
            inflated = _inflated(path, head[:_LAST_META_BYTES])
            if inflated is not None:
                return _opened_inflated(path, inflated, stamp)
            file.seek(0)
            # Parsing takes many small steps, which are faster in memory than in a file.
            stream: BinaryIO = BytesIO(head) if is_small else file
            force = begins_as_data_set(head)
            tags = None if only is None else [*only, *_LAYOUT_TAGS]
            header: Dataset = read_partial(stream, _is_pixels, DEFER_BYTES, force, tags)
            kept = head if is_small and only is not None else None
            return _located(path, stream, header, _syntax(header), stamp, kept)
    except PlannerError:
        raise
    except Exception as error:
        # Broken files raise anything in a parser; the user needs one sentence.
        raise unreadable("its file is damaged or gone") from error


def _opened_inflated(path: Path, inflated: bytes, stamp: tuple[int, int]) -> PixelSource:
    stream = BytesIO(inflated)
    header = read_dataset(stream, False, True, stop_when=_is_pixels)
    header.set_original_encoding(False, True)
    return _located(path, stream, header, DeflatedExplicitVRLittleEndian, stamp, inflated)


def _is_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) >= PIXEL_TAG  # pydicom's own comparison of tags takes a third of the parsing


def _inflated(path: Path, head: bytes) -> bytes | None:
    """The data set of a deflated file, however large it claims to be at most a gigabyte; None for others."""
    if DeflatedExplicitVRLittleEndian.encode() not in head:
        return None
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return None
    start = DICOM_MAGIC_OFFSET + 4 + _META_HEAD_BYTES + int(meta.FileMetaInformationGroupLength)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(path.read_bytes()[start:], MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise unreadable("it swells to more than a gigabyte", "export the study uncompressed")
    if not inflater.eof:
        raise unreadable("its deflated data is cut short")
    return data


def _syntax(header: Dataset) -> UID:
    meta = header.file_meta
    if "TransferSyntaxUID" not in meta:
        # A bare data set names no syntax; it is one of those that need no name to be read.
        is_implicit, is_little = header.original_encoding
        explicit = ExplicitVRLittleEndian if is_little else ExplicitVRBigEndian
        meta.TransferSyntaxUID = ImplicitVRLittleEndian if is_implicit else explicit
    return UID(meta.TransferSyntaxUID)


def _located(
    path: Path,
    stream: BinaryIO,
    header: Dataset,
    syntax: UID,
    stamp: tuple[int, int],
    kept: bytes | None,
) -> PixelSource:
    size = stamp[0] if kept is None else len(kept)
    is_big = syntax == ExplicitVRBigEndian
    element, vr, length = _element(stream, header, is_big)
    layout = pixel_layout(header, element, syntax, is_big)
    n_frames = frame_count(header)
    is_subsampled = False
    if syntax in NATIVE:
        if length == _UNDEFINED:
            raise unreadable("it claims to be uncompressed and is not")
        is_subsampled = _is_subsampled(layout, n_frames, length)
        length = min(length, size - stream.tell())
        frames = _native_frames(layout, n_frames, stream.tell(), length, is_subsampled)
    else:
        if length != _UNDEFINED:
            check_decodable(syntax)
            raise unreadable("it claims to be compressed and is not")
        frames = frames_of(stream, read_fragments(stream, size), _extended_offsets(header), n_frames)
    is_swapped = is_big and vr == b"OW" and layout.bits_allocated == 8
    return PixelSource(path, header, layout, frames, is_subsampled, is_swapped, stamp, kept)


def _element(stream: BinaryIO, header: Dataset, is_big: bool) -> tuple[str, bytes, int]:
    """Kind, value representation and length of the pixel element; the stream stands at its value after."""
    order = ">" if is_big else "<"
    head = stream.read(8)
    group, element = struct.unpack(f"{order}HH", head[:4]) if len(head) == 8 else (0, 0)
    if group == PRIVATE_PIXEL_GROUP:
        maker = text_of(header, "Manufacturer") or "its maker"
        raise unreadable(f"its pictures are in a private format of {maker}", EXPORT_STANDARD)
    if group != PIXEL_TAG >> 16 or element not in _ELEMENTS:
        raise unreadable("it holds no pixels, no whole-number pixels nor others", "choose another series")
    vr = head[4:6]
    # The bytes decide, not the syntax that the file names: no even length looks like the letters of a type.
    if vr not in _LONG_VRS:
        return _ELEMENTS[element], b"", struct.unpack(f"{order}I", head[4:])[0]
    return _ELEMENTS[element], vr, struct.unpack(f"{order}I", stream.read(4))[0]


def _is_subsampled(layout: PixelLayout, n_frames: int, length: int) -> bool:
    """Whether shared chroma is really shared: some devices say so of pictures that they store in full."""
    return may_be_subsampled(layout) and length < n_frames * native_bits(layout, False) // 8


def _native_frames(
    layout: PixelLayout, n_frames: int, start: int, length: int, is_subsampled: bool
) -> tuple[tuple[Span, ...], ...]:
    bits = native_bits(layout, is_subsampled)
    needed = (n_frames * bits + 7) // 8
    if length < needed:
        raise unreadable(f"{needed - length} of {needed} bytes of its pixels are absent")
    return tuple(
        ((start + index * bits // 8, ((index + 1) * bits + 7) // 8 - index * bits // 8),)
        for index in range(n_frames)
    )


def _extended_offsets(header: Dataset) -> tuple[int, ...]:
    table = header.get("ExtendedOffsetTable")
    return struct.unpack(f"<{len(table) // 8}Q", table) if isinstance(table, bytes) else ()

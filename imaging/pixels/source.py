"""A DICOM file whose header was read and whose frames are fetched one at a time, so that memory stays small."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset

from imaging.pixels.codecs import NATIVE, decode_frame
from imaging.pixels.codestream import Codestream
from imaging.pixels.fragments import Span
from imaging.pixels.layout import PixelLayout, unreadable
from imaging.pixels.stored import native_bits, native_values, stored_values


@dataclass(frozen=True, eq=False)
class PixelSource:
    """One file's header and the places of its frames. Made by `imaging.pixels.opening.open_pixels`.

    Attributes:
        header: all elements before the pixels.
        frames: for each frame the pieces (offset, length) that hold it.
        is_subsampled: two neighbours of an uncompressed colour picture share their chroma.
        is_swapped: bytes come in big-endian pairs although a value is one byte.
        stamp: size and time of the file when it was opened.
        kept: the bytes that `frames` point into, of a small file, or of a deflated one once it is inflated; None
            where they stay in the file.
    """

    path: Path
    header: Dataset
    layout: PixelLayout
    frames: tuple[tuple[Span, ...], ...]
    is_subsampled: bool
    is_swapped: bool
    stamp: tuple[int, int]
    kept: bytes | None = None

    @property
    def n_frames(self) -> int:
        """How many frames the file holds."""
        return len(self.frames)

    def stored(self, index: int) -> np.ndarray:
        """Stored values (rows, columns) or (rows, columns, 3) of a frame, colours as they are stored.

        Raises PlannerError when the frame is damaged, has no decoder, or the file changed.
        """
        return self.stored_and_coding(index)[0]

    def stored_and_coding(self, index: int) -> tuple[np.ndarray, Codestream | None]:
        """As `stored`, with the facts of the frame's codestream; None where it has none."""
        values, codestream = self._values(index)
        return stored_values(values, self.layout, codestream), codestream

    def _values(self, index: int) -> tuple[np.ndarray, Codestream | None]:
        layout = self.layout
        data = self._read(self.frames[index])
        if layout.syntax not in NATIVE:
            return decode_frame(data, layout)
        first_bit = index * native_bits(layout, False) % 8 if layout.bits_allocated == 1 else 0
        return native_values(data, layout, self.is_subsampled, first_bit), None

    def _read(self, spans: tuple[Span, ...]) -> bytes:
        if self.kept is not None:
            stream = BytesIO(self.kept)
            return b"".join(self._piece(stream, span) for span in spans)
        try:
            with self.path.open("rb") as file:
                if file_stamp(self.path) != self.stamp:
                    raise unreadable("its file changed since it was opened", "scan the folder again")
                return b"".join(self._piece(file, span) for span in spans)
        except OSError as error:
            raise unreadable("its file is damaged or gone") from error

    def _piece(self, stream: BinaryIO, span: Span) -> bytes:
        offset, length = span
        before = (offset - self.frames[0][0][0]) % 2 if self.is_swapped else 0
        stream.seek(offset - before)
        if not self.is_swapped:
            return stream.read(length)
        words = np.frombuffer(stream.read((length + before + 1) // 2 * 2), "u2").byteswap()
        return words.tobytes()[before : before + length]


def file_stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time in nanoseconds by which a change of a file is noticed."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns

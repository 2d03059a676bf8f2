"""What a header says of how its pixels are stored, checked before a single pixel is read."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

from core.errors import PlannerError

COPY_AGAIN = "copy the study again from its source"
EXPORT_AGAIN = "export the study uncompressed or with a lossless compression"
MAX_FRAME_BYTES = 1 << 29
"""No single picture of a hospital comes near half a gigabyte; a header that claims one is out for memory."""
INTEGER, FLOAT, DOUBLE = "integer", "float", "double"
_FLOAT_BITS = {FLOAT: 32, DOUBLE: 64}


@dataclass(frozen=True)
class PixelLayout:
    """How one frame is stored.

    Attributes:
        element: which element holds the pixels: "integer", "float" or "double".
        samples: 1, or 3 for colour; is_planar: colour comes as three planes, not pixel by pixel.
        bits_allocated, bits_stored, high_bit, is_signed: as in DICOM PS3.3 C.7.6.3.
        syntax: the transfer syntax; is_big_endian: of native pixels.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    is_planar: bool
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    element: str
    syntax: UID
    is_big_endian: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns), or (rows, columns, 3) for colour."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def n_values(self) -> int:
        """Numbers in one decoded frame."""
        return self.rows * self.columns * self.samples

    @property
    def value_range(self) -> tuple[int, int]:
        """Lowest and highest whole number that can be stored."""
        if self.is_signed:
            return -(1 << (self.bits_stored - 1)), (1 << (self.bits_stored - 1)) - 1
        return 0, (1 << self.bits_stored) - 1


def pixel_layout(header: Dataset, element: str, syntax: UID, is_big_endian: bool) -> PixelLayout:
    """The layout that a header describes. Raises PlannerError when it contradicts itself."""
    rows, columns = _count(header, "Rows"), _count(header, "Columns")
    samples = _count(header, "SamplesPerPixel", 1)
    allocated = _FLOAT_BITS.get(element) or _count(header, "BitsAllocated")
    stored = allocated if element != INTEGER else _count(header, "BitsStored", allocated)
    high_bit = int(header.get("HighBit") or 0) if "HighBit" in header and element == INTEGER else stored - 1
    if min(rows, columns) < 1 or samples not in (1, 3):
        raise _contradiction(f"{rows} rows, {columns} columns and {samples} values a pixel")
    if allocated not in (1, 8, 16, 32, 64) or not 1 <= stored <= allocated:
        raise _contradiction(f"{stored} of {allocated} bits a value")
    if not stored - 1 <= high_bit < allocated:
        raise _contradiction(f"bit {high_bit} is its highest of {stored} in {allocated}")
    if rows * columns * samples * max(allocated // 8, 1) > MAX_FRAME_BYTES:
        raise _contradiction(f"a single picture of {rows} x {columns} pixels")
    return PixelLayout(
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=str(header.get("PhotometricInterpretation") or "").strip(),
        is_planar=samples > 1 and bool(int(header.get("PlanarConfiguration") or 0)),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        is_signed=bool(int(header.get("PixelRepresentation") or 0)),
        element=element,
        syntax=syntax,
        is_big_endian=is_big_endian,
    )


def frame_count(header: Dataset) -> int:
    """NumberOfFrames, 1 when absent. Raises PlannerError when it is no count."""
    return _count(header, "NumberOfFrames", 1) or 1


def unreadable(why: str, fix: str = COPY_AGAIN) -> PlannerError:
    """The refusal of a file whose pixels cannot be had."""
    return PlannerError("cannot read an image", why, fix)


def _contradiction(claim: str) -> PlannerError:
    return unreadable(f"its header makes no sense ({claim})")


def _count(header: Dataset, name: str, default: int = 0) -> int:
    value = header.get(name)
    try:
        count = default if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        count = -1
    if count < 0:
        raise _contradiction(f"{name} is no count")
    return count

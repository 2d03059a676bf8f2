"""Bytes or decoded numbers to the stored values the header means: byte order, unused bits, sign."""

from __future__ import annotations

import numpy as np

from imaging.pixels.codestream import Codestream
from imaging.pixels.layout import INTEGER, PixelLayout, unreadable

_CHROMA_HALVED = ("YBR_FULL_422", "YBR_PARTIAL_422")


def native_bits(layout: PixelLayout, is_subsampled: bool) -> int:
    """Bits of one uncompressed frame. Two pixels with halved chroma take four values, not six."""
    n_values = layout.rows * layout.columns * 2 if is_subsampled else layout.n_values
    return n_values * layout.bits_allocated


def may_be_subsampled(layout: PixelLayout) -> bool:
    """True when the header says that two neighbours share their chroma (DICOM PS3.3 C.7.6.3.1.2)."""
    return layout.samples == 3 and layout.photometric in _CHROMA_HALVED and layout.columns % 2 == 0


def native_values(data: bytes, layout: PixelLayout, is_subsampled: bool, first_bit: int = 0) -> np.ndarray:
    """One uncompressed frame in the layout's shape, as unsigned numbers or floats, unused bits still in it.

    Args:
        first_bit: where the frame begins in the first byte, for pictures of one bit a pixel.
    """
    if layout.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[first_bit : first_bit + layout.n_values].reshape(layout.shape)
    kind = "u" if layout.element == INTEGER else "f"
    order = ">" if layout.is_big_endian else "<"
    values = np.frombuffer(data, f"{order}{kind}{layout.bits_allocated // 8}")
    if is_subsampled:
        return _with_chroma_shared(values, layout)
    if layout.is_planar:
        return np.moveaxis(values.reshape(layout.samples, layout.rows, layout.columns), 0, -1)
    return values.reshape(layout.shape)


def _with_chroma_shared(values: np.ndarray, layout: PixelLayout) -> np.ndarray:
    pairs = values.reshape(layout.rows, layout.columns // 2, 4)
    full = np.empty((layout.rows, layout.columns // 2, 2, 3), values.dtype)
    full[..., 0] = pairs[..., :2]
    full[..., 1] = pairs[..., 2:3]
    full[..., 2] = pairs[..., 3:4]
    return full.reshape(layout.shape)


def stored_values(values: np.ndarray, layout: PixelLayout, codestream: Codestream | None) -> np.ndarray:
    """Whole numbers with the sign that the header says and nothing of the bits beyond those stored.

    Overlays and rubbish in the unused bits go. A lossy picture that overshoots the stored range is held
    back instead of wrapped. Floats stay what they are. Raises PlannerError for whole numbers of 64 bits.
    """
    if layout.element != INTEGER:
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    if values.dtype.itemsize > 4:
        raise unreadable("its whole numbers have 64 bits", "choose another series")
    bits = layout.bits_stored
    if codestream is None:
        shift = layout.high_bit + 1 - bits
    else:
        shift, bits = 0, min(bits, codestream.precision)
    unsigned = values.astype(f"=u{values.dtype.itemsize}", copy=False)
    if codestream is not None and codestream.is_lossy and codestream.precision > bits and not layout.is_signed:
        return np.minimum(unsigned, np.array((1 << bits) - 1, unsigned.dtype))
    return _signed(unsigned >> shift if shift else unsigned, bits, layout.is_signed)


def _signed(values: np.ndarray, bits: int, is_signed: bool) -> np.ndarray:
    """The lowest `bits` of unsigned numbers, read as two's complement where `is_signed`."""
    size = values.dtype.itemsize
    unused = 8 * size - bits
    if not is_signed:
        return values & values.dtype.type((1 << bits) - 1) if unused else values
    if not unused:
        return values.view(f"i{size}")
    return (values << unused).view(f"i{size}") >> unused

"""Colour as RGB, whatever a file stores: luminance and chroma, a palette, or RGB itself."""

from __future__ import annotations

import numpy as np
from pydicom.pixels import apply_color_lut

from imaging.dicom.headers import quiet_parser
from imaging.pixels.codestream import RGB, YBR
from imaging.pixels.layout import unreadable
from imaging.pixels.source import PixelSource

PALETTE = "PALETTE COLOR"
_RGB = {"RGB", "YBR_RCT", "YBR_ICT"}
"""JPEG 2000 names its own transforms, which its decoder undoes."""
_YBR = {"YBR_FULL", "YBR_FULL_422"}
_RED_OF_CR, _GREEN_OF_CB, _GREEN_OF_CR, _BLUE_OF_CB = 1.402, -0.344136, -0.714136, 1.772


def is_colour(source: PixelSource) -> bool:
    """True when a frame is a colour picture."""
    return source.layout.samples == 3 or source.layout.photometric == PALETTE


def rgb_frame(source: PixelSource, index: int) -> np.ndarray:
    """One frame as uint8 (rows, columns, 3) RGB.

    Where the codestream itself says what its colours are, it is believed before the header. Raises
    PlannerError for a colour model that Auricle does not know, a palette that is absent, or damage.
    """
    stored, coding = source.stored_and_coding(index)
    if source.layout.photometric == PALETTE:
        return _looked_up(stored, source)
    picture = _eight_bits(stored, source)
    model = (coding.colour if coding else "") or _model(source.layout.photometric)
    return rgb_of_ybr(picture) if model == YBR else picture


def _model(photometric: str) -> str:
    if photometric in _RGB:
        return RGB
    if photometric in _YBR:
        return YBR
    raise unreadable(f"its colours are {photometric or 'unnamed'}", "export the pictures as RGB")


def rgb_of_ybr(picture: np.ndarray) -> np.ndarray:
    """Full-range luminance and chroma, uint8 (rows, columns, 3), as RGB.

    Source: DICOM PS3.3 C.7.6.3.1.2 (ITU-R BT.601).
    """
    luminance = picture[..., 0].astype(np.float32)
    blue, red = (picture[..., channel].astype(np.float32) - 128.0 for channel in (1, 2))
    planes = (
        luminance + _RED_OF_CR * red,
        luminance + _GREEN_OF_CB * blue + _GREEN_OF_CR * red,
        luminance + _BLUE_OF_CB * blue,
    )
    return np.rint(np.clip(np.stack(planes, axis=-1), 0.0, 255.0)).astype(np.uint8)


def _eight_bits(stored: np.ndarray, source: PixelSource) -> np.ndarray:
    if stored.dtype.kind != "u":
        raise unreadable("its colours are signed numbers", "export the pictures as RGB")
    return (stored >> max(source.layout.bits_stored - 8, 0)).astype(np.uint8)


def _looked_up(stored: np.ndarray, source: PixelSource) -> np.ndarray:
    try:
        with quiet_parser():
            picture = apply_color_lut(stored, source.header)[..., :3]
    except Exception as error:
        # A palette is data from the file; whatever a broken one raises, the reason is the same.
        raise unreadable("its palette is damaged or absent", "export the pictures as RGB") from error
    # Some devices declare 16 bits and fill eight of them: shifting those would show a black picture.
    return (picture >> 8 if picture.max(initial=0) > 255 else picture).astype(np.uint8)

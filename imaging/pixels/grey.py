"""Stored grey values as numbers in which more is brighter, and the window the file asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from imaging.dicom.values import first_number, number_of
from imaging.formats.grid import compact
from imaging.pixels.layout import INTEGER, PixelLayout

INVERTED = "MONOCHROME1"
_SMALL = 1 << 14
"""Sixteen bits times this plus this stay within 32 bits, which are twice as fast as 64."""


@dataclass(frozen=True)
class GreyScale:
    """How stored values become shown ones.

    Attributes:
        slope, intercept: of the rescale; 1 and 0 where there is none.
        turned_at: for MONOCHROME1 the sum of the lowest and the highest value, in which values are mirrored.
        window: values shown black and white, after all this; None when the file does not say.
    """

    slope: float = 1.0
    intercept: float = 0.0
    turned_at: float | None = None
    window: tuple[float, float] | None = None

    def shown(self, stored: np.ndarray) -> np.ndarray:
        """Stored values of any shape in a small number type, more is brighter."""
        if (self.slope, self.intercept, self.turned_at) == (1.0, 0.0, None):
            return compact(stored)
        if stored.dtype.kind != "f" and self.slope.is_integer() and self.intercept.is_integer():
            is_small = stored.dtype.itemsize <= 2 and max(abs(self.slope), abs(self.intercept)) < _SMALL
            whole = stored.astype(np.int32 if is_small else np.int64) * int(self.slope) + int(self.intercept)
            return compact(whole if self.turned_at is None else int(self.turned_at) - whole)
        values = stored.astype(np.float64) * self.slope + self.intercept
        return (values if self.turned_at is None else self.turned_at - values).astype(np.float32)


def grey_scale(header: Dataset, layout: PixelLayout) -> GreyScale:
    """The grey scale that a header describes."""
    slope, intercept = number_of(header, "RescaleSlope"), number_of(header, "RescaleIntercept")
    a, b = (slope, intercept) if slope and intercept is not None else (1.0, 0.0)
    turned_at = turning_point(layout, a, b) if layout.photometric == INVERTED else None
    return GreyScale(a, b, turned_at, _window(header, turned_at))


def turning_point(layout: PixelLayout, slope: float, intercept: float) -> float:
    """The sum of the lowest and highest rescaled value: what minus a value is that value the other way up."""
    return slope * sum(layout.value_range) + 2.0 * intercept if layout.element == INTEGER else 0.0


def _window(header: Dataset, turned_at: float | None) -> tuple[float, float] | None:
    """Source: DICOM PS3.3 C.11.2.1.2.1 (linear window)."""
    centre, width = (first_number(header, name) for name in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or width < 1.0:
        return None
    low, high = centre - 0.5 - (width - 1.0) / 2.0, centre - 0.5 + (width - 1.0) / 2.0
    if turned_at is not None:
        low, high = turned_at - high, turned_at - low
    return (low, high) if high > low else None

"""Where the pixels of a picture lie in the view that shows it, zoomed and shifted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.clips import Pixel


@dataclass(frozen=True)
class PictureFraming:
    """How a view frames a picture: magnification over "fits the view", and a shift in view pixels."""

    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)

    def zoomed(self, factor: float) -> PictureFraming:
        """The same framing, magnified about the middle of the view."""
        zoom = float(np.clip(self.zoom * factor, 0.2, 40.0))
        by = zoom / self.zoom
        return PictureFraming(zoom, (self.pan[0] * by, self.pan[1] * by))

    def panned(self, right: float, down: float) -> PictureFraming:
        """The same framing with the picture dragged to the right and down."""
        return replace(self, pan=(self.pan[0] + right, self.pan[1] + down))


@dataclass(frozen=True)
class PicturePlace:
    """The rectangle of a view that a whole picture covers: its corner and how large one pixel is."""

    left: float
    top: float
    scale: float

    def to_pixel(self, x: float, y: float) -> Pixel:
        """The picture's (column, row) at a place of the view, pixel centres at integers."""
        return (x - self.left) / self.scale - 0.5, (y - self.top) / self.scale - 0.5

    def to_view(self, pixel: Pixel) -> tuple[float, float]:
        """The place in the view of a picture's (column, row)."""
        return self.left + (pixel[0] + 0.5) * self.scale, self.top + (pixel[1] + 0.5) * self.scale


def place_of(columns: int, rows: int, size: tuple[int, int], framing: PictureFraming) -> PicturePlace:
    """Where a picture lies in a view of (width, height); whole and in the middle when nothing is zoomed."""
    width, height = size
    scale = max(min(width / columns, height / rows) * framing.zoom, 1e-6)
    left = (width - columns * scale) / 2.0 + framing.pan[0]
    top = (height - rows * scale) / 2.0 + framing.pan[1]
    return PicturePlace(left, top, scale)

"""What the picture along a vessel shows, worked out from the state without Qt; the view only paints it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.slice_outlines import Outline
from app.state import State
from app.viewing.curve import MOST_BESIDE_MM, CurvedView
from render.window import window as grey_of


@dataclass(frozen=True, eq=False)
class CurvedFrame:
    """Where a picture lies along a vessel: its size (width, height) in pixels and a pixel's side in mm.

    Columns run along the line from its beginning, rows beside it; the line is in the middle row.
    """

    curve: CurvedView
    size_px: tuple[int, int]
    spacing_mm: float

    @property
    def along_mm(self) -> np.ndarray:
        """Length (width,) along the line of each column, those beyond its ends left out."""
        n = min(self.size_px[0], int(self.curve.length_mm / self.spacing_mm) + 1)
        return np.arange(n) * self.spacing_mm

    @property
    def n_rows(self) -> int:
        """Rows with an image: not so far from the line that a bend would show the same place twice."""
        return min(self.size_px[1], 2 * int(MOST_BESIDE_MM / self.spacing_mm) + 1)

    @property
    def first_row(self) -> float:
        """The row of the view, perhaps between two, at which the image begins."""
        return (self.size_px[1] - self.n_rows) / 2.0

    def to_px(self, along_mm: float, beside_mm: float) -> tuple[float, float]:
        """Pixel (column, row) of a place."""
        return along_mm / self.spacing_mm, self.first_row + (
            self.n_rows - 1
        ) / 2.0 + beside_mm / self.spacing_mm

    def to_place(self, column: float, row: float) -> tuple[float, float]:
        """Length along the line and distance beside it of a pixel, in mm; kept inside of the picture."""
        beside = (row - self.first_row - (self.n_rows - 1) / 2.0) * self.spacing_mm
        along = min(max(column * self.spacing_mm, 0.0), self.curve.length_mm)
        return along, min(max(beside, -MOST_BESIDE_MM), MOST_BESIDE_MM)


def curved_frame(curve: CurvedView, size_px: tuple[int, int]) -> CurvedFrame:
    """The picture of a whole vessel in a view of this size."""
    return CurvedFrame(curve, size_px, max(curve.length_mm / max(size_px[0] - 1, 1), 0.05))


def curved_grey(state: State, frame: CurvedFrame) -> np.ndarray | None:
    """The image as grey uint8 (rows, columns); None when there is none."""
    from render.curved_slice import straightened

    if state.volume is None or state.window is None:
        return None
    places, _, across = frame.curve.sampled(frame.along_mm)
    values = straightened(state.volume, places, across, frame.n_rows, frame.spacing_mm)
    return grey_of(values, state.window.level, state.window.width)


def curved_outlines(state: State, frame: CurvedFrame) -> tuple[Outline, ...]:
    """Where the visible structures meet the picture, by their labels; none where there are only surfaces."""
    from render.curved_slice import straightened_contours

    labels = state.anatomy.labels if state.anatomy is not None else None
    if labels is None:
        return ()
    places, _, across = frame.curve.sampled(frame.along_mm)
    found = []
    for value, key in labels.names.items():
        look = state.view.structure(key)
        if look.is_visible:
            lines = straightened_contours(labels, value, places, across, frame.n_rows, frame.spacing_mm)
            shifted = tuple(line + (0.0, frame.first_row) for line in lines)
            found.append(Outline(look.colour, shifted))
    return tuple(found)

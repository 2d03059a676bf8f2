"""Pictures that lie in no patient space: an X-ray run, an ultrasound loop, a screen capture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import Finding


@dataclass(frozen=True)
class CalibratedRegion:
    """A rectangle of a picture in which a pixel has a known size.

    Attributes:
        left, top, right, bottom: pixels, all inside the region.
        row_mm, column_mm: height and width of one pixel; None where the axes are not both lengths.
        kind: what the region shows, e.g. "tissue", "colour flow", "spectral Doppler".
        is_on_top: where two regions overlap, the pixels belong to the one on top.
    """

    left: int
    top: int
    right: int
    bottom: int
    row_mm: float | None
    column_mm: float | None
    kind: str = "tissue"
    is_on_top: bool = True


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames of one size, fetched one at a time so that a long run needs no more memory than a picture.

    Attributes:
        n_frames, rows, columns: its size.
        is_colour: a frame is uint8 (rows, columns, 3) RGB; otherwise a number array (rows, columns).
        frame_times_s: time (n_frames,) of each frame from the first; empty when unknown.
        regions: for each frame the rectangles with a known pixel size; no region, no millimetres.
        modality: DICOM modality.
        read_frame: index to pixels. Raises PlannerError when the frame cannot be decoded.
        window: grey values (shown black, shown white) that the file asks for; None when it does not.
        findings: what the user should know, such as that nothing in it has a size.
    """

    n_frames: int
    rows: int
    columns: int
    is_colour: bool
    modality: str
    read_frame: Callable[[int], np.ndarray]
    frame_times_s: tuple[float, ...] = ()
    regions: tuple[tuple[CalibratedRegion, ...], ...] = ()
    window: tuple[float, float] | None = None
    findings: tuple[Finding, ...] = ()

    def frame(self, index: int) -> np.ndarray:
        """Pixels of frame `index`, from 0. Raises IndexError beyond the run, PlannerError for damage."""
        if not 0 <= index < self.n_frames:
            raise IndexError(index)
        return self.read_frame(index)

    def region_at(self, index: int, column: float, row: float) -> CalibratedRegion | None:
        """The topmost, then smallest region of frame `index` around a pixel; None where there is none."""
        around = [
            region
            for region in (self.regions[index] if index < len(self.regions) else ())
            if region.left - 0.5 <= column <= region.right + 0.5
            and region.top - 0.5 <= row <= region.bottom + 0.5
        ]
        return min(
            around,
            key=lambda r: (not r.is_on_top, (r.right - r.left) * (r.bottom - r.top)),
            default=None,
        )

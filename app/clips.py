"""A picture without a place in the patient, as it is shown: its frame, its window, and rulers over it.

A ruler measures on the picture only. It has millimetres where both ends lie in one calibrated region; anywhere
else it says pixels, because a length guessed from the detector or from a neighbour is wrong with confidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app.windowing import Window
from core.clip import Clip
from core.progress import Progress
from core.study import Series
from core.xray import XRayView
from render.window import window as grey_of

Pixel = tuple[float, float]
SAMPLED_PIXELS = 200_000
NOT_CALIBRATED = "not calibrated"
PROJECTIONS = ("XA", "RF", "DX", "CR")


@dataclass(frozen=True)
class Ruler:
    """A length on one frame, between two pixels (column, row), centres at integers."""

    frame: int
    start: Pixel
    end: Pixel


@dataclass(frozen=True, eq=False)
class OpenClip:
    """A clip as it is shown.

    Attributes:
        series: where it came from.
        views: of X-ray: how each frame was taken.
        index, pixels: the frame that is shown.
        window: grey values; None for colour.
        is_measuring, start: the ruler is in hand, and its first end when that is placed.
        rulers: lengths that were measured on this clip.
    """

    series: Series
    clip: Clip
    index: int
    pixels: np.ndarray
    views: tuple[XRayView, ...] = ()
    window: Window | None = None
    is_measuring: bool = False
    start: Pixel | None = None
    rulers: tuple[Ruler, ...] = ()

    @property
    def key(self) -> str:
        """Tells this clip from every other one."""
        return f"frames of {self.series.series_uid}"

    def at(self, index: int, pixels: np.ndarray) -> OpenClip:
        """The same clip at another frame; a ruler that was begun on this one is dropped."""
        return replace(self, index=index, pixels=pixels, start=None)

    def with_point(self, at: Pixel) -> OpenClip:
        """The same clip with one more end of a ruler placed. Points outside the picture count as its rim."""
        column, row = at
        point = (
            min(max(column, -0.5), self.clip.columns - 0.5),
            min(max(row, -0.5), self.clip.rows - 0.5),
        )
        if self.start is None:
            return replace(self, start=point)
        return replace(self, start=None, rulers=(*self.rulers, Ruler(self.index, self.start, point)))


def opened(series: Series, clip: Clip, views: tuple[XRayView, ...] = ()) -> OpenClip:
    """A clip at its first frame, with the window it asks for. Raises PlannerError for damage."""
    pixels = clip.frame(0)
    window = None if clip.is_colour else _first_window(clip, pixels)
    return OpenClip(series, clip, 0, pixels, views, window)


def about(clip: OpenClip) -> tuple[str, ...]:
    """How the frame was taken, and what a length on it means; one line each."""
    view = clip.views[clip.index] if clip.index < len(clip.views) else None
    taken = _taken(view) if view is not None else ""
    return (*((taken,) if taken else ()), _about_lengths(clip.clip))


def _taken(view: XRayView) -> str:
    plane = f"plane {view.plane}" if view.plane else ""
    sid = f"SID {view.source_detector_mm:.0f} mm" if view.source_detector_mm is not None else ""
    return "  ·  ".join(part for part in (plane, view.title, sid) if part)


def _about_lengths(clip: Clip) -> str:
    has_size = any(
        region.row_mm is not None and region.column_mm is not None
        for regions in clip.regions
        for region in regions
    )
    if clip.modality in PROJECTIONS:
        depth = "Millimetres at the depth of the calibration only."
        return depth if has_size else "Sizes at the detector, not calibrated: lengths in pixels."
    if has_size:
        return "Millimetres inside the calibrated regions only; elsewhere pixels."
    return "Not calibrated: lengths in pixels."


def fitted(pixels: np.ndarray) -> Window:
    """The window that shows nearly all values of a grey frame."""
    sample = pixels.reshape(-1)[:: max(pixels.size // SAMPLED_PIXELS, 1)].astype(np.float64)
    low, high = np.percentile(sample, (0.5, 99.5))
    return Window(float(low + high) / 2.0, max(float(high - low), 1.0))


def _first_window(clip: Clip, pixels: np.ndarray) -> Window:
    if clip.window is None or not clip.window[1] > clip.window[0]:
        return fitted(pixels)
    black, white = clip.window
    return Window((black + white) / 2.0, white - black)


def picture(clip: OpenClip) -> np.ndarray:
    """The frame as uint8, grey (rows, columns) or RGB (rows, columns, 3)."""
    if clip.window is None:
        return clip.pixels
    return grey_of(clip.pixels, clip.window.level, clip.window.width)


def length_text(clip: Clip, ruler: Ruler) -> str:
    """How long a ruler is: millimetres inside one calibrated region, else pixels that say that they are no more."""
    across, down = ruler.end[0] - ruler.start[0], ruler.end[1] - ruler.start[1]
    region = clip.region_at(ruler.frame, *ruler.start)
    is_inside = region is not None and region == clip.region_at(ruler.frame, *ruler.end)
    if is_inside and region is not None and region.row_mm is not None and region.column_mm is not None:
        return f"{np.hypot(across * region.column_mm, down * region.row_mm):.1f} mm"
    return f"{np.hypot(across, down):.0f} px, {NOT_CALIBRATED}"


def work_of(series: Series) -> Callable[[Progress], OpenClip]:
    """The work that opens the clip of a series, for a job."""

    def work(progress: Progress) -> OpenClip:
        from imaging.guard.clips import open_run

        return opened(series, *open_run(series, 0, progress))

    return work

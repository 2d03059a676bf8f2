"""X-ray runs, ultrasound loops and screen captures as clips: pictures one after another, in no patient space."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, groupby
from math import inf
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from core.clip import CalibratedRegion, Clip
from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.study import Series
from core.xray import XRayView
from imaging.dicom.values import number_of, numbers_of, text_of
from imaging.pictures.ultrasound import private_volume, ultrasound_regions
from imaging.pictures.xray import PROJECTIONS, xray_regions, xray_views
from imaging.pixels.colour import is_colour, rgb_frame
from imaging.pixels.grey import GreyScale, grey_scale
from imaging.pixels.opening import EXPORT_STANDARD, open_pixels
from imaging.pixels.source import PixelSource

NO_SIZE = Finding(
    "uncalibrated_pixels",
    "nothing in these pictures has a size in millimetres",
    "the file gives no calibration at the depth of what is shown",
    "measure in pixels, or calibrate with an object of known size",
)


@dataclass(frozen=True, eq=False)
class Run:
    """Frames that belong together: those of one file, or single pictures of one kind that follow each other."""

    sources: tuple[PixelSource, ...]

    @property
    def n_frames(self) -> int:
        """Frames in all."""
        return sum(source.n_frames for source in self.sources)

    def place(self, index: int) -> tuple[PixelSource, int]:
        """The file and the frame in it of frame `index`."""
        if len(self.sources) == 1:
            return self.sources[0], index
        return self.sources[index], 0


def open_clip(series: Series, number: int = 0, progress: Progress | None = None) -> Clip:
    """One run of a series as a clip; its frames are decoded when they are asked for.

    Args:
        number: which run, from 0, when a series holds several (see `clip_runs`).

    Raises PlannerError when there is no such run or its files are damaged; Cancelled when told to stop.
    """
    runs = clip_runs(series, progress)
    if not 0 <= number < len(runs):
        raise PlannerError(
            "cannot open the clip", f"the series has {len(runs)} runs", "choose another run"
        )  # fmt: skip
    return clip_of(runs[number])


def clip_runs(series: Series, progress: Progress | None = None) -> tuple[Run, ...]:
    """The runs of a series in the order they were taken: each multi-frame file is one, and so are single
    pictures of one size that follow each other.

    Headers are read, no pixels. Raises PlannerError when a file is damaged; Cancelled when told to stop.
    """
    progress = progress or Silent()
    paths = list(dict.fromkeys(chain.from_iterable(series.phases)))
    sources = []
    for done, path in enumerate(paths):
        progress.report("Reading headers", done / len(paths))
        sources.append(open_pixels(path))
    progress.report("Reading headers", 1.0)
    sources.sort(key=_taken)
    return tuple(
        run for key, group in groupby(sources, key=_kind) for run in _runs(tuple(group), key is not None)
    )


def clip_of(run: Run) -> Clip:
    """A run as a clip. Raises PlannerError for a maker's private 3-D format, whose frames are no pictures."""
    first = run.sources[0]
    private = private_volume(first.header)
    if private:
        why = f"it is in a private format ({private})"
        raise PlannerError("cannot open the ultrasound volume", why, EXPORT_STANDARD)
    layout = first.layout
    scales = [grey_scale(source.header, source.layout) for source in run.sources]
    modality = text_of(first.header, "Modality") or "OT"
    regions = tuple(
        region for source in run.sources for region in (_regions(source, modality),) * source.n_frames
    )
    has_size = any(region.row_mm is not None for frame in regions for region in frame)
    return Clip(
        n_frames=run.n_frames,
        rows=layout.rows,
        columns=layout.columns,
        is_colour=is_colour(first),
        modality=modality,
        read_frame=lambda index: read_frame(run, index),
        frame_times_s=frame_times_s(first.header, first.n_frames) if len(run.sources) == 1 else (),
        regions=regions,
        window=None if is_colour(first) else scales[0].window,
        findings=() if has_size else (NO_SIZE,),
    )


def views_of(run: Run) -> tuple[XRayView, ...]:
    """The X-ray geometry of each frame of a run."""
    return tuple(view for source in run.sources for view in xray_views(source.header, source.n_frames))


def read_frame(run: Run, index: int) -> np.ndarray:
    """Frame `index` of a run: RGB uint8 (rows, columns, 3), or grey values in which more is brighter."""
    source, frame = run.place(index)
    if is_colour(source):
        return rgb_frame(source, frame)
    return _scale(source).shown(source.stored(frame))


def frame_times_s(header: Dataset, n_frames: int) -> tuple[float, ...]:
    """Seconds (n_frames,) of each frame from the first; empty when the header does not say.

    Source: DICOM PS3.3 C.7.6.5 (cine); a display rate is no time of acquisition.
    """
    steps_ms = numbers_of(header, "FrameTimeVector", n_frames)
    if steps_ms is not None and min(steps_ms) >= 0.0:
        times = np.cumsum(steps_ms) - steps_ms[0]
        return tuple(float(t) / 1000.0 for t in times)
    step_ms = number_of(header, "FrameTime")
    if step_ms is None or step_ms <= 0.0:
        return ()
    return tuple(index * step_ms / 1000.0 for index in range(n_frames))


def _scale(source: PixelSource) -> GreyScale:
    return grey_scale(source.header, source.layout)


def _regions(source: PixelSource, modality: str) -> tuple[CalibratedRegion, ...]:
    rows, columns = source.layout.rows, source.layout.columns
    if modality in PROJECTIONS:
        return xray_regions(source.header, rows, columns)
    return ultrasound_regions(source.header, rows, columns)


def _taken(source: PixelSource) -> tuple[float, str, Path]:
    instance = number_of(source.header, "InstanceNumber")
    return inf if instance is None else instance, text_of(source.header, "ContentTime"), source.path


def _kind(source: PixelSource) -> tuple[int, int, bool] | None:
    """What single pictures must share to be shown one after another; None for a file that is a run itself."""
    if source.n_frames > 1:
        return None
    return source.layout.rows, source.layout.columns, is_colour(source)


def _runs(sources: tuple[PixelSource, ...], are_single: bool) -> list[Run]:
    return [Run(sources)] if are_single else [Run((source,)) for source in sources]

"""A small grey picture of a series for the study browser."""

from __future__ import annotations

import numpy as np

from core.errors import PlannerError
from core.study import Series, SeriesKind
from imaging.find.files import FileKind, file_kind
from imaging.guard.clips import open_run
from imaging.guard.doors import decode_planes, read_planes
from imaging.slices.load import load_series

CT_WINDOW_HU = (-160.0, 340.0)
CLIP_KINDS = (SeriesKind.PROJECTION, SeriesKind.CLIP, SeriesKind.CAPTURE)
PICTURE_KINDS = (SeriesKind.STACK, SeriesKind.LOCALISER, *CLIP_KINDS)
_LUMINANCE = (0.299, 0.587, 0.114)
"""Of red, green and blue. Source: ITU-R BT.601."""


def thumbnail(series: Series, size: int = 96) -> np.ndarray:
    """The middle slice of the first phase, or the middle frame of the first run, as uint8 (size, size).

    Windowed and letterboxed to its true shape, colours as their brightness. Raises PlannerError when it
    cannot be read, or the series is of a kind that has no picture; geometry beyond the pixel spacing is not
    needed.
    """
    if series.kind not in PICTURE_KINDS:
        raise PlannerError("no picture to show", f"the series is a {series.kind.value}", "open it")
    if series.kind in CLIP_KINDS:
        values, (low, high) = _middle_frame(series)
        spacing = (1.0, 1.0)
    else:
        values, spacing = _middle_slice(series)
        low, high = CT_WINDOW_HU if series.modality == "CT" else _percentiles(values)
    grey = np.clip((values.astype(np.float32) - low) / max(high - low, 1e-6), 0.0, 1.0) * 255.0
    return _letterboxed(grey, spacing, size)


def _middle_frame(series: Series) -> tuple[np.ndarray, tuple[float, float]]:
    """Brightness (rows, columns) and the values shown black and white."""
    clip, _ = open_run(series)
    frame = clip.frame(clip.n_frames // 2)
    if clip.is_colour:
        return frame @ np.array(_LUMINANCE), (0.0, 255.0)
    return frame, clip.window or _percentiles(frame)


def _middle_slice(series: Series) -> tuple[np.ndarray, tuple[float, float]]:
    files = series.phases[0]
    path = files[len(files) // 2]
    if file_kind(path) is not FileKind.DICOM:
        volume = load_series(series)
        return volume.voxels[volume.shape[0] // 2], (float(volume.spacing_mm[1]), float(volume.spacing_mm[2]))
    planes = read_planes(path)
    if not planes:
        raise PlannerError("cannot read an image", "its file changed since the scan", "scan the folder again")
    plane = planes[len(planes) // 2]
    (values,) = decode_planes([plane])
    return values, plane.pixel_spacing_mm or (1.0, 1.0)


def _percentiles(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values, (1.0, 99.0))
    return float(low), float(high)


def _letterboxed(grey: np.ndarray, spacing: tuple[float, float], size: int) -> np.ndarray:
    """Scale to fit a square, averaging over the pixels that fall together, on black."""
    extent = np.array(grey.shape) * np.array(spacing)
    rows, columns = np.maximum(np.rint(extent / extent.max() * size).astype(int), 1)
    small = _averaged(_averaged(grey, rows).T, columns).T
    picture = np.zeros((size, size), dtype=np.uint8)
    top, left = (size - rows) // 2, (size - columns) // 2
    picture[top : top + rows, left : left + columns] = np.rint(small).astype(np.uint8)
    return picture


def _averaged(values: np.ndarray, n: int) -> np.ndarray:
    """Resample the first axis to `n` by exact area averages: differences of the interpolated running sum."""
    running = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    edges = np.linspace(0.0, len(values), n + 1)
    below = np.minimum(edges.astype(int), len(values) - 1)
    weight = (edges - below)[:, None]
    at_edges = running[below] * (1.0 - weight) + running[below + 1] * weight
    return np.diff(at_edges, axis=0) / (len(values) / n)

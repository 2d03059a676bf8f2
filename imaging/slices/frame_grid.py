"""The regular grid that the frames of a multi-frame object lie on, empty ones left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from core.errors import PlannerError
from imaging.slices.order import (
    PLACE_TOLERANCE_MM,
    SAME_PLACE_MM,
    SIDE_TOLERANCE_MM,
    is_orientation,
    stack_axes,
)

MOST_VOXELS = 2_000_000_000
SAME_COSINE = 1e-4
_FIX = "resample it to a regular grid in the program that made it"


@dataclass(frozen=True, eq=False)
class FrameGrid:
    """Shape (slices, rows, columns), the affine (4, 4) to LPS mm, and the slice that each frame fills."""

    shape: tuple[int, int, int]
    patient_from_index: np.ndarray
    slice_of_frame: tuple[int, ...]


def grid_of_frames(frames: Sequence[Dataset], shape: tuple[int, int], what: str) -> FrameGrid:
    """Fit a grid to frames of one orientation, whole steps apart.

    Args:
        frames: for each frame its position, orientation and pixel measures in one flat dataset.
        shape: (rows, columns) of every frame.
        what: the beginning of a refusal.

    Raises PlannerError when a frame does not say where it lies, or the frames form no regular grid.

    Source: DICOM PS3.3 C.7.6.16.2.1, C.7.6.16.2.3, C.7.6.16.2.4.
    """
    positions = np.array([_numbers(frame, "ImagePositionPatient", 3, what) for frame in frames])
    orientations = np.array([_numbers(frame, "ImageOrientationPatient", 6, what) for frame in frames])
    spacings = np.array([_numbers(frame, "PixelSpacing", 2, what) for frame in frames])
    if not is_orientation(orientations[0]) or spacings.min() <= 0:
        raise PlannerError(what, "its frames do not say where they lie", "export it again")
    if np.abs(orientations - orientations[0]).max() > SAME_COSINE or np.ptp(spacings, axis=0).max() > 1e-5:
        raise PlannerError(what, "its frames are not parallel or differ in pixel spacing", _FIX)
    axes = stack_axes(orientations[0])
    along = positions @ axes[:, 0]
    step = _step(np.unique(along), frames[0], what)
    index = np.rint((along - along.min()) / step).astype(int)
    origin, step = _fitted(positions, index, axes[:, 0], step, what)
    n_slices = int(index.max()) + 1
    if n_slices * shape[0] * shape[1] > MOST_VOXELS:
        raise PlannerError(what, "its frames lie too far apart for one grid", _FIX)
    matrix = np.eye(4)
    matrix[:3, :3] = axes * (step, *spacings[0])
    matrix[:3, 3] = origin
    return FrameGrid((n_slices, *shape), matrix, tuple(int(i) for i in index))


def _step(along: np.ndarray, frame: Dataset, what: str) -> float:
    """Distance between slices: the stated one where it fits all frames, else the smallest gap."""
    gaps = np.diff(along)
    gaps = gaps[gaps > SAME_PLACE_MM]
    stated = [float(frame.get(name) or 0.0) for name in ("SpacingBetweenSlices", "SliceThickness")]
    candidates = [abs(value) for value in stated if abs(value) > SAME_PLACE_MM]
    if not len(gaps):
        if not candidates:
            raise PlannerError(what, "it does not say how thick its only slice is", "export it again")
        return candidates[0]
    # A thickness is no distance: slices may overlap. It only helps where there is a single one.
    for step in [*candidates[: bool(stated[0])], float(gaps.min())]:
        if np.abs(gaps - np.rint(gaps / step) * step).max() < min(PLACE_TOLERANCE_MM, 0.1 * step):
            return step
    raise PlannerError(what, "its slices are unevenly spaced", _FIX)


def _fitted(
    positions: np.ndarray, index: np.ndarray, normal: np.ndarray, step: float, what: str
) -> tuple[np.ndarray, float]:
    """Origin (3,) and step by least squares, which rounded positions pull less than the smallest gap."""
    if index.max() == 0:
        origin, vector = positions.mean(axis=0), normal * step
    else:
        design = np.stack([np.ones(len(index)), index], axis=1)
        origin, vector = np.linalg.lstsq(design, positions, rcond=None)[0]
    residual = positions - origin - index[:, None] * vector
    side = vector - (vector @ normal) * normal
    if np.abs(residual @ normal).max() > PLACE_TOLERANCE_MM:
        raise PlannerError(what, "its slices are unevenly spaced", _FIX)
    across = np.linalg.norm(residual - np.outer(residual @ normal, normal), axis=1).max()
    if max(across, float(np.linalg.norm(side)) * index.max()) > SIDE_TOLERANCE_MM:
        raise PlannerError(what, "its slices are sheared or shifted sideways", _FIX)
    return origin, float(vector @ normal)


def _numbers(frame: Dataset, name: str, count: int, what: str) -> np.ndarray:
    try:
        values = np.array([float(str(value)) for value in frame.get(name) or ()])
    except ValueError:
        values = np.zeros(0)
    if len(values) != count or not np.isfinite(values).all():
        raise PlannerError(what, f"a frame does not say its {name}", "export it again")
    return values

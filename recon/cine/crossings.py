"""Where two slices cross they show the same line of the heart: how well their pictures agree there, for every shift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from recon.cine.planes import CinePlane

if TYPE_CHECKING:
    import torch

STEP_MM = 2.0
FEWEST_POINTS = 12
# Slices less than 30 degrees apart share a band, not a line.
MOST_PARALLEL = np.cos(np.radians(30.0))


def crossing(a: CinePlane, b: CinePlane, middle_mm: np.ndarray, reach_mm: float) -> np.ndarray:
    """Points (k, 3) in LPS mm on the line in which two slices cross, within a ball; none where they do not.

    Shifts within the slices leave this line where it is.
    """
    along = np.cross(a.normal, b.normal)
    if abs(float(a.normal @ b.normal)) > MOST_PARALLEL:
        return np.zeros((0, 3))
    along /= np.linalg.norm(along)
    matrix = np.stack([a.normal, b.normal, along])
    at = np.array(
        [a.normal @ a.patient_from_index[:3, 3], b.normal @ b.patient_from_index[:3, 3], along @ middle_mm]
    )
    foot = np.linalg.solve(matrix, at)
    half = reach_mm**2 - float(np.sum((foot - middle_mm) ** 2))
    if half <= 0.0:
        return np.zeros((0, 3))
    reach = np.sqrt(half)
    points = foot + np.arange(-reach, reach + 1e-6, STEP_MM)[:, None] * along
    return points[_inside(a, points) & _inside(b, points)]


def agreement(
    frames: torch.Tensor,
    plane: CinePlane,
    shifts_mm: np.ndarray,
    others: Sequence[tuple[np.ndarray, torch.Tensor]],
) -> torch.Tensor:
    """Mean correlation (s,) of a slice, moved by each of `shifts_mm` (s, 3), with the slices that cross it.

    Args:
        frames: the slice's pictures (phases, rows, columns).
        others: for each crossing slice the points (k, 3) of the line and its own values there (phases, k).
    """
    import torch

    total = torch.zeros(len(shifts_mm), device=frames.device)
    weight = 0.0
    for points, values in others:
        own = sampled(frames, plane, points[None] - shifts_mm[:, None])
        total += len(points) * _correlation(own, values[:, None])
        weight += len(points)
    return total / max(weight, 1.0)


def sampled(frames: torch.Tensor, plane: CinePlane, points_mm: np.ndarray) -> torch.Tensor:
    """Values (phases, ...) of a slice's pictures at LPS points (..., 3) that lie in it; edges repeated."""
    import torch
    import torch.nn.functional as functional

    index_from_patient = np.linalg.inv(plane.patient_from_index)
    index = points_mm @ index_from_patient[:3, :3].T + index_from_patient[:3, 3]
    size = np.array(frames.shape[1:], dtype=np.float64)
    where = (index[..., [2, 1]] / (size[::-1] - 1.0) * 2.0 - 1.0).reshape(1, 1, -1, 2)
    grid = torch.as_tensor(where, dtype=torch.float32, device=frames.device)
    values = functional.grid_sample(frames[None], grid, padding_mode="border", align_corners=True)
    return values[0, :, 0].reshape(len(frames), *points_mm.shape[:-1])


def _correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Pearson's over phases and points together, (s,), of values (phases, s, k) and (phases, 1, k)."""
    a = a - a.mean(dim=(0, 2), keepdim=True)
    b = b - b.mean(dim=(0, 2), keepdim=True)
    norm = a.square().sum(dim=(0, 2)).sqrt() * b.square().sum(dim=(0, 2)).sqrt()
    return (a * b).sum(dim=(0, 2)) / norm.clamp_min(1e-6)


def _inside(plane: CinePlane, points: np.ndarray) -> np.ndarray:
    index_from_patient = np.linalg.inv(plane.patient_from_index)
    index = points @ index_from_patient[:3, :3].T + index_from_patient[:3, 3]
    size = np.array(plane.frames.shape[1:])
    return np.asarray(((index[:, 1:] >= 0) & (index[:, 1:] <= size - 1)).all(axis=1))

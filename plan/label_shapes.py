"""Which voxels a brush, a ball or a drawn line covers; voxels are met by their centres."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core.volume import LabelMap
from plan.label_layers import Layer

_MOST_PAIRS = 2_000_000


def disc_voxels(layer: Layer, path_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Flat indices of the layer's voxels within a radius of a line (k, 3) in its plane.

    A brush smaller than a voxel takes the voxels that the line's points lie in.
    """
    columns = layer.columns_around(path_mm, radius_mm)
    near = _distance_mm(layer.places_mm(columns), path_mm) <= radius_mm
    under = np.rint(layer.columns_of(path_mm)).astype(np.int64)
    return layer.voxels(np.concatenate([columns[near], under]))


def ball_voxels(grid: LabelMap, path_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Flat indices of the voxels of a grid within a radius of a line (k, 3), LPS mm, in all directions."""
    index = grid.indices_from_patient(path_mm)
    margin = np.linalg.norm(grid.index_from_patient[:3, :3], axis=1) * radius_mm
    low = np.maximum(np.floor(index.min(axis=0) - margin), 0).astype(np.int64)
    high = np.minimum(np.ceil(index.max(axis=0) + margin), np.array(grid.shape) - 1).astype(np.int64)
    if (high < low).any():
        return np.empty(0, dtype=np.int64)
    around = np.stack(
        [part.ravel() for part in np.meshgrid(*map(np.arange, low, high + 1), indexing="ij")], axis=1
    )
    near = _distance_mm(grid.patient_from_indices(around), path_mm) <= radius_mm
    under = np.rint(index).astype(np.int64)
    under = under[((under >= 0) & (under < grid.shape)).all(axis=1)]
    return np.ravel_multi_index(tuple(np.concatenate([around[near], under]).T), grid.shape)


def is_inside(points: np.ndarray, polygons: Sequence[np.ndarray]) -> np.ndarray:
    """Whether flat points (n, 2) lie inside an odd number of closed polygons, each (k, 2).

    Source: the even-odd rule, by the sides that a ray along the second axis crosses.
    """
    start = np.concatenate([np.asarray(polygon) for polygon in polygons])
    end = np.concatenate([np.roll(polygon, -1, axis=0) for polygon in polygons])
    if not len(points):
        return np.zeros(0, dtype=bool)
    first_point, last_point = points.min(axis=0), points.max(axis=0)
    beside, behind = np.minimum(start, end), np.maximum(start, end)
    # A side along the rays crosses none; one that lies beside all points or behind their rays' starts neither.
    is_met = (beside[:, 0] != behind[:, 0]) & (behind[:, 0] >= first_point[0])
    is_met &= (beside[:, 0] <= last_point[0]) & (behind[:, 1] >= first_point[1])
    start, end = start[is_met], end[is_met]
    slope = (end[:, 1] - start[:, 1]) / (end[:, 0] - start[:, 0])
    low, high = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    inside = np.zeros(len(points), dtype=bool)
    n_each = max(1, _MOST_PAIRS // max(len(start), 1))
    for first in range(0, len(points), n_each):
        x, y = points[first : first + n_each, :1], points[first : first + n_each, 1:]
        # Half-open, so that a corner that two sides share is crossed once.
        crossed = (x >= low) & (x < high) & (y < start[:, 1] + (x - start[:, 0]) * slope)
        inside[first : first + n_each] = crossed.sum(axis=1) % 2 == 1
    return inside


def _distance_mm(points_mm: np.ndarray, path_mm: np.ndarray) -> np.ndarray:
    """Distance (n,) of points (n, 3) from a line through points (k, 3)."""
    path_mm = np.atleast_2d(path_mm)
    nearest = np.linalg.norm(points_mm - path_mm[0], axis=1)
    for start, end in pairwise(path_mm):
        along = end - start
        squared = float(along @ along)
        if squared > 0.0:
            share = np.clip((points_mm - start) @ along / squared, 0.0, 1.0)
            away = np.linalg.norm(points_mm - start - share[:, None] * along, axis=1)
            nearest = np.minimum(nearest, away)
    return nearest

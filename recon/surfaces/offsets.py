"""A wall moved outward by millimetres: distances from voxel to voxel are too short where a wall is slanted."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_BAND_STEPS = 2.0
"""How far from the moved wall, in grid steps, samples are measured anew: the corners of every cell it passes."""

_BETWEEN_STEPS = 0.9
"""How far beside a point of the wall, in grid steps, the wall goes on as a plane: to the next point."""


def offset(distance_mm: np.ndarray, spacing_mm: np.ndarray, by_mm: float) -> np.ndarray:
    """The field of a wall moved outward, 0 where the old wall is `by_mm` away.

    Between slanted rows of voxels the nearest one is nearer than the wall is on average, so that a field of such
    distances puts a shell of 2 mm 0.2 mm too far out. Here distances are to the points where the wall crosses grid
    edges, and along the normals there.

    Args:
        distance_mm: float32 (n0, n1, n2), about the distance from the wall, positive inside, 0 on it.
        spacing_mm: (3,) along the axes.

    Returns:
        float32 (n0, n1, n2), positive within the moved wall; exact beside it, about right elsewhere.
    """
    moved = distance_mm + np.float32(by_mm)
    points_mm, normals = _wall_points(distance_mm, spacing_mm)
    near = (np.abs(moved) < _BAND_STEPS * spacing_mm.max()) & (distance_mm < 0)
    if len(points_mm) and near.any():
        away_mm = _away_mm(np.argwhere(near) * spacing_mm, points_mm, normals, spacing_mm.max())
        moved[near] = by_mm - away_mm
    return moved


def _wall_points(field: np.ndarray, spacing_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the field is 0 on grid edges, mm (k, 3), and unit normals (k, 3) outward."""
    points, normals = [], []
    for axis in range(3):
        ahead = [slice(None)] * 3
        behind = list(ahead)
        ahead[axis], behind[axis] = slice(None, -1), slice(1, None)
        first, second = field[tuple(ahead)], field[tuple(behind)]
        place = np.argwhere((first >= 0) != (second >= 0))
        start, end = first[tuple(place.T)], second[tuple(place.T)]
        where = place.astype(np.float64)
        where[:, axis] += start / (start - end)
        points.append(where * spacing_mm)
        normals.append(_normals(field, np.rint(where).astype(np.intp), spacing_mm))
    return np.concatenate(points), np.concatenate(normals)


def _normals(field: np.ndarray, index: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Unit vectors (k, 3) down the field at voxels (k, 3)."""
    down = np.empty(index.shape)
    for axis in range(3):
        low, high = index.copy(), index.copy()
        low[:, axis] = np.maximum(low[:, axis] - 1, 0)
        high[:, axis] = np.minimum(high[:, axis] + 1, field.shape[axis] - 1)
        way_mm = (high - low)[:, axis] * spacing_mm[axis]
        down[:, axis] = (field[tuple(low.T)] - field[tuple(high.T)]) / np.maximum(way_mm, 1e-9)
    return down / np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-9)


def _away_mm(places_mm: np.ndarray, points_mm: np.ndarray, normals: np.ndarray, step_mm: float) -> np.ndarray:
    """Distances (n,) of places outside from the wall through points with normals."""
    away_mm, nearest = cKDTree(points_mm).query(places_mm)
    along = np.einsum("ij,ij->i", places_mm - points_mm[nearest], normals[nearest])
    across = np.sqrt(np.maximum(away_mm**2 - along**2, 0.0))
    result: np.ndarray = np.hypot(along, np.maximum(across - _BETWEEN_STEPS * step_mm, 0.0))
    return result

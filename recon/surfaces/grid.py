"""The grid a surface is made on: cropped to the structure, with equal steps, dark on its border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline


@dataclass(frozen=True, eq=False)
class FieldGrid:
    """A field, positive inside, float32 (slices, rows, columns), and where it lies: indices to LPS mm."""

    field: np.ndarray
    patient_from_index: np.ndarray

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return abs(float(np.linalg.det(self.patient_from_index[:3, :3]))) / 1000.0


def cropped(grid: FieldGrid, wanted: np.ndarray, margin: int) -> FieldGrid:
    """The part of a grid around the voxels that are `wanted` (boolean, not all False)."""
    box = []
    for axis in range(3):
        present = np.flatnonzero(wanted.any(axis=tuple(a for a in range(3) if a != axis)))
        low = max(int(present[0]) - margin, 0)
        box.append(slice(low, min(int(present[-1]) + margin + 1, wanted.shape[axis])))
    start = np.array([part.start for part in box])
    return FieldGrid(grid.field[tuple(box)], _shifted(grid.patient_from_index, start))


def with_equal_steps(grid: FieldGrid, step_mm: float) -> FieldGrid:
    """Resample to a step as close to `step_mm` as the extent allows, by cubic splines along each axis.

    Splines carry the shape between thick slices; straight lines would leave a facet per slice.
    """
    field = grid.field.astype(np.float32)
    matrix = grid.patient_from_index.copy()
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    for axis in range(3):
        n = field.shape[axis]
        n_new = int(np.ceil((n - 1) * spacing[axis] / step_mm - 1e-6)) + 1
        factor = step_mm / spacing[axis]
        matrix[:3, axis] *= factor
        field = _along(field, axis, _spline(n, np.arange(n_new) * factor))
    return FieldGrid(field, matrix)


def padded(grid: FieldGrid, level: float) -> FieldGrid:
    """Mirror two layers beyond every side, negative, so that the surface closes where the last voxel ends.

    Two, because a spline through one would swing and put the cap elsewhere.
    """
    field = with_dark_border(np.pad(grid.field - np.float32(level), 2, mode="symmetric"), 2)
    return FieldGrid(field + np.float32(level), _shifted(grid.patient_from_index, np.full(3, -2)))


def with_dark_border(field: np.ndarray, n_layers: int = 1) -> np.ndarray:
    """The field with its outermost layers made negative, keeping the magnitude."""
    dark = -np.maximum(np.abs(field), 1e-6)
    inner = (slice(n_layers, -n_layers),) * 3
    dark[inner] = field[inner]
    return dark


def _shifted(matrix: np.ndarray, start: np.ndarray) -> np.ndarray:
    shifted = matrix.copy()
    shifted[:3, 3] += matrix[:3, :3] @ start
    return shifted


def _spline(n: int, places: np.ndarray) -> np.ndarray:
    """The matrix (len(places), n) of spline interpolation; beyond the last sample the last value holds."""
    if n == 1:
        return np.ones((len(places), 1), dtype=np.float32)
    spline = make_interp_spline(np.arange(n), np.eye(n), k=min(3, n - 1))
    return np.asarray(spline(np.clip(places, 0, n - 1)), dtype=np.float32)


def _along(field: np.ndarray, axis: int, matrix: np.ndarray) -> np.ndarray:
    moved = np.moveaxis(field, axis, 0)
    result = matrix @ moved.reshape(len(moved), -1)
    return np.moveaxis(result.reshape(len(matrix), *moved.shape[1:]), 0, axis)

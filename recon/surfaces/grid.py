"""The grid a surface is made on: cropped to the structure, with equal steps, dark on its border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline

_LEAST_WEIGHT = 1e-7
"""Weights of a spline below this are below the precision of the values."""


@dataclass(frozen=True, eq=False)
class FieldGrid:
    """A field, positive inside, float32 (slices, rows, columns), and where it lies: indices to LPS mm."""

    field: np.ndarray
    patient_from_index: np.ndarray

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return abs(float(np.linalg.det(self.patient_from_index[:3, :3]))) / 1000.0


def padded(grid: FieldGrid, level: float) -> FieldGrid:
    """Mirror two layers beyond every side, negative, so that the surface closes where the last voxel ends.

    Two, because a spline through one would swing and put the cap elsewhere.
    """
    field = with_dark_border(np.pad(grid.field - np.float32(level), 2, mode="symmetric"), 2)
    return FieldGrid(field + np.float32(level), shifted(grid.patient_from_index, np.full(3, -2)))


def with_dark_border(field: np.ndarray, n_layers: int = 1) -> np.ndarray:
    """The field with its outermost layers made negative, keeping the magnitude."""
    dark = -np.maximum(np.abs(field), 1e-6)
    inner = (slice(n_layers, -n_layers),) * 3
    dark[inner] = field[inner]
    return dark


def shifted(matrix: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The map (4, 4) from indices that count from voxel `start` (3,) of the old ones."""
    shifted = matrix.copy()
    shifted[:3, 3] += matrix[:3, :3] @ start
    return shifted


def spline(n: int, places: np.ndarray) -> np.ndarray:
    """The matrix (len(places), n) of spline interpolation; beyond the last sample the last value holds."""
    if n == 1:
        return np.ones((len(places), 1), dtype=np.float32)
    curve = make_interp_spline(np.arange(n), np.eye(n), k=min(3, n - 1))
    weights = np.asarray(curve(np.clip(places, 0, n - 1)), dtype=np.float32)
    # Far samples count for nothing, but numbers so small that they are denormal multiply a hundred times slower.
    weights[np.abs(weights) < _LEAST_WEIGHT] = 0.0
    return weights

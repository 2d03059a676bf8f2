"""Where every pixel looks: the lens undone once for a camera, so that dense work needs no lens model."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.interpolate import RectBivariateSpline

from core.projection import CameraModel

# Lenses are smooth: a cubic spline through every eighth pixel is right to a millionth of a pixel.
LATTICE_PX = 8.0
# Where the lens has no answer, far outside of every picture.
NOWHERE = 1e3


@lru_cache(maxsize=4)
def rays_of(camera: CameraModel) -> tuple[np.ndarray, np.ndarray]:
    """Direction x and y at z = 1 of every pixel's middle, two of (height, width) float64."""
    rows = np.linspace(0.0, camera.height - 1.0, int(np.ceil(camera.height / LATTICE_PX)) + 4)
    columns = np.linspace(0.0, camera.width - 1.0, int(np.ceil(camera.width / LATTICE_PX)) + 4)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    lattice = camera.rays(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(*x.shape, 2)
    is_known = np.isfinite(lattice).all(axis=2)
    rays = []
    for axis in (0, 1):
        known = np.where(is_known, lattice[..., axis], NOWHERE)
        spline = RectBivariateSpline(rows, columns, known)
        rays.append(np.ascontiguousarray(spline(np.arange(camera.height), np.arange(camera.width))))
    return rays[0], rays[1]

"""The lens models that compete, and how one takes over from another."""

from __future__ import annotations

from enum import Enum

import numpy as np

from core.lens import FISHEYE, PINHOLE, distort, distort_with_derivative
from core.projection import CameraModel

GRID = 15


class Shape(Enum):
    """A lens model: its family and how many coefficients it has, simplest first."""

    FOUR = (PINHOLE, 4)
    FIVE = (PINHOLE, 5)
    ANGULAR = (FISHEYE, 4)
    RATIONAL = (PINHOLE, 8)

    @property
    def lens(self) -> str:
        """`PINHOLE` or `FISHEYE`."""
        return str(self.value[0])

    @property
    def n_coefficients(self) -> int:
        """How many it has."""
        return int(self.value[1])

    @property
    def title(self) -> str:
        """As it is shown."""
        return _TITLES[self]

    @property
    def loose(self) -> np.ndarray:
        """Expected size of each coefficient (n,): holds those that the pictures leave open."""
        if self is Shape.ANGULAR:
            return np.array([0.5, 0.5, 0.5, 0.5])
        return np.array([2.0, 5.0, 0.05, 0.05, 5.0, 2.0, 2.0, 2.0])[: self.n_coefficients]


_TITLES = {
    Shape.FOUR: "radial and tangential, 4",
    Shape.FIVE: "radial and tangential, 5",
    Shape.ANGULAR: "fisheye, 4",
    Shape.RATIONAL: "rational, 8",
}


def shape_of(camera: CameraModel) -> Shape:
    """The model a camera has; one without coefficients counts as the simplest."""
    if camera.lens == FISHEYE:
        return Shape.ANGULAR
    n = len(camera.distortion)
    return Shape.FOUR if n <= 4 else Shape.FIVE if n == 5 else Shape.RATIONAL


def converted(camera: CameraModel, shape: Shape) -> CameraModel:
    """The same camera in another model, its coefficients fitted to the old one's rays over the picture."""
    if shape is shape_of(camera) and len(camera.distortion) == shape.n_coefficients:
        return camera
    x, y = np.meshgrid(np.linspace(0, camera.width - 1, GRID), np.linspace(0, camera.height - 1, GRID))
    rays = camera.rays(np.stack([x.ravel(), y.ravel()], axis=1))
    rays = rays[np.isfinite(rays).all(axis=1)]
    bent = distort(camera.lens, camera.distortion, rays)
    # Every model is linear in its coefficients but for the rational one's lower half, which starts at nothing.
    n_linear = min(shape.n_coefficients, 5)
    plain, _, by_all = distort_with_derivative(shape.lens, np.zeros(n_linear), rays)
    found = np.linalg.lstsq(by_all.reshape(-1, n_linear), (bent - plain).ravel(), rcond=None)[0]
    coefficients = np.pad(found, (0, shape.n_coefficients - n_linear))
    return CameraModel(camera.width, camera.height, camera.camera_matrix, coefficients, lens=shape.lens)

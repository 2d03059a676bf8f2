"""Every lens model beside OpenCV's own projection, its derivatives beside differences, and its way back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.lens import FISHEYE, PINHOLE, distort, distort_with_derivative
from core.projection import CameraModel

MATRIX = np.array([[620.0, 0.0, 322.0], [0.0, 615.0, 177.0], [0.0, 0.0, 1.0]])
LENSES = {
    "none": (PINHOLE, np.zeros(0)),
    "four": (PINHOLE, np.array([-0.12, 0.05, 0.001, -0.0008])),
    "five": (PINHOLE, np.array([-0.3, 0.12, 0.001, -0.0008, -0.02])),
    "rational": (PINHOLE, np.array([0.4, -0.2, 0.001, -0.0008, 0.01, 0.7, -0.1, 0.02])),
    "fisheye": (FISHEYE, np.array([-0.02, 0.01, -0.005, 0.001])),
}


def _points(n: int = 200) -> np.ndarray:
    random = np.random.default_rng(1)
    depth = random.uniform(200, 900, n)
    return np.stack([random.uniform(-0.6, 0.6, n) * depth, random.uniform(-0.5, 0.5, n) * depth, depth], axis=1)


@pytest.mark.parametrize("name", LENSES)
def test_points_land_where_opencv_puts_them(name: str) -> None:
    lens, coefficients = LENSES[name]
    camera, points = CameraModel(640, 360, MATRIX, coefficients, lens=lens), _points()
    zero = np.zeros((3, 1))
    if lens == FISHEYE:
        pixels, _ = cv2.fisheye.projectPoints(points[:, None], zero, zero, MATRIX, coefficients)
    else:
        pixels, _ = cv2.projectPoints(points, zero, zero, MATRIX, coefficients)
    np.testing.assert_allclose(camera.project(points), pixels.reshape(-1, 2), atol=1e-7)


@pytest.mark.parametrize("name", LENSES)
def test_derivatives_are_what_small_changes_do(name: str) -> None:
    lens, coefficients = LENSES[name]
    camera, points, step = CameraModel(640, 360, MATRIX, coefficients, lens=lens), _points(40), 1e-5
    _, by_point = camera.project_with_derivative(points)
    for axis, unit in enumerate(np.eye(3)):
        change = (camera.project(points + step * unit) - camera.project(points - step * unit)) / (2 * step)
        np.testing.assert_allclose(by_point[:, :, axis], change, atol=1e-5)
    xy = points[:, :2] / points[:, 2:]
    _, _, by_all = distort_with_derivative(lens, coefficients, xy)
    for i, unit in enumerate(np.eye(len(coefficients))):
        change = distort(lens, coefficients + 1e-6 * unit, xy) - distort(lens, coefficients - 1e-6 * unit, xy)
        np.testing.assert_allclose(by_all[:, :, i], change / 2e-6, atol=1e-7)


@pytest.mark.parametrize("name", LENSES)
def test_the_ray_of_a_pixel_leads_back_to_the_point(name: str) -> None:
    lens, coefficients = LENSES[name]
    camera, points = CameraModel(640, 360, MATRIX, coefficients, lens=lens), _points()
    np.testing.assert_allclose(camera.rays(camera.project(points)), points[:, :2] / points[:, 2:], atol=1e-9)


def test_a_wide_fisheye_sees_nearly_half_a_turn_and_back() -> None:
    camera = CameraModel(1000, 1000, np.diag([300.0, 300.0, 1.0]), LENSES["fisheye"][1], lens=FISHEYE)
    angle = np.radians(np.arange(0.0, 81.0, 5.0))
    points = np.stack([np.sin(angle), 0.3 * np.sin(angle), np.cos(angle)], axis=1)
    np.testing.assert_allclose(camera.rays(camera.project(points)), points[:, :2] / points[:, 2:], rtol=1e-6)


def test_a_pixel_that_no_ray_reaches_has_none() -> None:
    camera = CameraModel(640, 360, MATRIX, np.array([-0.3, 0.0, 0.0, 0.0]))
    assert np.isnan(camera.rays(np.array([[2500.0, 177.0]]))).all()


def test_a_lens_of_another_name_or_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no lens is called"):
        CameraModel(640, 360, MATRIX, np.zeros(4), lens="mirror")
    with pytest.raises(ValueError, match="fisheye lens has 4"):
        CameraModel(640, 360, MATRIX, np.zeros(5), lens=FISHEYE)
    with pytest.raises(ValueError, match="pinhole lens has 0 or 4 or 5 or 8"):
        CameraModel(640, 360, MATRIX, np.zeros(6))

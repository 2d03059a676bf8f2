from __future__ import annotations

import numpy as np
import pytest

from ar.opencv import cv2
from core.projection import CameraModel

MATRIX = np.array([[950.0, 0.0, 650.0], [0.0, 940.0, 350.0], [0.0, 0.0, 1.0]])


def _points(n: int = 200) -> np.ndarray:
    random = np.random.default_rng(3)
    return np.column_stack([random.uniform(-300, 300, (n, 2)), random.uniform(400, 1200, n)])


@pytest.mark.parametrize(
    "distortion",
    [[], [-0.2, 0.07, 0.0, 0.0], [-0.2, 0.07, 0.002, -0.001], [-0.25, 0.1, 0.002, -0.003, -0.05]],
)
def test_points_land_where_opencv_puts_them(distortion: list[float]) -> None:
    camera = CameraModel(1280, 720, MATRIX, np.array(distortion))
    points = _points()
    lens = np.array(distortion) if distortion else None
    expected, _ = cv2.projectPoints(points[:, None], np.zeros(3), np.zeros(3), MATRIX, lens)
    np.testing.assert_allclose(camera.project(points), expected.reshape(-1, 2), atol=1e-9)


def test_a_point_behind_the_camera_has_no_pixel() -> None:
    camera = CameraModel(1280, 720, MATRIX, np.zeros(0))
    pixels = camera.project(np.array([[0.0, 0.0, -5.0], [0.0, 0.0, 0.0], [0.0, 0.0, 5.0]]))
    assert np.isnan(pixels[:2]).all()
    np.testing.assert_allclose(pixels[2], (650.0, 350.0))


def test_clip_space_agrees_with_the_projection_by_half_a_pixel_at_the_rim() -> None:
    camera = CameraModel(1280, 720, MATRIX, np.zeros(0))
    points = _points()
    clip = np.column_stack([points, np.ones(len(points))]) @ camera.clip_from_camera(100.0, 2000.0).T
    device = clip[:, :3] / clip[:, 3:]
    # The window's left rim (-1) is pixel -0.5, its top (+1) is pixel -0.5.
    pixels = np.column_stack([(device[:, 0] + 1) / 2 * 1280 - 0.5, (1 - device[:, 1]) / 2 * 720 - 0.5])
    np.testing.assert_allclose(pixels, camera.project(points), atol=1e-9)


def test_near_and_far_planes_end_the_depth_range() -> None:
    clip = CameraModel(1280, 720, MATRIX, np.zeros(0)).clip_from_camera(100.0, 2000.0)
    for depth_mm, expected in ((100.0, -1.0), (2000.0, 1.0)):
        at = clip @ np.array([0.0, 0.0, depth_mm, 1.0])
        assert at[2] / at[3] == pytest.approx(expected)


def test_an_undistorted_camera_keeps_its_matrix_and_loses_its_lens() -> None:
    perfect = CameraModel(1280, 720, MATRIX, np.array([-0.2, 0.07, 0.0, 0.0]), 0.2, 0.1).undistorted()
    assert perfect.distortion.size == 0
    assert perfect.rms_px == 0.2
    np.testing.assert_array_equal(perfect.camera_matrix, MATRIX)


@pytest.mark.parametrize("distortion", [np.zeros(3), np.zeros(7), np.array([np.nan, 0, 0, 0])])
def test_a_lens_the_model_does_not_know_is_refused(distortion: np.ndarray) -> None:
    with pytest.raises(ValueError, match="coefficients"):
        CameraModel(1280, 720, MATRIX, distortion)


def test_a_focal_length_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="focal"):
        CameraModel(1280, 720, np.diag([0.0, 1.0, 1.0]), np.zeros(0))

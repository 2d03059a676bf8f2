from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board
from ar.calibration import Calibration, Shape, calibrate, calibrate_views
from ar.synthetic import Look, look_at_board, render_board_frame
from core.errors import Cancelled, PlannerError
from core.frames import Transform
from core.progress import Reporting
from core.projection import CameraModel


def _pictures(
    board: Board, camera: CameraModel, n: int, tilt_deg: float = 40.0, seed: int = 7
) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    pictures = []
    for i in range(n):
        pose = look_at_board(
            board,
            random.uniform(300, 420),
            random.uniform(0.3, 1.0) * tilt_deg,
            360.0 * i / n,
            random.uniform(0, 360),
        )
        matrix = pose.matrix.copy()
        matrix[:2, 3] += random.uniform(-50, 50, 2)
        moved = Transform(pose.to_frame, pose.from_frame, matrix)
        pictures.append(render_board_frame(board, camera, moved, i, Look(oversampling=2)))
    return pictures


@pytest.fixture(scope="module")
def pictures(charuco: Board, camera: CameraModel) -> list[np.ndarray]:
    return _pictures(charuco, camera, 9)


@pytest.fixture(scope="module")
def result(pictures: list[np.ndarray], charuco: Board) -> Calibration:
    return calibrate_views(pictures, charuco)


def test_the_lens_is_recovered_within_the_error_it_states(result: Calibration, camera: CameraModel) -> None:
    found = result.camera
    assert found.focal_error_percent is not None
    assert found.rms_px is not None
    error_percent = 100.0 * abs(found.camera_matrix[0, 0] / camera.camera_matrix[0, 0] - 1.0)
    assert error_percent < max(3.0 * found.focal_error_percent, 0.02)
    assert found.focal_error_percent < 0.1
    assert found.rms_px < 0.3
    np.testing.assert_allclose(found.camera_matrix[:2, 2], camera.camera_matrix[:2, 2], atol=0.5)


def test_points_land_where_the_true_lens_puts_them_all_over_the_picture(
    result: Calibration, camera: CameraModel
) -> None:
    x, y = np.meshgrid(np.linspace(-180, 180, 7), np.linspace(-100, 100, 5))
    points = np.stack([x.ravel(), y.ravel(), np.full(x.size, 400.0)], axis=1)
    np.testing.assert_allclose(result.camera.project(points), camera.project(points), atol=0.6)
    assert result.used == tuple(range(9))
    assert 0.3 < result.covered <= 1.0


def test_a_plain_grid_of_markers_calibrates_too(grid: Board, camera: CameraModel) -> None:
    found = calibrate(_pictures(grid, camera, 6), grid)
    assert found.camera_matrix[0, 0] == pytest.approx(480.0, rel=0.001)


def test_pictures_without_the_board_are_left_out(
    pictures: list[np.ndarray], charuco: Board, camera: CameraModel
) -> None:
    empty = render_board_frame(charuco, camera, None, 0)
    assert calibrate_views([empty, *pictures[:7], empty], charuco).used == tuple(range(1, 8))


def test_too_few_pictures_are_refused(pictures: list[np.ndarray], charuco: Board) -> None:
    with pytest.raises(PlannerError, match="5 of 5 pictures show enough of the board, 6 are needed"):
        calibrate(pictures[:5], charuco)
    with pytest.raises(PlannerError, match="there are no pictures"):
        calibrate([], charuco)


def test_pictures_of_several_sizes_are_refused(pictures: list[np.ndarray], charuco: Board) -> None:
    with pytest.raises(PlannerError, match=r"320x180, 640x360"):
        calibrate([*pictures, pictures[0][::2, ::2]], charuco)


def test_pictures_from_one_side_only_are_refused(charuco: Board, camera: CameraModel) -> None:
    with pytest.raises(PlannerError, match="cannot calibrate"):
        calibrate(_pictures(charuco, camera, 7, tilt_deg=2.0), charuco)


def test_calibration_stops_when_it_is_cancelled(pictures: list[np.ndarray], charuco: Board) -> None:
    seen: list[str] = []
    with pytest.raises(Cancelled):
        calibrate(pictures, charuco, Reporting(lambda stage, done: seen.append(stage), lambda: len(seen) >= 2))
    assert len(seen) == 2


def test_a_plain_lens_is_given_the_simplest_model_and_its_covariance(result: Calibration) -> None:
    assert result.shape is Shape.FOUR
    assert len(result.camera.distortion) == 4
    assert set(result.held_out_px) == set(Shape)
    assert result.covariance is not None
    sigma = np.sqrt(result.covariance[0, 0]) / result.camera.camera_matrix[0, 0] * 100.0
    assert sigma <= result.camera.focal_error_percent

"""Guided calibration: what is refused, what is asked for, and that following it leads to a sure lens."""

from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board
from ar.calibration.design import (
    WantedView,
    focal_error_percent,
    guess_camera,
    prior_information,
    view_information,
    wanted_view,
)
from ar.calibration.guide import Guide, Verdict
from ar.synthetic import Look, look_at_board, render_board_frame
from core.errors import PlannerError
from core.frames import CAMERA, Transform, rotation_from_vector
from core.projection import CameraModel

SIZE = (640, 360)


def _picture(
    board: Board, camera: CameraModel, matrix: np.ndarray, seed: int = 0, blur_px: float = 0.7
) -> np.ndarray:
    return render_board_frame(
        board, camera, Transform(CAMERA, "reference", matrix), seed, Look(oversampling=2, blur_px=blur_px)
    )


def _follow(guide: Guide, board: Board, camera: CameraModel, n_most: int) -> list[float]:
    """Hold the board about as the guide asks, until it has enough or `n_most` views; the errors it expects (%)."""
    percents, random = [], np.random.default_rng(0)
    while not guide.is_enough and guide.n_views < n_most:
        wanted = guide.consider(np.zeros((*SIZE[::-1], 3), np.uint8)).wanted
        assert wanted is not None
        matrix = wanted.camera_from_body.copy()
        # Nobody holds it exactly as shown.
        matrix[:3, :3] = rotation_from_vector(random.normal(0, 0.08, 3)) @ matrix[:3, :3]
        matrix[:2, 3] += random.normal(0, 8.0, 2)
        advice = guide.consider(_picture(board, camera, matrix, guide.n_views))
        if advice.verdict is not Verdict.GOOD:
            continue
        assert advice.working_error_mm == pytest.approx(advice.focal_error_percent * 7.0)
        percents.append(guide.take().focal_error_percent)
    return percents


def _focal_error_percent(guide: Guide, camera: CameraModel) -> float:
    return abs(guide.finish().camera.camera_matrix[0, 0] / camera.camera_matrix[0, 0] - 1.0) * 100.0


def test_following_the_guide_for_six_views_nears_the_lens(charuco: Board, camera: CameraModel) -> None:
    guide = Guide(charuco, SIZE)
    percents = _follow(guide, charuco, camera, 6)
    assert percents[0] > percents[3] > percents[-1]
    assert _focal_error_percent(guide, camera) < 0.3


@pytest.mark.slow
def test_following_the_guide_makes_the_lens_sure_in_few_views(charuco: Board, camera: CameraModel) -> None:
    guide = Guide(charuco, SIZE)
    percents = _follow(guide, charuco, camera, 30)
    assert guide.n_views <= 20
    assert percents[-1] < 0.06
    assert _focal_error_percent(guide, camera) < 0.12


def test_pictures_that_would_spoil_it_are_not_taken(charuco: Board, camera: CameraModel) -> None:
    guide, matrix = Guide(charuco, SIZE), look_at_board(charuco, 380.0, 30.0, 20.0).matrix
    sharp = _picture(charuco, camera, matrix)
    assert guide.consider(np.full((*SIZE[::-1], 3), 128, np.uint8)).verdict is Verdict.NO_BOARD
    with pytest.raises(ValueError, match="not good"):
        guide.take()
    assert guide.consider(_picture(charuco, camera, matrix, blur_px=2.2)).verdict is Verdict.BLURRED
    guide.consider(np.full((*SIZE[::-1], 3), 128, np.uint8))
    good = guide.consider(sharp)
    assert good.verdict is Verdict.GOOD
    assert good.blur_px == pytest.approx(0.8, abs=0.25)
    guide.take()
    assert guide.consider(sharp).verdict is Verdict.ALREADY
    shaken = matrix.copy()
    shaken[0, 3] += 6.0
    assert guide.consider(_picture(charuco, camera, shaken)).verdict is Verdict.MOVING
    with pytest.raises(PlannerError, match="1 pictures, 6 are needed"):
        guide.finish()
    guide.drop_last()
    assert guide.n_views == 0


def test_a_picture_of_another_size_is_refused(charuco: Board) -> None:
    with pytest.raises(PlannerError, match="those before 640x360"):
        Guide(charuco, SIZE).consider(np.zeros((480, 640, 3), np.uint8))


def _wanted(board: Board, camera: CameraModel, taken: np.ndarray) -> WantedView:
    """What is asked for after one view straight from the front."""
    points = board.bodies[0].corners_mm
    front = view_information(camera, look_at_board(board, 500.0, 0.0, 0.0).matrix, points, 0.1)
    return wanted_view(camera, board, points, prior_information(camera) + front, 0.1, taken)


def test_after_a_flat_view_a_tilted_one_is_asked_for_and_its_words_say_how(charuco: Board) -> None:
    wanted = _wanted(charuco, guess_camera(*SIZE), np.ones((4, 6), int))
    body = charuco.bodies[0]
    low, high = body.corners_mm.min(axis=0), body.corners_mm.max(axis=0)
    middle = (low + high) / 2
    places = [(middle[0], low[1]), (middle[0], high[1]), (low[0], middle[1]), (high[0], middle[1])]
    seen = np.array([wanted.camera_from_body[:3] @ (*place, 0.0, 1.0) for place in places])
    farthest = seen[np.argmax(seen[:, 2])] - seen.mean(axis=0)
    across = "left" if farthest[0] < 0 else "right"
    down = "upper" if farthest[1] < 0 else "lower"
    side = across if abs(farthest[0]) > abs(farthest[1]) else down
    assert wanted.words.startswith(f"{side} edge away")
    assert wanted.outline_px.shape == (4, 2)


def test_empty_parts_of_the_picture_draw_the_board(charuco: Board) -> None:
    taken = np.ones((4, 6), int)
    taken[2:, 4:] = 0
    reached = []
    for counts in (taken, np.ones((4, 6), int)):
        camera = guess_camera(*SIZE)
        wanted = _wanted(charuco, camera, counts)
        corners = charuco.bodies[0].corners_mm
        pixels = camera.project(corners @ wanted.camera_from_body[:3, :3].T + wanted.camera_from_body[:3, 3])
        reached.append(((pixels[:, 0] > SIZE[0] * 4 / 6) & (pixels[:, 1] > SIZE[1] / 2)).mean())
    assert reached[0] > 1.4 * reached[1]
    assert reached[0] > 0.2


def test_a_tilted_view_tells_the_focal_length_and_a_flat_one_does_not(charuco: Board) -> None:
    camera, points = guess_camera(*SIZE), charuco.bodies[0].corners_mm
    found = {}
    for tilt in (0.0, 40.0):
        information = prior_information(camera)
        for roll in (0.0, 90.0):
            matrix = look_at_board(charuco, 500.0, tilt, 0.0, roll).matrix
            information = information + view_information(camera, matrix, points, 0.1)
        found[tilt] = focal_error_percent(camera, information)
    assert found[40.0] < 0.3 * found[0.0]

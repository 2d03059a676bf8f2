from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ar.board import Board, grid_board
from ar.board.faces import faces_of
from ar.board.kinds import make_board
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import PoseState
from ar.rays import rays_of
from ar.synthetic import Look, look_at_board, render_board_frame, render_bodies
from ar.tracking import Tracker
from ar.tracking.detection import Detector
from ar.tracking.geometry import moved
from ar.tracking.pattern import Pattern
from ar.tracking.photometric import Dense, refine_on_pixels
from core.frames import Transform, rigid
from core.lens import FISHEYE
from core.projection import CameraModel

START = np.array([2e-4, -2e-4, 3e-4, 0.08, -0.06, 0.3])


def _dense(
    board: Board, camera: CameraModel, truth: Transform, look: Look, start: np.ndarray = START
) -> Dense | None:
    grey = cv2.cvtColor(render_board_frame(board, camera, truth, 3, look), cv2.COLOR_RGB2GRAY)
    x, y = rays_of(camera)
    rays = x.astype(np.float32), y.astype(np.float32)
    faces = faces_of(board, board.bodies[0])
    return refine_on_pixels(grey, faces, camera, rays, moved(truth.matrix, start), (0.7, None))


def _apart_mm(board: Board, a: np.ndarray, b: np.ndarray) -> float:
    target = np.append(board.bodies[0].centre_mm + (150.0, 0.0, 60.0), 1.0)
    return float(np.linalg.norm((a - b)[:3] @ target))


def test_one_dense_step_leads_from_some_tenths_of_a_pixel_to_the_truth(
    camera: CameraModel, grid: Board
) -> None:
    truth = look_at_board(grid, 420.0, 32.0, 40.0)
    found = _dense(grid, camera, truth, Look())
    assert found is not None
    assert found.fits
    assert _apart_mm(grid, moved(truth.matrix, START), truth.matrix) > 0.3
    assert _apart_mm(grid, found.matrix, truth.matrix) < 0.08
    # The scatter that is left is the camera's noise, the contrast that of the print.
    assert found.noise == pytest.approx(5.0, rel=0.25)
    assert found.contrast == pytest.approx(180.0, rel=0.1)


@pytest.mark.parametrize(
    "look",
    [
        Look(gamma=2.2),
        Look(jpeg_quality=80),
        Look(shade=0.5),
        Look(covers=((250.0, 170.0, 60.0, 45.0, 20.0),)),
        Look(glare=((360.0, 150.0, 40.0),)),
    ],
    ids=["gamma", "jpeg", "shade", "covered", "glare"],
)
def test_light_glare_and_covers_move_the_pose_by_little(look: Look, camera: CameraModel, grid: Board) -> None:
    truth = look_at_board(grid, 420.0, 32.0, 40.0)
    found = _dense(grid, camera, truth, look)
    assert found is not None
    assert _apart_mm(grid, found.matrix, truth.matrix) < 0.2


def test_a_print_unlike_the_description_is_not_trusted_pixel_by_pixel(camera: CameraModel, grid: Board) -> None:
    truth = look_at_board(grid, 420.0, 32.0, 40.0)
    # A sheet that was bent or glued badly looks like another lens.
    bent = replace(camera, distortion=camera.distortion + [0.6, 0.0, 0.0, 0.0, 0.0])
    grey = cv2.cvtColor(render_board_frame(grid, bent, truth, 3), cv2.COLOR_RGB2GRAY)
    x, y = rays_of(camera)
    rays = x.astype(np.float32), y.astype(np.float32)
    found = refine_on_pixels(grey, faces_of(grid, grid.bodies[0]), camera, rays, truth.matrix, (0.7, None))
    assert found is None or not found.fits


def test_only_the_markers_that_are_there_are_seen(camera: CameraModel) -> None:
    printed = grid_board((3, 3), 40.0, 10.0)
    truth = look_at_board(printed, 400.0, 30.0, 20.0)
    grey = cv2.cvtColor(render_board_frame(printed, camera, truth, 0), cv2.COLOR_RGB2GRAY)
    right = Pattern(printed.bodies[0]).correlations(grey, camera, truth.matrix)
    wrong = Pattern(grid_board((3, 3), 40.0, 10.0, first_id=20).bodies[0]).correlations(
        grey, camera, truth.matrix
    )
    assert right.min() > 0.85
    assert wrong.max() < 0.65
    behind = moved(truth.matrix, np.array([0, 0, 0, 0, 0, -2000.0]))
    np.testing.assert_array_equal(Pattern(printed.bodies[0]).correlations(grey, camera, behind), 0.0)


@pytest.mark.parametrize(("kind", "n_least"), [("cube", 1), ("dodecahedron", 2)])
def test_a_body_in_space_is_held_as_it_turns(kind: str, n_least: int, camera: CameraModel) -> None:
    board = make_board(kind)
    tracker, errors = Tracker(board, camera), []
    for i in range(5):
        matrix = rigid(np.array([0.5 + 0.05 * i, 0.35, 0.1 * i]), np.array([8.0 * i - 10.0, 5.0, 330.0]))
        picture = render_bodies(board, camera, lambda _, m=matrix: {kind: m}, 0.0, i)
        pose = tracker.track(CameraFrame(picture, i, i / 30)).pose(kind)
        assert pose.state is PoseState.TRACKED
        assert not pose.is_ambiguous
        assert n_least <= pose.n_markers <= 6
        assert pose.camera_from_body is not None
        errors.append(float(np.linalg.norm(pose.camera_from_body.matrix[:3, 3] - matrix[:3, 3])))
    assert np.median(errors) < 0.25


def test_a_followed_board_needs_one_search_and_does_not_drift(
    camera: CameraModel, grid: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = []
    detect = Detector.detect
    monkeypatch.setattr(Detector, "detect", lambda self, *a: searches.append(1) or detect(self, *a))
    tracker, errors = Tracker(grid, camera), []
    for i in range(8):
        view = look_at_board(grid, 420.0 + 5 * i, 32.0, 40.0 + 2 * i, 2 * i)
        pose = tracker.track(CameraFrame(render_board_frame(grid, camera, view, i), i, i / 30)).pose()
        assert pose.camera_from_body is not None
        errors.append(_apart_mm(grid, pose.camera_from_body.matrix, view.matrix))
    assert len(searches) == 1
    assert max(errors) < 0.35
    assert np.median(errors[4:]) < 0.15


def test_a_board_that_jumps_is_searched_anew_and_never_shown_where_it_was(
    camera: CameraModel, grid: Board
) -> None:
    tracker = Tracker(grid, camera)
    for i, view in enumerate([look_at_board(grid, 400.0, 30.0, 0.0), look_at_board(grid, 640.0, 40.0, 150.0)]):
        pose = tracker.track(CameraFrame(render_board_frame(grid, camera, view, i), i, i / 30)).pose()
        assert pose.camera_from_body is not None
        assert _apart_mm(grid, pose.camera_from_body.matrix, view.matrix) < 0.5


@pytest.mark.parametrize("lens", ["pinhole", "fisheye"])
def test_every_pixel_looks_where_opencv_says(lens: str, camera: CameraModel) -> None:
    model = camera
    if lens == "fisheye":
        model = replace(camera, distortion=np.array([0.05, -0.01, 0.002, -0.0005]), lens=FISHEYE)
    x, y = rays_of(model)
    pixels = np.random.default_rng(0).integers((0, 0), (640, 360), (200, 2))
    at = pixels.astype(np.float64)[:, None]
    undo = cv2.fisheye.undistortPoints if lens == "fisheye" else cv2.undistortPoints
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
    expected = undo(at, model.camera_matrix, model.distortion, criteria=stop).reshape(-1, 2)
    found = np.stack([x, y], axis=2)[pixels[:, 1], pixels[:, 0]]
    np.testing.assert_allclose(found, expected, atol=2e-6)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ar.board import Board, grid_board
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import Pose, PoseState
from ar.synthetic import look_at_board, render_board_frame
from ar.tracking import Tracker
from core.errors import PlannerError
from core.frames import Transform
from core.projection import CameraModel


def _views(board: Board, n: int, seed: int = 2, nearest_mm: float = 330.0) -> list[Transform]:
    random = np.random.default_rng(seed)
    return [
        look_at_board(
            board,
            random.uniform(nearest_mm, nearest_mm * 1.4),
            random.uniform(15, 45),
            random.uniform(0, 360),
            random.uniform(0, 360),
        )
        for _ in range(n)
    ]


def _track_once(board: Board, camera: CameraModel, pose: Transform, seed: int = 0) -> Pose:
    frame = CameraFrame(render_board_frame(board, camera, pose, seed), 0, 0.0)
    return Tracker(board, camera).track(frame).pose()


def _target_error_mm(found: Pose, truth: Transform, board: Board) -> float:
    """Error of a point where a heart would be: 150 mm beside and 60 mm above the board."""
    target = board.bodies[0].centre_mm + [[150.0, 0.0, -60.0]]
    assert found.camera_from_body is not None
    return float(np.linalg.norm(found.camera_from_body.apply(target) - truth.apply(target)))


@pytest.mark.parametrize(("name", "limit_mm"), [("charuco", 0.12), ("grid", 0.15), ("one_tag", 2.0)])
def test_a_heart_beside_the_board_is_placed_within_a_fraction_of_a_millimetre(
    name: str, limit_mm: float, camera: CameraModel, request: pytest.FixtureRequest
) -> None:
    board: Board = request.getfixturevalue(name)
    views = _views(board, 5, nearest_mm=220.0 if name == "one_tag" else 330.0)
    found = [_track_once(board, camera, view, seed) for seed, view in enumerate(views)]
    assert all(pose.state is PoseState.TRACKED for pose in found)
    errors = [_target_error_mm(pose, view, board) for pose, view in zip(found, views, strict=True)]
    assert np.median(errors) < limit_mm


def test_the_stated_uncertainty_is_neither_boast_nor_alarm(camera: CameraModel, grid: Board) -> None:
    ratios = []
    for seed, view in enumerate(_views(grid, 6, seed=5)):
        pose = _track_once(grid, camera, view, seed)
        assert pose.sigma_mm is not None
        ratios.append(_target_error_mm(pose, view, grid) / pose.sigma_mm)
    assert 0.2 < np.sqrt(np.mean(np.square(ratios))) < 2.0


def test_an_uncertain_focal_length_widens_the_stated_uncertainty(camera: CameraModel, grid: Board) -> None:
    unsure = CameraModel(camera.width, camera.height, camera.camera_matrix, camera.distortion, 0.1, 0.5)
    view = _views(grid, 1)[0]
    frame = CameraFrame(render_board_frame(grid, camera, view, 0), 0, 0.0)
    sigma_mm = Tracker(grid, unsure).track(frame).pose().sigma_mm
    # Half a percent of the distance, and the target may lie farther than the board.
    assert sigma_mm is not None
    assert sigma_mm > 0.005 * view.apply(grid.bodies[0].centre_mm[None])[0, 2]


def test_an_error_that_leaves_out_the_lens_says_so_also_when_stale(camera: CameraModel, grid: Board) -> None:
    for percent, words in ((None, "lens error unknown"), (0.0, "")):
        tracker = Tracker(grid, replace(camera, focal_error_percent=percent))
        pictures = [render_board_frame(grid, camera, view, 0) for view in (_views(grid, 1)[0], None)]
        for index, picture in enumerate(pictures):
            pose = tracker.track(CameraFrame(picture, index, 0.1 * index)).pose()
            assert pose.sigma_words.startswith("\u00b1")
            assert pose.sigma_words.partition("at 150 mm")[2].strip(", ") == words


def test_a_lost_board_is_stale_for_three_tenths_of_a_second_and_then_lost(
    camera: CameraModel, grid: Board
) -> None:
    tracker = Tracker(grid, camera)
    seen = render_board_frame(grid, camera, _views(grid, 1)[0], 0)
    empty = render_board_frame(grid, camera, None, 1)
    first = tracker.track(CameraFrame(seen, 0, 0.0)).pose()
    stale = tracker.track(CameraFrame(empty, 1, 0.25)).pose()
    lost = tracker.track(CameraFrame(empty, 2, 0.35)).pose()
    again = tracker.track(CameraFrame(seen, 3, 0.40)).pose()
    assert [p.state.value for p in (first, stale, lost, again)] == ["TRACKED", "STALE", "LOST", "TRACKED"]
    assert (stale.frame, stale.time_s, stale.measured_s) == (1, 0.25, 0.0)
    assert "250 ms ago" in stale.reason
    assert lost.camera_from_body is None
    assert "no marker" in lost.reason


def test_a_stale_pose_is_not_kept_alive_by_more_empty_frames(camera: CameraModel, grid: Board) -> None:
    tracker = Tracker(grid, camera)
    tracker.track(CameraFrame(render_board_frame(grid, camera, _views(grid, 1)[0], 0), 0, 0.0))
    empty = render_board_frame(grid, camera, None, 1)
    states = [tracker.track(CameraFrame(empty, i, i * 0.1)).pose().state for i in range(1, 6)]
    assert states == [PoseState.STALE] * 3 + [PoseState.LOST] * 2


def test_following_a_moving_board_equals_searching_each_frame_anew(camera: CameraModel, charuco: Board) -> None:
    tracker = Tracker(charuco, camera)
    for i in range(4):
        view = look_at_board(charuco, 380.0 + 10 * i, 30.0, 40.0 + 3 * i, 5.0 * i)
        frame = CameraFrame(render_board_frame(charuco, camera, view, i), i, i / 30)
        followed, anew = tracker.track(frame).pose(), Tracker(charuco, camera).track(frame).pose()
        assert followed.camera_from_body is not None
        assert anew.camera_from_body is not None
        np.testing.assert_allclose(followed.camera_from_body.matrix, anew.camera_from_body.matrix, atol=0.1)


def test_a_covered_third_of_the_board_does_not_pull_the_pose(camera: CameraModel, grid: Board) -> None:
    view = _views(grid, 1)[0]
    picture = render_board_frame(grid, camera, view, 0)
    covered = np.random.default_rng(0).integers(60, 200, picture.shape, dtype=np.uint8)
    corner = camera.project(view.apply(grid.bodies[0].centre_mm[None] - [[0.0, 40.0, 0.0]]))[0]
    picture[: int(corner[1])] = covered[: int(corner[1])]
    pose = Tracker(grid, camera).track(CameraFrame(picture, 0, 0.0)).pose()
    assert pose.n_markers < 18
    assert _target_error_mm(pose, view, grid) < 0.6


def test_a_misread_marker_is_dropped(camera: CameraModel) -> None:
    printed = grid_board((3, 3), 40.0, 10.0)
    swapped = list(printed.bodies[0].markers)
    # The description believes marker 8 to sit 150 mm away from where it was printed.
    swapped[8] = type(swapped[8])(8, swapped[8].corners_mm + (150.0, 0.0, 0.0))
    believed = Board((type(printed.bodies[0])("reference", "DICT_4X4_50", tuple(swapped)),))
    view = look_at_board(printed, 330.0, 30.0, 20.0)
    frame = CameraFrame(render_board_frame(printed, camera, view, 0), 0, 0.0)
    pose = Tracker(believed, camera).track(frame).pose()
    assert pose.n_markers == 8
    assert _target_error_mm(pose, view, printed) < 0.5


def test_two_bodies_are_placed_each_in_its_own_frame(camera: CameraModel) -> None:
    left = grid_board((2, 2), 35.0, 8.0).bodies[0]
    tool = grid_board((2, 2), 35.0, 8.0, first_id=10, name="tool").bodies[0]
    board = Board((left, tool))
    # One sheet that carries both: the tool's frame lies 120 mm to the right of the reference's.
    sheet = Board((type(left)("sheet", left.dictionary, left.markers + tuple(
        type(m)(m.marker_id, m.corners_mm + (120.0, 0.0, 0.0)) for m in tool.markers
    )),))  # fmt: skip
    view = look_at_board(sheet, 380.0, 30.0, 20.0)
    tracked = Tracker(board, camera).track(CameraFrame(render_board_frame(sheet, camera, view, 0), 0, 0.0))
    assert [pose.body for pose in tracked.poses] == ["reference", "tool"]
    first, second = (pose.camera_from_body for pose in tracked.poses)
    assert first is not None
    assert second is not None
    between = (first.inverse().matrix @ second.matrix)[:3, 3]
    np.testing.assert_allclose(between, (120.0, 0.0, 0.0), atol=0.3)


def test_a_picture_of_another_size_than_calibrated_is_refused(camera: CameraModel, grid: Board) -> None:
    frame = CameraFrame(np.zeros((480, 640, 3), np.uint8), 0, 0.0)
    with pytest.raises(PlannerError, match=r"640x480.*640x360"):
        Tracker(grid, camera).track(frame)


def test_markers_of_another_board_are_not_ours(camera: CameraModel, grid: Board) -> None:
    other = grid_board((2, 2), 40.0, 10.0, first_id=30)
    picture = render_board_frame(other, camera, look_at_board(other, 330.0, 30.0, 0.0), 0)
    assert Tracker(grid, camera).track(CameraFrame(picture, 0, 0.0)).pose().state is PoseState.LOST


def test_the_covariance_is_that_of_repeated_measurements(camera: CameraModel, grid: Board) -> None:
    view = look_at_board(grid, 400.0, 30.0, 40.0)
    found = [_track_once(grid, camera, view, seed) for seed in range(7)]
    shifts = np.array([p.camera_from_body.matrix[:3, 3] for p in found if p.camera_from_body is not None])
    said = np.sqrt(np.trace(np.mean([p.covariance[3:, 3:] for p in found if p.covariance is not None], axis=0)))
    seen = np.sqrt(shifts.var(axis=0, ddof=1).sum())
    assert 0.4 < seen / said < 2.5


def test_a_turn_is_measured_as_well_as_a_place(camera: CameraModel, charuco: Board) -> None:
    view = _views(charuco, 1)[0]
    pose = _track_once(charuco, camera, view)
    assert pose.camera_from_body is not None
    turn = cv2.Rodrigues(pose.camera_from_body.matrix[:3, :3] @ view.matrix[:3, :3].T)[0]
    assert np.degrees(np.linalg.norm(turn)) < 0.05

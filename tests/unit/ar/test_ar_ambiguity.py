from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board, grid_board
from ar.frame import CameraFrame
from ar.poses import PoseState
from ar.synthetic import Look, look_at_board, render_board_frame
from ar.tracking import Tracker
from ar.tracking.detection import Observation
from ar.tracking.solve import mirrored, solve
from core.frames import Transform, apply_affine
from core.projection import CameraModel

FAINT = Look(black=60.0, white=180.0, blur_px=1.1, noise=8.0)


def _seen(board: Board, camera: CameraModel, view: Transform, noise_px: float, seed: int) -> Observation:
    corners = board.bodies[0].corners_mm
    noise = np.random.default_rng(seed).normal(0.0, noise_px, (len(corners), 2))
    pixels = camera.project(view.apply(corners)) + noise
    return Observation(corners, pixels, np.repeat(range(len(corners) // 4), 4), tuple(range(len(corners) // 4)))


def test_a_single_tag_far_away_has_a_rival_pose_that_is_reported(camera: CameraModel, one_tag: Board) -> None:
    view = look_at_board(one_tag, 900.0, 12.0, 70.0)
    solved = solve(_seen(one_tag, camera, view, 0.3, 1), camera)
    assert solved is not None
    rival = solved[0].rival
    assert rival is not None
    # The rival is a true second pose: the tag tilted to the other side, at the same place.
    np.testing.assert_allclose(rival[:3, 3], solved[0].matrix[:3, 3], atol=30.0)
    assert np.degrees(np.arccos(rival[:3, 2] @ solved[0].matrix[:3, 2])) > 5.0


def test_the_mirrored_pose_is_its_own_mirror_and_keeps_the_board_in_place(one_tag: Board) -> None:
    view = look_at_board(one_tag, 900.0, 25.0, 70.0, 30.0).matrix
    corners = one_tag.bodies[0].corners_mm
    other = mirrored(view, corners)
    assert other is not None
    assert np.linalg.det(other[:3, :3]) == pytest.approx(1.0)
    np.testing.assert_allclose(
        apply_affine(other, corners)[:, :2], apply_affine(view, corners)[:, :2], atol=1e-9
    )
    np.testing.assert_allclose(mirrored(other, corners), view, atol=1e-9)
    assert np.degrees(np.arccos(other[:3, 2] @ view[:3, 2])) == pytest.approx(50.0)


def test_a_whole_board_has_no_rival(camera: CameraModel, grid: Board) -> None:
    solved = solve(_seen(grid, camera, look_at_board(grid, 400.0, 30.0, 70.0), 0.2, 1), camera)
    assert solved is not None
    assert solved[0].rival is None


@pytest.mark.parametrize("seed", range(6))
def test_the_true_pose_is_never_excluded(seed: int, camera: CameraModel, one_tag: Board) -> None:
    view = look_at_board(one_tag, 600.0, 15.0 + 4 * seed, 60.0 * seed)
    solved = solve(_seen(one_tag, camera, view, 0.3, seed), camera)
    assert solved is not None
    offered = [solved[0].matrix] + ([solved[0].rival] if solved[0].rival is not None else [])
    nearest = min(np.degrees(np.arccos(np.clip(m[:3, 2] @ view.matrix[:3, 2], -1, 1))) for m in offered)
    assert nearest < 12.0


def test_an_ambiguous_frame_says_so_and_doubts_itself_by_the_rivals_distance(camera: CameraModel) -> None:
    board = grid_board((1, 1), 40.0, 0.0)
    view = look_at_board(board, 550.0, 8.0, 45.0)
    pictures = [render_board_frame(board, camera, view, seed, FAINT) for seed in (3, 4, 5)]
    poses = [Tracker(board, camera).track(CameraFrame(picture, 0, 0.0)).pose() for picture in pictures]
    assert all(pose.state is PoseState.TRACKED for pose in poses)
    doubted = [pose for pose in poses if pose.is_ambiguous]
    assert doubted
    for pose in doubted:
        assert "two poses" in pose.reason
        assert pose.sigma_mm is not None
        assert pose.sigma_mm > 5.0


def test_printed_edges_settle_what_four_corners_cannot(camera: CameraModel, one_tag: Board) -> None:
    view = look_at_board(one_tag, 330.0, 35.0, 110.0)
    frame = CameraFrame(render_board_frame(one_tag, camera, view, 0), 0, 0.0)
    pose = Tracker(one_tag, camera).track(frame).pose()
    assert not pose.is_ambiguous
    assert pose.camera_from_body is not None
    assert np.degrees(np.arccos(pose.camera_from_body.matrix[:3, 2] @ view.matrix[:3, 2])) < 1.5

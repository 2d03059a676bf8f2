from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ar.board import Board, grid_board
from ar.opencv import cv2
from ar.poses import PoseState, read_poses_csv
from ar.source import frames_of, open_source
from ar.synthetic import Look, look_at_board, make_video, render_board_frame
from core.frames import Transform
from core.projection import CameraModel

CLEAN = Look(noise=0.0, blur_px=0.5)


def test_printed_corners_appear_where_opencv_projects_them(camera: CameraModel, charuco: Board) -> None:
    pose = look_at_board(charuco, 420.0, 30.0, 50.0, 20.0)
    grey = render_board_frame(charuco, camera, pose, 0, CLEAN)[..., 1]
    corners = charuco.bodies[0].corners_mm
    turn = cv2.Rodrigues(pose.matrix[:3, :3])[0]
    expected, _ = cv2.projectPoints(corners, turn, pose.matrix[:3, 3], camera.camera_matrix, camera.distortion)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    detector = cv2.aruco.CharucoDetector(cv2.aruco.CharucoBoard((5, 8), 32.0, 24.0, dictionary))
    seen, ids, markers, marker_ids = detector.detectBoard(grey)
    assert len(marker_ids) == 20
    inner = detector.getBoard().getChessboardCorners()[np.ravel(ids)]
    at, _ = cv2.projectPoints(inner, turn, pose.matrix[:3, 3], camera.camera_matrix, camera.distortion)
    assert np.abs(np.reshape(seen, (-1, 2)) - at.reshape(-1, 2)).mean() < 0.06
    by_id = expected.reshape(-1, 4, 2)
    for marker_id, marker in zip(np.ravel(marker_ids), markers, strict=True):
        np.testing.assert_allclose(marker.reshape(4, 2), by_id[int(marker_id)], atol=2.0)


def test_the_same_seed_gives_the_same_picture_and_another_one_other_noise(
    camera: CameraModel, one_tag: Board
) -> None:
    pose = look_at_board(one_tag, 300.0, 20.0, 0.0)
    pictures = [render_board_frame(one_tag, camera, pose, seed) for seed in (4, 4, 5)]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert (pictures[0] != pictures[2]).mean() > 0.5


def test_ink_covers_pixels_by_area(one_tag: Board) -> None:
    # Frontal, 1 px a millimetre, a solid border: the sum of darkness is the inked area in mm^2.
    camera = CameraModel(200, 200, np.array([[500.0, 0, 99.7], [0, 500.0, 100.2], [0, 0, 1]]), np.zeros(0))
    pose = look_at_board(one_tag, 500.0, 0.0, 0.0)
    grey = render_board_frame(one_tag, camera, pose, 0, Look(0.0, 200.0, 200.0, 0.0, 0.0, 8))[..., 0].astype(
        float
    )
    cells = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50).generateImageMarker(0, 6) == 0
    assert (200.0 - grey).sum() / 200.0 == pytest.approx(cells.sum() * (50.0 / 6.0) ** 2, rel=0.01)


def test_a_video_keeps_every_pixel_and_its_truth(camera: CameraModel, tmp_path: Path) -> None:
    board = grid_board((2, 2), 40.0, 10.0)
    poses: list[Transform | None] = [look_at_board(board, 400.0, 25.0, 10.0), None]
    truth = make_video(tmp_path / "board.avi", board, camera, poses)
    assert [pose.state for pose in truth] == [PoseState.TRACKED, PoseState.LOST]
    stored = read_poses_csv(tmp_path / "board.truth.csv")
    assert stored[0].camera_from_body is not None
    np.testing.assert_allclose(stored[0].camera_from_body.matrix, poses[0].matrix, atol=1e-7)
    frames = list(frames_of(open_source(tmp_path / "board.avi")))
    assert [frame.time_s for frame in frames] == [0.0, pytest.approx(1 / 30)]
    for index, frame in enumerate(frames):
        drawn = render_board_frame(board, camera, poses[index], index)
        assert np.abs(frame.image.astype(int) - drawn).max() <= 3

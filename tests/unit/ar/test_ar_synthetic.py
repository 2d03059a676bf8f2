from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ar.board import Board, grid_board
from ar.board.kinds import make_board
from ar.opencv import cv2
from ar.poses import PoseState, read_poses_csv
from ar.source import frames_of, open_source
from ar.synthetic import Exposure, Look, look_at_board, make_video, render_board_frame, render_bodies
from core.frames import Transform, rigid
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


def test_a_smeared_picture_is_centred_on_the_pose_in_the_middle_of_its_exposure(one_tag: Board) -> None:
    camera = CameraModel(300, 200, np.array([[500.0, 0, 150.3], [0, 500.0, 100.2], [0, 0, 1]]), np.zeros(0))
    look = Look(0.0, 200.0, 200.0, 0.0, 0.0, 4)
    still = look_at_board(one_tag, 500.0, 0.0, 0.0).matrix

    def path(time_s: float) -> dict[str, np.ndarray]:
        matrix = still.copy()
        matrix[0, 3] += 400.0 * time_s
        return {"reference": matrix}

    sharp, smeared = (
        200.0 - render_bodies(one_tag, camera, path, 0.0, 0, look, exposure)[..., 0].astype(float)
        for exposure in (Exposure(), Exposure(0.03, 0.0, 13))
    )
    x = np.arange(300)
    centres = [(grey.sum(axis=0) * x).sum() / grey.sum() for grey in (sharp, smeared)]
    assert smeared.sum() == pytest.approx(sharp.sum(), rel=0.01)
    assert centres[1] == pytest.approx(centres[0], abs=0.02)
    widths = [(grey.sum(axis=0) > 0.02 * grey.sum(axis=0).max()).sum() for grey in (sharp, smeared)]
    # 400 mm a second for 30 ms, at one pixel a millimetre.
    assert widths[1] - widths[0] == pytest.approx(12, abs=2)


def test_rows_are_lit_one_after_the_other_by_a_rolling_shutter(one_tag: Board) -> None:
    camera = CameraModel(300, 200, np.array([[500.0, 0, 150.0], [0, 500.0, 99.5], [0, 0, 1]]), np.zeros(0))
    look = Look(0.0, 200.0, 200.0, 0.0, 0.0, 4)
    still = look_at_board(one_tag, 500.0, 0.0, 0.0).matrix

    def path(time_s: float) -> dict[str, np.ndarray]:
        matrix = still.copy()
        matrix[0, 3] += 1000.0 * time_s
        return {"reference": matrix}

    grey = 200.0 - render_bodies(one_tag, camera, path, 0.0, 0, look, Exposure(0.0, 0.04, 1))[..., 0].astype(
        float
    )
    first = [int(np.flatnonzero(row > 50)[0]) for row in grey[[78, 99, 120]]]
    # 1000 mm a second and 0.2 ms a row: a fifth of a pixel a row.
    assert first[2] - first[0] == pytest.approx(0.2 * 42, abs=1.5)
    assert first[1] == pytest.approx(125, abs=1)


def test_near_faces_cover_far_ones_and_faces_that_look_away_are_not_drawn(camera: CameraModel) -> None:
    board = make_board("cube")
    seen = {}
    for turn_deg in (0.0, 180.0):
        matrix = rigid(np.array([0.0, np.radians(turn_deg), 0.0]), np.array([0.0, 0.0, 300.0]))
        picture = render_bodies(board, camera, lambda _, m=matrix: {"cube": m}, 0.0, 0, CLEAN)
        detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11))
        ids = detector.detectMarkers(picture[..., 1].copy())[1]
        seen[turn_deg] = set(np.ravel(ids).tolist())
    assert len(seen[0.0]) == 1
    assert len(seen[180.0]) == 1
    assert not seen[0.0] & seen[180.0]

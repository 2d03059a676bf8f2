"""The poses that OpenCV alone gives, as its own examples do it: detect, then one solvePnP."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ar.board import Board, charuco_board
from ar.frame import CameraFrame
from ar.opencv import cv2
from core.projection import CameraModel

Pose = Callable[[CameraFrame], np.ndarray | None]


def charuco_pose(board: Board, camera: CameraModel) -> Pose:
    """OpenCV's chessboard corners and one solvePnP."""
    sheet = cv2.aruco.CharucoBoard((5, 8), 32.0, 24.0, cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50))
    assert np.allclose(charuco_board((5, 8), 32.0, 24.0).bodies[0].corners_mm, board.bodies[0].corners_mm)
    detector = cv2.aruco.CharucoDetector(sheet)

    def pose(frame: CameraFrame) -> np.ndarray | None:
        pixels, ids, _, _ = detector.detectBoard(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY))
        return (
            None if ids is None else _pnp(np.asarray(sheet.getChessboardCorners())[ids.ravel()], pixels, camera)
        )

    return pose


def aruco_pose(board: Board, camera: CameraModel) -> Pose:
    """OpenCV's marker corners as they come, and one solvePnP."""
    body = board.bodies[0]
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    detector = cv2.aruco.ArucoDetector(dictionary, cv2.aruco.DetectorParameters())

    def pose(frame: CameraFrame) -> np.ndarray | None:
        corners, ids, _ = detector.detectMarkers(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY))
        if ids is None:
            return None
        points = np.concatenate([body.by_id[int(i)].corners_mm for i in ids.ravel()])
        return _pnp(points, np.concatenate(corners, axis=1), camera)

    return pose


def _pnp(points_mm: np.ndarray, pixels: np.ndarray, camera: CameraModel) -> np.ndarray:
    _, turn, shift = cv2.solvePnP(
        np.asarray(points_mm, dtype=np.float64).reshape(-1, 1, 3),
        np.asarray(pixels, dtype=np.float64).reshape(-1, 1, 2),
        camera.camera_matrix,
        camera.distortion,
    )
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = cv2.Rodrigues(turn)[0], shift.ravel()
    return matrix

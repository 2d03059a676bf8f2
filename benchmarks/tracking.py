"""A board in camera pictures with exact truth: Auricle's tracker beside plain OpenCV."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ar.board import Board, charuco_board, default_board
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.synthetic import look_at_board, render_board_frame
from ar.tracking import Tracker
from benchmarks.report import Comparison, Row, best_of
from core.frames import apply_affine
from core.projection import CameraModel

BESIDE_MM, BEHIND_MM = 150.0, 60.0
Pose = Callable[[CameraFrame], np.ndarray | None]


def compare(quick: bool) -> Comparison:
    """Still views of the sheet that Auricle prints, 0.5 to 1 m away, with webcam noise."""
    board, camera = default_board(), webcam()
    views = [look_at_board(board, *view) for view in random_views(4 if quick else 30)]
    pictures = [
        CameraFrame(render_board_frame(board, camera, view, seed), seed, seed / 30.0)
        for seed, view in enumerate(views)
    ]
    ways: dict[str, Pose] = {
        "Auricle, ar.tracking.Tracker": tracker_pose(Tracker(board, camera)),
        "OpenCV CharucoDetector, solvePnP": charuco_pose(board, camera),
        "OpenCV ArUco default corners, solvePnP": aruco_pose(board, camera),
    }
    rows = []
    for who, way in ways.items():
        seconds, found = best_of(1, lambda way=way: [way(picture) for picture in pictures])
        errors = [
            tre_mm(board, pose, view.matrix)
            for pose, view in zip(found, views, strict=True)
            if pose is not None
        ]
        rows.append(
            Row(
                who,
                seconds / len(pictures),
                {
                    "found": f"{len(errors)} of {len(views)}",
                    "TRE median mm": float(np.median(errors)),
                    "TRE p95 mm": float(np.percentile(errors, 95)),
                },
            )
        )
    return Comparison(
        f"The pose of an A4 ChArUco sheet in {len(views)} synthetic pictures of 1280x720",
        tuple(rows),
        (
            f"TRE: error of a point {BESIDE_MM:g} mm beside the board and {BEHIND_MM:g} mm behind its middle",
            "time per picture; every picture is new to the tracker, nothing is followed; lens known exactly",
        ),
    )


def webcam() -> CameraModel:
    """A 720p webcam with a little distortion."""
    matrix = np.array([[980.0, 0.0, 642.0], [0.0, 978.0, 357.0], [0.0, 0.0, 1.0]])
    return CameraModel(1280, 720, matrix, np.array([-0.09, 0.05, 0.0006, -0.0004, 0.0]))


def random_views(n: int) -> list[tuple[float, float, float, float]]:
    """Distance in mm, tilt, direction and roll in degrees."""
    rng = np.random.default_rng(11)
    return [
        (rng.uniform(500, 1000), rng.uniform(10, 50), rng.uniform(0, 360), rng.uniform(-20, 20))
        for _ in range(n)
    ]


def tre_mm(board: Board, pose: np.ndarray, truth: np.ndarray) -> float:
    """Target registration error in mm of a `camera_from_body` (4, 4)."""
    target = board.bodies[0].centre_mm[None] + (BESIDE_MM, 0.0, BEHIND_MM)
    return float(np.linalg.norm(apply_affine(pose, target) - apply_affine(truth, target)))


def tracker_pose(tracker: Tracker) -> Pose:
    """Auricle's way."""

    def pose(frame: CameraFrame) -> np.ndarray | None:
        found = tracker.track(frame).pose().camera_from_body
        return None if found is None else found.matrix

    return pose


def charuco_pose(board: Board, camera: CameraModel) -> Pose:
    """OpenCV's chessboard corners and one solvePnP."""
    sheet = cv2.aruco.CharucoBoard((5, 8), 32.0, 24.0, cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50))
    assert np.allclose(charuco_board((5, 8), 32.0, 24.0).bodies[0].corners_mm, board.bodies[0].corners_mm)
    detector = cv2.aruco.CharucoDetector(sheet)

    def pose(frame: CameraFrame) -> np.ndarray | None:
        pixels, ids, _, _ = detector.detectBoard(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY))
        return None if ids is None else _pnp(sheet.getChessboardCorners()[ids.ravel()], pixels, camera)

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

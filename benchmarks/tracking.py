"""A board in camera pictures with exact truth: Auricle's tracker beside plain OpenCV."""

from __future__ import annotations

from functools import partial

import numpy as np

from ar.board import Board, default_board
from ar.frame import CameraFrame
from ar.synthetic import look_at_board, render_board_frame
from ar.tracking import Tracker
from benchmarks.opencv_peers import Pose, aruco_pose, charuco_pose
from benchmarks.report import Comparison, Row, best_of
from core.frames import apply_affine
from core.projection import CameraModel

BESIDE_MM, BEHIND_MM = 150.0, 60.0


def compare(quick: bool) -> Comparison:
    """A camera that moves around the sheet that Auricle prints, 0.5 to 1 m away, with webcam noise."""
    board, camera = default_board(), webcam()
    views = [look_at_board(board, *view) for view in walk(6 if quick else 60)]
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
        seconds, found = best_of(1, partial(_all_poses, way, pictures))
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
            "time per picture; the camera moves on between pictures, none is blurred; lens known exactly",
        ),
    )


def webcam() -> CameraModel:
    """A 720p webcam with a little distortion."""
    matrix = np.array([[980.0, 0.0, 642.0], [0.0, 978.0, 357.0], [0.0, 0.0, 1.0]])
    return CameraModel(1280, 720, matrix, np.array([-0.09, 0.05, 0.0006, -0.0004, 0.0]))


def walk(n: int) -> list[tuple[float, float, float, float]]:
    """Distance in mm, tilt, direction and roll in degrees, changing smoothly."""
    return [
        (750.0 + 250.0 * np.sin(0.10 * i), 30.0 + 20.0 * np.sin(0.17 * i), 4.0 * i, 15.0 * np.cos(0.13 * i))
        for i in range(n)
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


def _all_poses(way: Pose, pictures: list[CameraFrame]) -> list[np.ndarray | None]:
    return [way(picture) for picture in pictures]

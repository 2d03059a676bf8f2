"""The poses that other programs give, as their own examples do it: detect, then one solvePnP."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ar.board import Board
from ar.board.charuco import chessboard_of
from ar.board.model import dictionary_named
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import Pose, PoseState
from ar.tracking import Tracker
from benchmarks.tracking_scenes import Scene
from core.projection import CameraModel

PoseOf = Callable[[CameraFrame], np.ndarray | None]


@dataclass(frozen=True, eq=False)
class Found:
    """Poses (4, 4) or None of every frame, those given as sure, and processor seconds a frame, also by stage."""

    poses: list[np.ndarray | None]
    cpu_s: float
    stages_s: dict[str, float] = field(default_factory=dict)


def auricle(scene: Scene, frames: list[CameraFrame]) -> Found:
    """Auricle's tracker: one for a video, a fresh one for every still; what it calls ambiguous is not accepted."""
    tracker, tracked = Tracker(scene.board, scene.camera, time.process_time), []
    for frame in frames:
        if not scene.is_video:
            tracker = Tracker(scene.board, scene.camera, time.process_time)
        tracked.append(tracker.track(frame))
    stages_s = {
        stage: sum(t.milliseconds[stage] for t in tracked) / len(tracked) / 1e3
        for stage in tracked[0].milliseconds
    }
    return Found([_sure(t.pose()) for t in tracked], sum(stages_s.values()), stages_s)


def _sure(pose: Pose) -> np.ndarray | None:
    is_sure = pose.state is PoseState.TRACKED and not pose.is_ambiguous
    return pose.camera_from_body.matrix if is_sure and pose.camera_from_body is not None else None


def each(
    make: Callable[[Board, CameraModel], PoseOf | None],
) -> Callable[[Scene, list[CameraFrame]], Found | None]:
    """A contender that takes one frame after the other and remembers nothing."""

    def way(scene: Scene, frames: list[CameraFrame]) -> Found | None:
        pose = make(scene.board, scene.camera)
        if pose is None:
            return None
        started = time.process_time()
        poses = [pose(frame) for frame in frames]
        return Found(poses, (time.process_time() - started) / len(frames))

    return way


def opencv_markers(refinement: int) -> Callable[[Board, CameraModel], PoseOf]:
    """OpenCV's marker corners with one of its refinements, and one solvePnP."""

    def make(board: Board, camera: CameraModel) -> PoseOf:
        body = board.bodies[0]
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = refinement
        detector = cv2.aruco.ArucoDetector(dictionary_named(body.dictionary), parameters)

        def pose(frame: CameraFrame) -> np.ndarray | None:
            corners, ids, _ = detector.detectMarkers(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY))
            if ids is None:
                return None
            own = {int(i): c for i, c in zip(np.ravel(ids), corners, strict=True) if int(i) in body.by_id}
            if not own:
                return None
            points = np.concatenate([body.by_id[i].corners_mm for i in own])
            return _pnp(points, np.concatenate([c.reshape(4, 2) for c in own.values()]), camera)

        return pose

    return make


def opencv_charuco(board: Board, camera: CameraModel) -> PoseOf | None:
    """OpenCV's chessboard corners and one solvePnP; None for a board without a chessboard."""
    chessboard = chessboard_of(board)
    if chessboard is None:
        return None
    detector = cv2.aruco.CharucoDetector(chessboard.opencv)

    def pose(frame: CameraFrame) -> np.ndarray | None:
        pixels, ids, _, _ = detector.detectBoard(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY))
        if ids is None or len(ids) < 4:
            return None
        return _pnp(chessboard.corners_mm[np.ravel(ids)], pixels, camera)

    return pose


def pupil_apriltags(board: Board, camera: CameraModel) -> PoseOf | None:
    """The AprilTag library's own corners and one solvePnP; None for other dictionaries or where it is absent."""
    body, detector = board.bodies[0], _apriltag_detector()
    if detector is None or body.dictionary != "DICT_APRILTAG_36h11":
        return None

    def pose(frame: CameraFrame) -> np.ndarray | None:
        tags = detector.detect(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY))
        own = [tag for tag in tags if tag.tag_id in body.by_id and tag.hamming <= 1]
        if not own:
            return None
        # Its corners start where OpenCV's third one lies and run the other way; its pixels count from their corner.
        pixels = np.concatenate([np.asarray(tag.corners)[[1, 0, 3, 2]] - 0.5 for tag in own])
        return _pnp(np.concatenate([body.by_id[tag.tag_id].corners_mm for tag in own]), pixels, camera)

    return pose


@lru_cache(maxsize=1)
def _apriltag_detector() -> Any:
    """One detector for all scenes: the library damages memory when a detector is freed."""
    try:
        from pupil_apriltags import Detector
    except ImportError:
        return None
    return Detector(families="tag36h11", nthreads=1, quad_decimate=1.0, refine_edges=True)


def anchor(python: Path) -> Callable[[Scene, list[CameraFrame]], Found | None]:
    """scikit-surgeryarucotracker in the interpreter of its own environment, since it breaks on OpenCV 5."""

    def way(scene: Scene, frames: list[CameraFrame]) -> Found | None:
        body = scene.board.bodies[0]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            np.save(
                folder / "frames.npy", np.stack([cv2.cvtColor(f.image, cv2.COLOR_RGB2GRAY) for f in frames])
            )
            rows = [[m.marker_id, *m.corners_mm.ravel()] for m in body.markers]
            np.savetxt(folder / "body.txt", rows)
            lens = np.pad(scene.camera.distortion, (0, 5 - len(scene.camera.distortion)))
            text = "\n".join(" ".join(f"{v:.9g}" for v in row) for row in (*scene.camera.camera_matrix, lens))
            (folder / "camera.txt").write_text(text + "\n")
            script = Path(__file__).with_name("tracking_anchor.py")
            subprocess.run(
                [str(python), str(script), str(folder), body.dictionary], check=True, capture_output=True
            )
            found = np.load(folder / "poses.npy")
            cpu_s = float((folder / "cpu.txt").read_text())
        poses = [None if np.isnan(matrix).any() else matrix for matrix in found]
        return Found(_from_tag_to_body(poses, scene.board), cpu_s)

    return way


def _from_tag_to_body(poses: list[np.ndarray | None], board: Board) -> list[np.ndarray | None]:
    """Of a body with one tag it gives that tag's frame (middle, y up): turned here, to be fair."""
    body = board.bodies[0]
    if len(body.markers) > 1:
        return poses
    tag_from_body = np.diag([1.0, -1.0, -1.0, 1.0])
    tag_from_body[:3, 3] = -tag_from_body[:3, :3] @ body.centre_mm
    return [None if pose is None else pose @ tag_from_body for pose in poses]


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

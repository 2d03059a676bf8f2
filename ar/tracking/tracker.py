"""Tracking over time: measured, shortly lost, or lost; never an old pose shown as a new one."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import Pose, PoseState
from ar.tracking.detection import Detector, Observation
from ar.tracking.edges import edge_places
from ar.tracking.geometry import position_sigma_mm
from ar.tracking.refine import sharpen
from ar.tracking.solve import Solution, solve
from core.errors import PlannerError
from core.frames import CAMERA, Transform
from core.projection import CameraModel

STALE_S = 0.3
# Times of frames are sums of rounded numbers.
TIME_TOLERANCE_S = 1e-6
TARGET_MM = 150.0
SEARCH_ALL_EVERY = 15


@dataclass(frozen=True, eq=False)
class TrackedFrame:
    """The poses of all bodies in one frame, in the board's order, and the milliseconds per stage."""

    frame: CameraFrame
    poses: tuple[Pose, ...]
    milliseconds: dict[str, float]

    def pose(self, body: str | None = None) -> Pose:
        """The pose of the body of this name, of the first body without one. Raises KeyError when unknown."""
        for pose in self.poses:
            if body is None or pose.body == body:
                return pose
        raise KeyError(body)


class Tracker:
    """Follows the bodies of one board through the frames of one calibrated camera."""

    def __init__(self, board: Board, camera: CameraModel) -> None:
        self._board, self._camera = board, camera
        self._detector = Detector(board)
        self._edges = {body.name: edge_places(board, body) for body in board.bodies}
        self._last: dict[str, Pose] = {}
        self._n_frames = 0

    def track(self, frame: CameraFrame) -> TrackedFrame:
        """Measure all bodies in one frame. Raises PlannerError when its size is not the calibrated one."""
        height, width = frame.image.shape[:2]
        if (width, height) != (self._camera.width, self._camera.height):
            raise PlannerError(
                "cannot track in this picture",
                f"it is {width}x{height}, the camera was calibrated at {self._camera.width}x{self._camera.height}",
                "use the calibrated resolution, or calibrate at this one",
            )
        started = time.perf_counter()
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        seen = self._detect(grey)
        detected = time.perf_counter()
        poses = tuple(self._pose(body, seen.get(body.name), frame, grey) for body in self._board.bodies)
        self._last.update({pose.body: pose for pose in poses if pose.state is PoseState.TRACKED})
        self._n_frames += 1
        milliseconds = {
            "detect": (detected - started) * 1e3,
            "pose": (time.perf_counter() - detected) * 1e3,
        }
        return TrackedFrame(frame, poses, milliseconds)

    def _detect(self, grey: np.ndarray) -> dict[str, Observation]:
        """Search around the last poses first; the whole picture when that finds less, and now and then."""
        region = self._region()
        if region is not None and self._n_frames % SEARCH_ALL_EVERY:
            seen = self._detector.detect(grey, region)
            expected = sum(pose.n_markers for pose in self._last.values())
            if sum(len(o.marker_ids) for o in seen.values()) >= 0.8 * expected:
                return seen
        return self._detector.detect(grey)

    def _region(self) -> tuple[slice, slice] | None:
        if len(self._last) < len(self._board.bodies):
            return None
        corners = []
        for body in self._board.bodies:
            transform = self._last[body.name].camera_from_body
            assert transform is not None
            corners.append(self._camera.project(transform.apply(body.corners_mm)))
        pixels = np.concatenate(corners)
        if np.isnan(pixels).any():
            return None
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        pad = 40.0 + 0.15 * (high - low).max()
        size = (self._camera.width, self._camera.height)
        first = np.clip(np.floor(low - pad), 0, size).astype(int)
        last = np.clip(np.ceil(high + pad), 0, size).astype(int)
        if (last - first < 32).any():
            return None
        return slice(first[1], last[1]), slice(first[0], last[0])

    def _pose(self, body: MarkerBody, seen: Observation | None, frame: CameraFrame, grey: np.ndarray) -> Pose:
        if seen is None:
            return self._unseen(body, frame, "no marker of the board is seen")
        solved = solve(seen, self._camera)
        if solved is None:
            return self._unseen(body, frame, "the markers seen do not fit the description of the board")
        solution, used = solved
        solution = sharpen(solution, used, grey, self._edges[body.name], self._camera)
        solution = self._settled(body, frame, solution)
        is_ambiguous = solution.rival is not None
        return Pose(
            frame.index,
            frame.time_s,
            body.name,
            PoseState.TRACKED,
            Transform(CAMERA, body.name, solution.matrix),
            solution.covariance,
            solution.rms_px,
            self._sigma_mm(body, solution),
            len(used.marker_ids),
            is_ambiguous,
            frame.time_s,
            self._camera.focal_error_percent is not None,
            "two poses explain the markers; show more of the board or tilt it" if is_ambiguous else "",
        )

    def _settled(self, body: MarkerBody, frame: CameraFrame, solution: Solution) -> Solution:
        """Let the last sure pose choose between two: a body does not turn over within the stale time."""
        last = self._last.get(body.name)
        if solution.rival is None or last is None or last.is_ambiguous or last.camera_from_body is None:
            return solution
        if not 0.0 <= frame.time_s - last.time_s <= STALE_S + TIME_TOLERANCE_S:
            return solution
        turns = [_turn_deg(last.camera_from_body.matrix, m) for m in (solution.matrix, solution.rival)]
        if turns[0] < 0.4 * turns[1]:
            return replace(solution, rival=None)
        if turns[1] < 0.4 * turns[0]:
            return replace(solution, matrix=solution.rival, rival=None)
        return solution

    def _sigma_mm(self, body: MarkerBody, solution: Solution) -> float:
        """Expected error at 150 mm beside the body: noise, focal length, and half the way to a rival pose."""
        beside = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]]) * TARGET_MM + body.centre_mm
        noise = float(position_sigma_mm(solution.matrix, solution.covariance, beside).max())
        placed = beside @ solution.matrix[:3, :3].T + solution.matrix[:3, 3]
        focal = float(placed[:, 2].max()) * (self._camera.focal_error_percent or 0.0) / 100.0
        doubt = 0.0
        if solution.rival is not None:
            other = beside @ solution.rival[:3, :3].T + solution.rival[:3, 3]
            doubt = float(np.linalg.norm(other - placed, axis=1).max()) / 2.0
        return float(np.sqrt(noise**2 + focal**2 + doubt**2))

    def _unseen(self, body: MarkerBody, frame: CameraFrame, reason: str) -> Pose:
        last = self._last.get(body.name)
        if last is not None and 0.0 <= frame.time_s - last.time_s <= STALE_S + TIME_TOLERANCE_S:
            age_ms = (frame.time_s - last.time_s) * 1e3
            return replace(
                last,
                frame=frame.index,
                time_s=frame.time_s,
                state=PoseState.STALE,
                reason=f"{reason}; last measured {age_ms:.0f} ms ago",
            )
        self._last.pop(body.name, None)
        return Pose(frame.index, frame.time_s, body.name, PoseState.LOST, reason=reason)


def _turn_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(a[:3, :3].T @ b[:3, :3])[0])))

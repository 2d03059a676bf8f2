"""One body over time: followed from the last frame, acquired by a search, shortly lost, or lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import Pose, PoseState
from ar.tracking.detection import Observation
from ar.tracking.follow import follow
from ar.tracking.geometry import looks_at_camera, position_sigma_mm
from ar.tracking.sharpen import Sharp, Sharpener
from ar.tracking.solve import solve
from core.frames import CAMERA, Transform
from core.projection import CameraModel

STALE_S = 0.3
# Times of frames are sums of rounded numbers.
TIME_TOLERANCE_S = 1e-6
TARGET_MM = 150.0
# The blur of the picture is measured anew after this many frames.
BLUR_EVERY = 8
# A sure pose chooses between two when it is this much nearer to one of them.
NEARER = 0.4
UNREADABLE = "markers are seen, but not their printed edges; go nearer, hold still or light the board"
AMBIGUOUS = "two poses explain the markers; show more of the board or tilt it"


class BodyTrack:
    """What is known of one body, frame after frame."""

    def __init__(self, board: Board, body: MarkerBody, camera: CameraModel) -> None:
        self.name = body.name
        self._body, self._camera = body, camera
        self._sharpener = Sharpener(board, body, camera)
        corners = [marker.corners_mm for marker in body.markers]
        into = [np.cross(c[1] - c[0], c[3] - c[0]) for c in corners]
        self._corners_into = np.repeat(np.stack(into), 4, axis=0)
        self._last: Pose | None = None
        self._rival: np.ndarray | None = None
        self._motion: np.ndarray | None = None
        self._is_in_last_frame = False
        self._spread_px: float | None = None
        self._n_followed = 0

    def follow(self, before: np.ndarray | None, grey: np.ndarray, frame: CameraFrame) -> Pose | None:
        """The pose carried over from the last frame and refined; None when a search is needed."""
        last = self._last.camera_from_body if self._last is not None else None
        if before is None or last is None or not self._is_in_last_frame or not self._is_recent(frame.time_s):
            return None
        is_shown = looks_at_camera(last.matrix, self._body.corners_mm, self._corners_into)
        guess = last.matrix if self._motion is None else self._motion @ last.matrix
        carried = follow(before, grey, last.matrix, guess, self._body.corners_mm[is_shown], self._camera)
        if carried is None:
            return None
        spread_px = self._spread_px if self._n_followed % BLUR_EVERY else None
        rival = None if self._rival is None else carried[0] @ np.linalg.inv(last.matrix) @ self._rival
        sharp = self._sharpener.sharpen(grey, carried[0], rival, True, spread_px, carried[1])
        if sharp is None:
            return None
        self._n_followed += 1
        return self._take(sharp, frame)

    def acquire(self, seen: Observation | None, grey: np.ndarray, frame: CameraFrame) -> Pose:
        """The pose from a search's markers; STALE or LOST when they give none."""
        if seen is None:
            return self._unseen(frame, "no marker of the board is seen")
        solved = solve(seen, self._camera)
        if solved is None:
            return self._unseen(frame, "the markers seen do not fit the description of the board")
        solution, _ = solved
        # Corners alone are read some per cent too far away, and nothing else says whether the print is there.
        sharp = self._sharpener.sharpen(grey, solution.matrix, solution.rival)
        if sharp is None:
            return self._unseen(frame, UNREADABLE)
        self._n_followed = 0
        return self._take(sharp, frame)

    def last_box_px(self, time_s: float) -> np.ndarray | None:
        """Pixels (n, 2) of the body's corners where it was a moment ago; None when that is long ago."""
        last = self._last.camera_from_body if self._last is not None else None
        if last is None or not self._is_recent(time_s):
            return None
        pixels = self._camera.project(last.apply(self._body.corners_mm))
        return None if np.isnan(pixels).any() else pixels

    def _take(self, sharp: Sharp, frame: CameraFrame) -> Pose:
        sharp = self._settled(sharp, frame)
        last = self._last.camera_from_body if self._last is not None else None
        self._motion = None
        if last is not None and self._is_in_last_frame:
            self._motion = sharp.matrix @ np.linalg.inv(last.matrix)
        pose = Pose(
            frame.index,
            frame.time_s,
            self.name,
            PoseState.TRACKED,
            Transform(CAMERA, self.name, sharp.matrix),
            sharp.covariance,
            sharp.noise_px,
            self._sigma_mm(sharp),
            len(sharp.marker_ids),
            sharp.rival is not None,
            frame.time_s,
            self._camera.focal_error_percent is not None,
            AMBIGUOUS if sharp.rival is not None else "",
        )
        self._last, self._rival, self._is_in_last_frame = pose, sharp.rival, True
        self._spread_px = sharp.spread_px
        return pose

    def _settled(self, sharp: Sharp, frame: CameraFrame) -> Sharp:
        """Let the last sure pose choose between two: a body does not turn over within the stale time."""
        last = self._last
        if sharp.rival is None or last is None or last.is_ambiguous or last.camera_from_body is None:
            return sharp
        if not self._is_recent(frame.time_s):
            return sharp
        turns = [_turn_deg(last.camera_from_body.matrix, m) for m in (sharp.matrix, sharp.rival)]
        if turns[0] < NEARER * turns[1]:
            return replace(sharp, rival=None)
        if turns[1] < NEARER * turns[0]:
            return replace(sharp, matrix=sharp.rival, rival=None)
        return sharp

    def _sigma_mm(self, sharp: Sharp) -> float:
        """Expected error at 150 mm beside the body: noise, focal length, and half the way to a rival pose."""
        beside = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]]) * TARGET_MM + self._body.centre_mm
        noise = float(position_sigma_mm(sharp.matrix, sharp.covariance, beside).max())
        placed = beside @ sharp.matrix[:3, :3].T + sharp.matrix[:3, 3]
        focal = float(placed[:, 2].max()) * (self._camera.focal_error_percent or 0.0) / 100.0
        doubt = 0.0
        if sharp.rival is not None:
            other = beside @ sharp.rival[:3, :3].T + sharp.rival[:3, 3]
            doubt = float(np.linalg.norm(other - placed, axis=1).max()) / 2.0
        return float(np.sqrt(noise**2 + focal**2 + doubt**2))

    def _is_recent(self, time_s: float) -> bool:
        return self._last is not None and 0.0 <= time_s - self._last.time_s <= STALE_S + TIME_TOLERANCE_S

    def _unseen(self, frame: CameraFrame, reason: str) -> Pose:
        self._is_in_last_frame, self._motion = False, None
        last = self._last
        if last is not None and self._is_recent(frame.time_s):
            age_ms = (frame.time_s - last.time_s) * 1e3
            return replace(
                last,
                frame=frame.index,
                time_s=frame.time_s,
                state=PoseState.STALE,
                reason=f"{reason}; last measured {age_ms:.0f} ms ago",
            )
        self._last = self._rival = None
        return Pose(frame.index, frame.time_s, self.name, PoseState.LOST, reason=reason)


def _turn_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(a[:3, :3].T @ b[:3, :3])[0])))

"""Tracking over time: bodies are acquired by a search, then followed; never an old pose shown as a new one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ar.board.model import Board
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import Pose
from ar.tracking.detection import Detector, Observation
from ar.tracking.one_body import BodyTrack
from core.errors import PlannerError
from core.projection import CameraModel

# While other bodies are followed, a missing one is looked for in the whole picture only now and then.
SEARCH_EVERY = 3
REGION_PAD_PX, REGION_PAD_SHARE = 40.0, 0.15
MIN_REGION_PX = 32
STAGES = ("grey", "follow", "detect", "pose")


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

    def __init__(
        self, board: Board, camera: CameraModel, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Args: clock: what the milliseconds of the stages are read from, such as `time.process_time`."""
        self._camera, self._clock = camera, clock
        self._detector = Detector(board)
        self._tracks = [BodyTrack(board, body, camera) for body in board.bodies]
        self._before: np.ndarray | None = None
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
        clock = [self._clock()]
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        clock.append(self._clock())
        found = {
            track.name: pose
            for track in self._tracks
            if (pose := track.follow(self._before, grey, frame)) is not None
        }
        clock.append(self._clock())
        missing = [track for track in self._tracks if track.name not in found]
        seen = self._search(grey, frame, missing, bool(found)) if missing else {}
        clock.append(self._clock())
        for track in missing:
            found[track.name] = track.acquire(seen.get(track.name), grey, frame)
        self._before = grey
        self._n_frames += 1
        clock.append(self._clock())
        spent_ms = (float(ms) for ms in np.diff(clock) * 1e3)
        milliseconds = dict(zip(STAGES, spent_ms, strict=True))
        return TrackedFrame(frame, tuple(found[track.name] for track in self._tracks), milliseconds)

    def _search(
        self, grey: np.ndarray, frame: CameraFrame, missing: list[BodyTrack], are_others_seen: bool
    ) -> dict[str, Observation]:
        """Search where the missing bodies were a moment ago; the whole picture when that does not find them."""
        boxes = [box for track in missing if (box := track.last_box_px(frame.time_s)) is not None]
        if boxes:
            region = self._region(np.concatenate(boxes))
            if region is not None:
                seen = self._detector.detect(grey, region)
                if all(track.name in seen for track in missing):
                    return seen
        elif are_others_seen and self._n_frames % SEARCH_EVERY:
            return {}
        return self._detector.detect(grey)

    def _region(self, pixels: np.ndarray) -> tuple[slice, slice] | None:
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        pad = REGION_PAD_PX + REGION_PAD_SHARE * (high - low).max()
        size = (self._camera.width, self._camera.height)
        first = np.clip(np.floor(low - pad), 0, size).astype(int)
        last = np.clip(np.ceil(high + pad), 0, size).astype(int)
        if (last - first < MIN_REGION_PX).any():
            return None
        return slice(first[1], last[1]), slice(first[0], last[0])

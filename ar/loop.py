"""One turn of the AR loop: take the newest picture, track, place, draw; no Qt and no thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ar.frame import CameraFrame
from ar.poses import Pose
from ar.registration import Registration
from ar.source import Source
from ar.tracking import Tracker

Draw = Callable[[CameraFrame, Pose, Registration | None, dict[str, float]], np.ndarray]


@dataclass(frozen=True, eq=False)
class ArFrame:
    """What one turn of the loop has found.

    Attributes:
        frame: the picture as the lens gave it.
        poses: of all bodies, in the board's order.
        pose: of the body the patient is registered to; of the first body without a registration.
        registration: where the patient lies on that body; None when nothing is placed.
        rgb: the overlay, uint8 (height, width, 3); None when the loop does not draw.
        milliseconds: per stage: read, grey, follow, detect, pose, draw.
    """

    frame: CameraFrame
    poses: tuple[Pose, ...]
    pose: Pose
    registration: Registration | None
    rgb: np.ndarray | None = None
    milliseconds: dict[str, float] = field(default_factory=dict)

    @property
    def by_body(self) -> dict[str, Pose]:
        """The pose of every body of the board by its name: the reference on the patient and the tools."""
        return {pose.body: pose for pose in self.poses}

    @property
    def latency_ms(self) -> float:
        """From the picture's arrival to the finished overlay, in milliseconds."""
        return sum(ms for stage, ms in self.milliseconds.items() if stage != "read")


class ArLoop:
    """Source, tracker and, when given, a drawing function; `registration` may be replaced between turns."""

    def __init__(
        self,
        source: Source,
        tracker: Tracker,
        registration: Registration | None = None,
        draw: Draw | None = None,
    ) -> None:
        self._source, self._tracker, self._draw = source, tracker, draw
        self.registration = registration

    def step(self) -> ArFrame | None:
        """The next frame; None at the source's end. Raises PlannerError when source or tracker refuse."""
        started = time.perf_counter()
        frame = self._source.next_frame()
        if frame is None:
            return None
        read_ms = (time.perf_counter() - started) * 1e3
        tracked = self._tracker.track(frame)
        registration = self.registration
        body = registration.body_from_patient.to_frame if registration is not None else None
        pose = tracked.pose(body)
        milliseconds = {"read": read_ms, **tracked.milliseconds}
        rgb = None
        if self._draw is not None:
            started = time.perf_counter()
            rgb = self._draw(frame, pose, registration, milliseconds)
            milliseconds = {**milliseconds, "draw": (time.perf_counter() - started) * 1e3}
        return ArFrame(frame, tracked.poses, pose, registration, rgb, milliseconds)

    def __iter__(self) -> Iterator[ArFrame]:
        while (turn := self.step()) is not None:
            yield turn

    def close(self) -> None:
        """Close the source."""
        self._source.close()

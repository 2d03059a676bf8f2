"""Touches read off recorded poses: by the times that are given, or by where the tip was held, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ar.poses import Pose, PoseState
from ar.registration.touching import (
    MIN_FRAMES,
    TipReading,
    TouchCollector,
    TouchedPoint,
    TrailCollector,
    average,
    read_tip,
)
from core.errors import PlannerError

WHAT = "cannot read the touches"
# The tip must leave a place by this much before the next one counts.
APART_MM = 8.0
MAX_WANDER_MM = 3.0
Interval = tuple[float, float]


def poses_of(poses: Sequence[Pose], body: str) -> list[Pose]:
    """The poses of one body, in order. Raises PlannerError when it does not occur."""
    own = [pose for pose in poses if pose.body == body]
    if not own:
        names = ", ".join(sorted({pose.body for pose in poses})) or "none"
        raise PlannerError(
            WHAT, f"there is no body {body!r} (there are: {names})", "name the bodies of board.json"
        )
    return own


def during(poses: Sequence[Pose], interval: Interval) -> list[Pose]:
    """The poses from one time to another, seconds, both included."""
    return [pose for pose in poses if interval[0] <= pose.time_s <= interval[1]]


def tip_readings(
    poses: Sequence[Pose], pointer: str, reference: str, tip_mm: np.ndarray, tip_sigma_mm: float = 0.0
) -> list[TipReading]:
    """The tip in the reference's frame, of every frame in which both bodies are listed."""
    references = {pose.frame: pose for pose in poses_of(poses, reference)}
    return [
        read_tip(pose, references[pose.frame], tip_mm, tip_sigma_mm)
        for pose in poses_of(poses, pointer)
        if pose.frame in references
    ]


def touches_at(readings: Sequence[TipReading], times: Mapping[str, Interval]) -> dict[str, TouchedPoint]:
    """Each landmark's touch between two times in seconds.

    Raises:
        PlannerError: the tip was seen in too few frames, or moved.
    """
    found = {}
    for name, (start_s, end_s) in times.items():
        own = [r for r in readings if start_s <= r.time_s <= end_s and r.tip_mm is not None]
        if len(own) < MIN_FRAMES:
            why = f"the tip was seen in {len(own)} frames at {name}, {MIN_FRAMES} are needed"
            raise PlannerError(WHAT, why, "keep both markers in view, and give a longer time")
        point = average(own)
        if point.wander_mm > MAX_WANDER_MM:
            why = f"the tip moved by {point.wander_mm:.1f} mm at {name}"
            raise PlannerError(WHAT, why, "give the time in which it rested")
        found[name] = point
    return found


def held_places(readings: Sequence[TipReading]) -> list[TouchedPoint]:
    """The places where the tip was held for a second, one after the other, no place twice in a row."""
    collector, places = TouchCollector(), list[TouchedPoint]()
    for reading in readings:
        point = collector.add(reading).point
        if point is None:
            continue
        if places and np.linalg.norm(point.body_mm - places[-1].body_mm) < APART_MM:
            continue
        places.append(point)
    return places


def touches_in_order(readings: Sequence[TipReading], names: Sequence[str]) -> dict[str, TouchedPoint]:
    """The held places, named in the order in which the landmarks are listed.

    Raises:
        PlannerError: there are more or fewer held places than landmarks; guessing which is which is not allowed.
    """
    places = held_places(readings)
    if len(places) != len(names):
        raise PlannerError(
            WHAT,
            f"the tip was held at {len(places)} places, {len(names)} landmarks are listed",
            "give the times of each touch (--touches), or list the landmarks that were touched",
        )
    return dict(zip(names, places, strict=True))


def trail(readings: Sequence[TipReading], interval: Interval) -> np.ndarray:
    """Surface points (n, 3) in the reference's frame along the tip's way between two times."""
    collector = TrailCollector()
    for reading in readings:
        if interval[0] <= reading.time_s <= interval[1]:
            collector.add(reading)
    return collector.points_mm


def seen_share(poses: Sequence[Pose], body: str) -> float:
    """In which share (0-1) of the frames a body was measured."""
    own = poses_of(poses, body)
    return sum(pose.state is PoseState.TRACKED for pose in own) / len(own)

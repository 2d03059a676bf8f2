"""The pointer's tip seen from the patient's reference, and the point that is kept when it is held still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.poses import Pose, PoseState
from ar.registration.spread import motion_derivative

HOLD_S = 1.0
MIN_FRAMES = 10
MAX_WANDER_MM = 1.5
# Between two readings the tip may be lost for this long; afterwards the touch starts again.
MAX_GAP_S = 0.3
FRAMES_PER_FACT = 3.0
NO_COVARIANCE_MM = 0.5
TRAIL_STEP_MM = 2.0
TRAIL_SPEED_MM_S = 150.0


@dataclass(frozen=True, eq=False)
class TipReading:
    """The tip in one frame.

    Attributes:
        time_s: when the frame was taken.
        tip_mm: (3,) in the reference's frame; None when it is not known.
        sigma_mm: its expected error, root of the sum over the axes.
        reason: why there is none; empty otherwise.
    """

    time_s: float
    tip_mm: np.ndarray | None
    sigma_mm: float = 0.0
    reason: str = ""


@dataclass(frozen=True, eq=False)
class TouchedPoint:
    """A place that was held.

    Attributes:
        body_mm: (3,) in the reference's frame, the average without readings that disagree.
        sigma_mm: expected error along one axis.
        wander_mm: root mean square distance of the readings from it.
        n_frames: readings it rests on.
        from_s, to_s: when it was held.
    """

    body_mm: np.ndarray
    sigma_mm: float
    wander_mm: float
    n_frames: int
    from_s: float
    to_s: float


@dataclass(frozen=True, eq=False)
class TouchState:
    """How far a touch is: `done` 0 to 1, what to say, and the point when it is complete."""

    done: float
    message: str
    point: TouchedPoint | None = None


def read_tip(pointer: Pose, reference: Pose, tip_mm: np.ndarray, tip_sigma_mm: float = 0.0) -> TipReading:
    """The tip (3,) of a pointer in the reference's frame. Only what was measured in this very frame counts."""
    for pose in (reference, pointer):
        if pose.state is not PoseState.TRACKED:
            return TipReading(pose.time_s, None, reason=f"{pose.body} is not seen")
        if pose.is_ambiguous:
            return TipReading(pose.time_s, None, reason=f"{pose.body} is ambiguous: tilt it or show more of it")
    assert pointer.camera_from_body is not None
    assert reference.camera_from_body is not None
    at_camera = pointer.camera_from_body.apply(np.asarray(tip_mm)[None])
    variance = _variance(pointer, at_camera) + _variance(reference, at_camera) + tip_sigma_mm**2
    tip = reference.camera_from_body.inverse().apply(at_camera)[0]
    return TipReading(pointer.time_s, tip, float(np.sqrt(variance)))


def _variance(pose: Pose, at_camera_mm: np.ndarray) -> float:
    """Trace of the covariance in mm^2 that a pose gives to one point (1, 3) of the camera frame."""
    if pose.covariance is None or pose.camera_from_body is None:
        return NO_COVARIANCE_MM**2
    by_pose = motion_derivative(at_camera_mm, pose.camera_from_body.matrix[:3, 3])[0]
    return float(np.trace(by_pose @ pose.covariance @ by_pose.T))


class TouchCollector:
    """Gathers readings until the tip has been held still long enough; moving on starts it again."""

    def __init__(self, hold_s: float = HOLD_S, max_wander_mm: float = MAX_WANDER_MM) -> None:
        self._hold_s, self._max_wander_mm = hold_s, max_wander_mm
        self._readings: list[TipReading] = []

    def add(self, reading: TipReading) -> TouchState:
        """Take the next frame's reading."""
        if reading.tip_mm is None:
            if self._readings and reading.time_s - self._readings[-1].time_s > MAX_GAP_S:
                self._readings.clear()
            return TouchState(self._done(), reading.reason)
        if self._readings and reading.time_s - self._readings[-1].time_s > MAX_GAP_S:
            self._readings.clear()
        self._readings.append(reading)
        was_moving = self._drop_moved()
        if self._done() < 1.0:
            return TouchState(self._done(), "hold still: the tip moves" if was_moving else "hold still")
        point = average(self._readings)
        self._readings.clear()
        return TouchState(1.0, "taken", point)

    def restart(self) -> None:
        """Forget what was gathered."""
        self._readings.clear()

    def _drop_moved(self) -> bool:
        """Keep the readings since the tip came to rest: those near the middle of the newest ones."""
        tips = np.stack([r.tip_mm for r in self._readings if r.tip_mm is not None])
        # A single glitch must not end a touch, a real move has several readings away from the others.
        newest = np.median(tips[-5:], axis=0)
        is_away = np.linalg.norm(tips - newest, axis=1) > 2.0 * self._limit_mm()
        runs = np.flatnonzero(is_away[:-1] & is_away[1:])
        if not len(runs):
            return False
        last = int(runs[-1]) + 2
        if last >= len(tips):
            return False
        self._readings = self._readings[last:]
        return True

    def _limit_mm(self) -> float:
        noise = float(np.median([reading.sigma_mm for reading in self._readings]))
        return max(self._max_wander_mm, 2.0 * noise)

    def _done(self) -> float:
        if len(self._readings) < 2:
            return 0.0
        held_s = self._readings[-1].time_s - self._readings[0].time_s
        return float(min(1.0, held_s / self._hold_s, len(self._readings) / MIN_FRAMES))


def average(readings: list[TipReading]) -> TouchedPoint:
    """The place the readings agree on: their mean without those far from the median. Raises ValueError when empty."""
    seen = [reading for reading in readings if reading.tip_mm is not None]
    if not seen:
        raise ValueError("no reading of the tip")
    tips = np.stack([reading.tip_mm for reading in seen if reading.tip_mm is not None])
    distance = np.linalg.norm(tips - np.median(tips, axis=0), axis=1)
    keep = distance <= max(3.0 * 1.4826 * float(np.median(distance)), 1e-6)
    mean = tips[keep].mean(axis=0)
    wander = float(np.sqrt(((tips[keep] - mean) ** 2).sum(axis=1).mean()))
    n = int(keep.sum())
    noise = float(np.median([reading.sigma_mm for reading in seen]))
    # Averaging removes what differs from frame to frame, not what the frames share.
    scatter = wander / np.sqrt(max(n / FRAMES_PER_FACT, 1.0))
    sigma = float(np.sqrt((scatter**2 + noise**2) / 3.0))
    return TouchedPoint(mean, sigma, wander, n, seen[0].time_s, seen[-1].time_s)


class TrailCollector:
    """Places along the way of a tip that glides over a surface: evenly spaced, none while it jumps or is lost."""

    def __init__(self, step_mm: float = TRAIL_STEP_MM) -> None:
        self._step_mm = step_mm
        self._last: TipReading | None = None
        self._kept: list[np.ndarray] = []

    @property
    def points_mm(self) -> np.ndarray:
        """The places so far (n, 3), in the reference's frame."""
        return np.array(self._kept, dtype=np.float64).reshape(-1, 3)

    def add(self, reading: TipReading) -> bool:
        """Take the next frame's reading; True when its place was kept."""
        before, self._last = self._last, reading
        if reading.tip_mm is None or before is None or before.tip_mm is None:
            return False
        elapsed_s = reading.time_s - before.time_s
        way_mm = float(np.linalg.norm(reading.tip_mm - before.tip_mm))
        if not 0.0 < elapsed_s <= MAX_GAP_S or way_mm > TRAIL_SPEED_MM_S * elapsed_s:
            return False
        if self._kept and np.linalg.norm(reading.tip_mm - self._kept[-1]) < self._step_mm:
            return False
        self._kept.append(reading.tip_mm)
        return True

"""What is asked of a camera, and what its driver made of it: a driver may nod and do something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ar.opencv import cv2

# How V4L2 and the others say that exposure is set by hand.
MANUAL_V4L2, MANUAL_ELSEWHERE = 1.0, 0.25
NEAR = 0.02


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def isOpened(self) -> bool: ...

    def get(self, prop: int) -> float: ...

    def set(self, prop: int, value: float) -> bool: ...

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, np.ndarray]: ...

    def release(self) -> None: ...

    def getBackendName(self) -> str: ...


@dataclass(frozen=True)
class CameraSettings:
    """What is wanted of a camera; None leaves it as it is.

    Attributes:
        size: (width, height) in pixels.
        frames_per_s: rate.
        focus: the driver's value; given, autofocus is switched off.
        exposure: the driver's value; given, automatic exposure is switched off.
        lock: switch both automatics off at their present values: a focus that moves breaks the calibration.
    """

    size: tuple[int, int] | None = None
    frames_per_s: float | None = None
    focus: float | None = None
    exposure: float | None = None
    lock: bool = False


@dataclass(frozen=True)
class Applied:
    """One setting: its name, what was wanted, what the driver says now, and whether that is it."""

    name: str
    wanted: float
    found: float
    is_held: bool

    @property
    def words(self) -> str:
        """As it is reported."""
        return (
            f"{self.name} {self.found:g}"
            if self.is_held
            else f"{self.name} {self.found:g} (wanted {self.wanted:g})"
        )


@dataclass(frozen=True)
class CameraFacts:
    """An opened camera as it is.

    Attributes:
        name: for the user.
        size: (width, height) in pixels.
        frames_per_s: as its driver says; 30 where it does not.
        focus: the driver's value; None where it has none.
        is_focus_locked: whether autofocus is off; None where it cannot be told.
        applied: what was asked of it.
    """

    name: str
    size: tuple[int, int]
    frames_per_s: float
    focus: float | None = None
    is_focus_locked: bool | None = None
    applied: tuple[Applied, ...] = ()

    @property
    def refused(self) -> tuple[Applied, ...]:
        """The settings that the driver did not take."""
        return tuple(setting for setting in self.applied if not setting.is_held)


def apply_settings(capture: Capture, settings: CameraSettings) -> tuple[Applied, ...]:
    """Ask for the settings and read back what became of each."""
    manual = MANUAL_V4L2 if _backend(capture) == "V4L2" else MANUAL_ELSEWHERE
    wishes: list[tuple[str, int, float]] = []
    if settings.size is not None:
        # Many webcams give their large pictures at full rate as MJPEG only.
        capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*"MJPG")))
        wishes += [("width", cv2.CAP_PROP_FRAME_WIDTH, float(settings.size[0]))]
        wishes += [("height", cv2.CAP_PROP_FRAME_HEIGHT, float(settings.size[1]))]
    if settings.frames_per_s is not None:
        wishes.append(("rate", cv2.CAP_PROP_FPS, settings.frames_per_s))
    if settings.lock or settings.focus is not None:
        wishes.append(("autofocus", cv2.CAP_PROP_AUTOFOCUS, 0.0))
    if settings.focus is not None:
        wishes.append(("focus", cv2.CAP_PROP_FOCUS, settings.focus))
    if settings.lock or settings.exposure is not None:
        wishes.append(("automatic exposure", cv2.CAP_PROP_AUTO_EXPOSURE, manual))
    if settings.exposure is not None:
        wishes.append(("exposure", cv2.CAP_PROP_EXPOSURE, settings.exposure))
    # A queue of old pictures is lag; not every driver can do without.
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1.0)
    return tuple(_apply(capture, wishes))


def facts_of(capture: Capture, name: str, applied: tuple[Applied, ...], fallback_fps: float) -> CameraFacts:
    """What an opened camera says of itself."""
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    has_autofocus = next((s for s in applied if s.name == "autofocus"), None)
    focus = float(capture.get(cv2.CAP_PROP_FOCUS))
    return CameraFacts(
        name,
        (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))),
        fps if 0.1 <= fps <= 1000.0 else fallback_fps,
        # OpenCV answers 0 or -1 where there is no such control.
        focus if focus > 0.0 else None,
        None if has_autofocus is None else has_autofocus.is_held and focus > 0.0,
        applied,
    )


def _apply(capture: Capture, wishes: Sequence[tuple[str, int, float]]) -> list[Applied]:
    for _, prop, value in wishes:
        capture.set(prop, value)
    # Read back when all are set: a rate may fall when the size grows.
    found = [float(capture.get(prop)) for _, prop, _ in wishes]
    return [
        Applied(name, value, now, abs(now - value) <= NEAR * max(abs(value), 1.0))
        for (name, _, value), now in zip(wishes, found, strict=True)
    ]


def _backend(capture: Capture) -> str:
    try:
        return str(capture.getBackendName())
    except (cv2.error, AttributeError):
        return ""

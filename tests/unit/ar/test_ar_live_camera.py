"""A live camera that is unplugged, comes back, refuses settings or is closed, with a device that does as told."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import active_count

import numpy as np
import pytest

from ar.opencv import cv2
from ar.source import CameraSettings, Link, LiveCamera, open_source
from core.errors import PlannerError

MANUAL = 1.0


class Device:
    """A camera that gives `n_pictures`, then fails; a driver that keeps what `holds` allows."""

    def __init__(
        self, n_pictures: int, holds: Callable[[int], bool] = lambda prop: True, is_there: bool = True
    ) -> None:
        self.n_left, self.holds, self.is_there, self.is_released = n_pictures, holds, is_there, False
        self.values = {
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FPS: 30.0,
        }
        self.values |= {cv2.CAP_PROP_AUTOFOCUS: 1.0, cv2.CAP_PROP_AUTO_EXPOSURE: 3.0, cv2.CAP_PROP_FOCUS: 12.0}

    def isOpened(self) -> bool:
        return self.is_there

    def getBackendName(self) -> str:
        return "V4L2"

    def get(self, prop: int) -> float:
        return self.values.get(prop, -1.0)

    def set(self, prop: int, value: float) -> bool:
        if self.holds(prop):
            self.values[prop] = value
        return True

    def grab(self) -> bool:
        time.sleep(0.002)
        self.n_left -= 1
        return self.n_left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.zeros((4, 6, 3), np.uint8)

    def release(self) -> None:
        self.is_released = True


def _camera(devices: list[Device], **more: object) -> LiveCamera:
    waiting = iter(devices)
    return LiveCamera(0, opener=lambda: next(waiting), first_pause_s=0.01, **more)  # type: ignore[arg-type]


def test_a_camera_that_is_plugged_in_again_goes_on_with_the_same_settings() -> None:
    devices = [Device(3), Device(0, is_there=False), Device(0, is_there=False), Device(10**6)]
    with _camera(devices, settings=CameraSettings((1280, 720)), patience_s=3.0) as camera:
        frames = [camera.next_frame()]
        while camera.n_reopened == 0:
            frame = camera.next_frame()
            assert frame is not None
            frames.append(frame)
        assert camera.link is Link.LIVE
        assert camera.facts.size == (1280, 720)
    times = [frame.time_s for frame in frames if frame is not None]
    indices = [frame.index for frame in frames if frame is not None]
    assert times == sorted(times)
    assert len(set(indices)) == len(indices)
    assert all(device.is_released for device in devices)


def test_while_it_is_gone_that_is_said_and_no_old_picture_is_given() -> None:
    devices = [Device(2), *[Device(0, is_there=False) for _ in range(200)]]
    with _camera(devices, patience_s=0.1) as camera:
        time.sleep(0.2)
        with pytest.raises(PlannerError, match="sends no picture"):
            camera.next_frame()
        assert camera.link is Link.REOPENING
        with pytest.raises(PlannerError, match="sends no picture"):
            camera.next_frame()


def test_the_pauses_between_attempts_grow() -> None:
    tried: list[float] = []

    def opener() -> Device:
        tried.append(time.monotonic())
        return Device(1, is_there=len(tried) == 1)

    camera = LiveCamera(0, opener=opener, first_pause_s=0.02, patience_s=0.7)
    time.sleep(0.6)
    camera.close()
    pauses = np.diff(tried[1:])
    assert 3 <= len(pauses) <= 6
    assert (pauses[1:] > 1.4 * pauses[:-1]).all()


def test_one_failed_grab_is_not_a_pulled_plug() -> None:
    class Hiccup(Device):
        def grab(self) -> bool:
            return super().grab() and self.n_left % 5 != 0

    with _camera([Hiccup(10**6)]) as camera:
        for _ in range(20):
            assert camera.next_frame() is not None
        assert camera.n_reopened == 0
        assert camera.link is Link.LIVE


def test_pictures_that_nobody_asked_for_are_counted_as_dropped() -> None:
    with _camera([Device(10**6)]) as camera:
        camera.next_frame()
        time.sleep(0.1)
        camera.next_frame()
        assert camera.n_dropped > 5


@pytest.mark.parametrize("n_pictures", [10**6, 1])
def test_closing_leaves_no_thread_and_no_device_even_while_reopening(n_pictures: int) -> None:
    before, devices = active_count(), [Device(n_pictures), *[Device(0, is_there=False) for _ in range(500)]]
    camera = _camera(devices)
    camera.next_frame()
    time.sleep(0.05)
    camera.close()
    camera.close()
    assert active_count() == before
    assert devices[0].is_released
    assert camera.link is Link.CLOSED
    assert camera.next_frame() is None


def test_locked_settings_are_read_back_from_the_driver() -> None:
    settings = CameraSettings((1280, 720), 60.0, focus=30.0, exposure=120.0)
    with _camera([Device(10**6)], settings=settings) as camera:
        facts = camera.facts
    assert not facts.refused
    assert (facts.size, facts.frames_per_s, facts.focus, facts.is_focus_locked) == (
        (1280, 720),
        60.0,
        30.0,
        True,
    )
    held = {setting.name: setting.found for setting in facts.applied}
    assert held["automatic exposure"] == MANUAL
    assert held["exposure"] == 120.0


def test_a_driver_that_only_nods_is_reported() -> None:
    def holds(prop: int) -> bool:
        return prop not in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_AUTOFOCUS)

    with _camera([Device(10**6, holds)], settings=CameraSettings(frames_per_s=60.0, lock=True)) as camera:
        facts = camera.facts
    assert {setting.name for setting in facts.refused} == {"rate", "autofocus"}
    assert facts.is_focus_locked is False
    assert "rate 30 (wanted 60)" in [setting.words for setting in facts.refused]


def test_what_was_not_asked_for_is_left_alone() -> None:
    device = Device(10**6)
    with _camera([device]) as camera:
        assert camera.facts.applied == ()
        assert camera.facts.is_focus_locked is None
    assert device.values[cv2.CAP_PROP_AUTOFOCUS] == 1.0


def test_a_stream_that_is_not_there_is_refused_without_its_password() -> None:
    with pytest.raises(PlannerError, match="cannot open stream of 127") as refusal:
        open_source("rtsp://surgeon:secret@127.0.0.1:9/live")
    assert "secret" not in str(refusal.value)

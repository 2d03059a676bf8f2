from __future__ import annotations

import time
from pathlib import Path
from threading import Event, active_count

import numpy as np
import pytest

from ar.opencv import cv2
from ar.source import LiveCamera, frames_of, open_source
from ar.video import VideoWriter
from core.errors import PlannerError


class FakeCapture:
    """A device that delivers pictures whose grey level counts up, when `ticks` allow."""

    def __init__(self, n_pictures: int | None = None, period_s: float = 0.002) -> None:
        self.n_pictures, self.period_s, self.count = n_pictures, period_s, 0
        self.is_released = Event()

    def isOpened(self) -> bool:
        return True

    def set(self, prop: int, value: float) -> bool:
        return True

    def get(self, prop: int) -> float:
        return 0.0

    def grab(self) -> bool:
        time.sleep(self.period_s)
        self.count += 1
        return self.n_pictures is None or self.count <= self.n_pictures

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((4, 6, 3), self.count % 256, np.uint8)

    def release(self) -> None:
        self.is_released.set()


def test_a_slow_reader_gets_the_newest_picture_and_none_twice() -> None:
    device = FakeCapture()
    with LiveCamera(0, capture=device) as camera:
        first = camera.next_frame()
        time.sleep(0.1)
        latest = device.count
        second = camera.next_frame()
        third = camera.next_frame()
    assert first is not None
    assert second is not None
    assert third is not None
    assert second.index >= latest - 2
    assert second.index > first.index + 5
    assert third.index > second.index
    assert second.time_s - first.time_s > 0.05


def test_closing_a_camera_ends_its_thread_and_frees_the_device() -> None:
    before = active_count()
    device = FakeCapture()
    camera = LiveCamera(0, capture=device)
    camera.next_frame()
    camera.close()
    assert device.is_released.is_set()
    assert active_count() == before
    camera.close()


def test_an_unplugged_camera_is_a_refusal_not_a_frozen_picture() -> None:
    with LiveCamera(0, capture=FakeCapture(n_pictures=1)) as camera:
        assert camera.next_frame() is not None
        with pytest.raises(PlannerError, match="sends no picture"):
            camera.next_frame()


def test_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(PlannerError, match="cannot open camera 93"):
        open_source(93)


def test_a_video_gives_all_its_frames_in_order(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "v.avi", 25.0, (64, 48)) as video:
        for level in (10, 90, 200):
            video.write(np.full((48, 64, 3), level, np.uint8))
    source = open_source(tmp_path / "v.avi")
    assert source.n_frames == 3
    assert source.frames_per_s == 25.0
    frames = list(frames_of(source))
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.time_s for frame in frames] == [0.0, 0.04, 0.08]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == pytest.approx([10, 90, 200], abs=2)


def test_a_folder_of_pictures_is_read_in_the_order_of_names_in_rgb(tmp_path: Path) -> None:
    for name, bgr in (("b.png", (0, 0, 255)), ("a.png", (255, 0, 0)), ("note.txt", None)):
        if bgr is None:
            (tmp_path / name).write_text("no picture")
        else:
            cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), bgr, np.uint8))
    frames = list(frames_of(open_source(tmp_path)))
    assert [frame.image[0, 0].tolist() for frame in frames] == [[0, 0, 255], [255, 0, 0]]
    assert not frames[0].image.flags.writeable


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"this is no video")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.png").write_bytes(b"this is no picture")
    for name in ("v.mp4", "empty", "missing.avi"):
        with pytest.raises(PlannerError, match="cannot open"):
            open_source(tmp_path / name)
    with pytest.raises(PlannerError, match="it is not a picture"):
        list(frames_of(open_source(tmp_path / "bad.png")))


def test_a_video_of_an_unknown_kind_or_place_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "v.xyz", tmp_path / "missing" / "v.mp4"):
        with pytest.raises(PlannerError, match="cannot write"):
            VideoWriter(path, 30.0, (64, 48))

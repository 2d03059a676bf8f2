"""Where camera pictures come from: a live camera, a video, or a folder of pictures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Protocol

import numpy as np

from ar.frame import CameraFrame
from ar.opencv import cv2
from core.errors import PlannerError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
FALLBACK_FPS = 30.0
CAMERA_TIMEOUT_S = 5.0


class Source(Protocol):
    """Pictures, one after the other."""

    @property
    def n_frames(self) -> int | None:
        """How many there are in all; None for a live camera, or when the file does not say."""

    @property
    def frames_per_s(self) -> float:
        """How many there are in a second."""

    def next_frame(self) -> CameraFrame | None:
        """The next picture; None at the end. Raises PlannerError when the device fails."""

    def close(self) -> None:
        """Let the device or file go; may be called twice."""


def open_source(place: int | str | Path, size: tuple[int, int] | None = None) -> Source:
    """Open a camera by index, a video file, or a folder of pictures in the order of their names.

    Args:
        place: camera index, or a path.
        size: (width, height) wanted of a live camera; files have their own.

    Raises:
        PlannerError: there is no such camera or file, or it cannot be read.
    """
    if isinstance(place, int):
        return LiveCamera(place, size)
    path = Path(place)
    if path.is_dir():
        return PictureFolder(path)
    if not path.is_file():
        raise PlannerError(f"cannot open {path.name}", "there is no such file or folder", "check the path")
    if path.suffix.lower() in PICTURES:
        return PictureFolder(path.parent, [path])
    return VideoFile(path)


def frames_of(source: Source) -> Iterator[CameraFrame]:
    """All pictures of a source until its end; closes it."""
    try:
        while (frame := source.next_frame()) is not None:
            yield frame
    finally:
        source.close()


class VideoFile:
    """A video, every frame in order; its time is the file's own."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._video.isOpened():
            raise PlannerError(
                f"cannot open {path.name}", "it is not a video that can be decoded", "convert it to mp4"
            )
        fps = float(self._video.get(cv2.CAP_PROP_FPS))
        self._fps = fps if np.isfinite(fps) and 0.1 <= fps <= 1000.0 else FALLBACK_FPS
        count = int(self._video.get(cv2.CAP_PROP_FRAME_COUNT))
        self._n_frames = count if count > 0 else None
        self._index = 0

    @property
    def n_frames(self) -> int | None:
        return self._n_frames

    @property
    def frames_per_s(self) -> float:
        return self._fps

    def next_frame(self) -> CameraFrame | None:
        ok, picture = self._video.read()
        if not ok:
            if self._index == 0:
                raise PlannerError(f"cannot read {self._name}", "it holds no picture", "choose another file")
            return None
        frame = CameraFrame(_as_rgb(picture), self._index, self._index / self._fps)
        self._index += 1
        return frame

    def close(self) -> None:
        self._video.release()


class PictureFolder:
    """The pictures of a folder in the order of their names, as frames at a steady rate."""

    def __init__(self, folder: Path, files: list[Path] | None = None) -> None:
        self._files = files or sorted(f for f in folder.iterdir() if f.suffix.lower() in PICTURES)
        if not self._files:
            raise PlannerError(
                f"cannot open {folder.name}", "it holds no pictures", "choose a folder of PNG or JPEG files"
            )
        self._index = 0

    @property
    def n_frames(self) -> int | None:
        return len(self._files)

    @property
    def frames_per_s(self) -> float:
        return FALLBACK_FPS

    def next_frame(self) -> CameraFrame | None:
        if self._index >= len(self._files):
            return None
        path = self._files[self._index]
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if picture is None:
            raise PlannerError(f"cannot read {path.name}", "it is not a picture", "take it out of the folder")
        frame = CameraFrame(_as_rgb(picture), self._index, self._index / FALLBACK_FPS)
        self._index += 1
        return frame

    def close(self) -> None:
        self._index = len(self._files)


class LiveCamera:
    """A camera read in a thread of its own: always the newest picture, none twice, old ones dropped."""

    def __init__(
        self, index: int, size: tuple[int, int] | None = None, capture: cv2.VideoCapture | None = None
    ) -> None:
        """Open camera `index`; `capture` replaces the device in tests. Raises PlannerError without a camera."""
        self._name = f"camera {index}"
        self._capture = capture if capture is not None else _open_camera(index)
        if not self._capture.isOpened():
            self._capture.release()
            raise PlannerError(
                f"cannot open {self._name}",
                "no such camera, or another program holds it",
                "plug it in or close the other",
            )
        if size is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        # A queue of old pictures is lag; not every driver can do without.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._news = Condition()
        self._newest: CameraFrame | None = None
        self._is_open, self._has_failed = True, False
        self._started_s = time.monotonic()
        self._thread = Thread(target=self._read, name=f"auricle {self._name}", daemon=True)
        self._thread.start()

    @property
    def n_frames(self) -> int | None:
        return None

    @property
    def frames_per_s(self) -> float:
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        return fps if 0.1 <= fps <= 1000.0 else FALLBACK_FPS

    def next_frame(self) -> CameraFrame | None:
        with self._news:
            self._news.wait_for(
                lambda: self._newest is not None or self._has_failed or not self._is_open, CAMERA_TIMEOUT_S
            )
            frame, self._newest = self._newest, None
            is_open = self._is_open
        if frame is None and is_open:
            raise PlannerError(
                f"{self._name} sends no picture", "it was unplugged or stopped", "plug it in and open it again"
            )
        return frame

    def close(self) -> None:
        with self._news:
            self._is_open = False
            self._news.notify_all()
        self._thread.join(timeout=CAMERA_TIMEOUT_S)
        self._capture.release()

    def _read(self) -> None:
        index = 0
        while self._is_open:
            ok = self._capture.grab()
            taken_s = time.monotonic() - self._started_s
            picture = self._capture.retrieve()[1] if ok else None
            with self._news:
                if picture is None:
                    self._has_failed = True
                else:
                    self._newest = CameraFrame(_as_rgb(picture), index, taken_s)
                self._news.notify_all()
            if picture is None:
                return
            index += 1

    def __enter__(self) -> LiveCamera:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open_camera(index: int) -> cv2.VideoCapture:
    # OpenCV prints a page of warnings for a camera that is not there.
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(index)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _as_rgb(picture: np.ndarray) -> np.ndarray:
    code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, code))

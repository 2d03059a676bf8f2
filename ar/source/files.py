"""Pictures from files: a video, or a folder of pictures; every one in order, each with its own time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ar.frame import CameraFrame
from ar.opencv import cv2
from core.errors import PlannerError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
FALLBACK_FPS = 30.0


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
        frame = CameraFrame(as_rgb(picture), self._index, self._index / self._fps)
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
        frame = CameraFrame(as_rgb(picture), self._index, self._index / FALLBACK_FPS)
        self._index += 1
        return frame

    def close(self) -> None:
        self._index = len(self._files)


def as_rgb(picture: np.ndarray) -> np.ndarray:
    """OpenCV's picture (height, width[, 3]), grey or bgr, as rgb."""
    code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, code))

"""Videos out: lossless for truth, small for viewing."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np

from ar.opencv import cv2
from core.errors import PlannerError

_CODECS = {".mp4": "mp4v", ".avi": "FFV1", ".mkv": "FFV1"}


class VideoWriter:
    """Writes rgb pictures; ``.mp4`` is small, ``.avi`` and ``.mkv`` are lossless."""

    def __init__(self, path: Path, frames_per_s: float, size: tuple[int, int]) -> None:
        """Open a video of `size` (width, height). Raises PlannerError when it cannot be written."""
        self._path, self._size = Path(path), size
        codec = _CODECS.get(self._path.suffix.lower())
        if codec is None:
            raise PlannerError(
                f"cannot write {self._path.name}", "its kind is not known", "end the name in .mp4, .avi or .mkv"
            )
        if not self._path.parent.is_dir():
            raise PlannerError(
                f"cannot write {self._path.name}", "its folder does not exist", "make the folder first"
            )
        code = cv2.VideoWriter.fourcc(*codec)
        self._writer = cv2.VideoWriter(str(self._path), cv2.CAP_FFMPEG, code, frames_per_s, size)
        if not self._writer.isOpened():
            raise PlannerError(
                f"cannot write {self._path.name}", "the video encoder did not open", "choose another folder"
            )

    def write(self, rgb: np.ndarray) -> None:
        """Append one picture, uint8 (height, width, 3). Raises ValueError when its size differs."""
        if rgb.shape != (self._size[1], self._size[0], 3):
            raise ValueError(f"the video is {self._size}, the picture {rgb.shape[1::-1]}")
        self._writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        """Finish the file."""
        self._writer.release()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

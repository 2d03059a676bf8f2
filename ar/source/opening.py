"""One door to every source of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ar.frame import CameraFrame
from ar.source.camera import CAMERA_TIMEOUT_S, LiveCamera, is_url
from ar.source.files import PICTURES, PictureFolder, VideoFile
from ar.source.settings import CameraSettings
from core.errors import PlannerError


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


def open_source(
    place: int | str | Path,
    size: tuple[int, int] | None = None,
    settings: CameraSettings | None = None,
    patience_s: float = CAMERA_TIMEOUT_S,
) -> Source:
    """Open a camera by index, a stream by URL, a video file, or a folder of pictures in the order of their names.

    Args:
        place: camera index, URL (rtsp, http), or a path.
        size: (width, height) wanted of a live camera; files have their own.
        settings: all that is wanted of a live camera, in place of `size`.
        patience_s: how long a live camera may send nothing before `next_frame` says so.

    Raises:
        PlannerError: there is no such camera or file, or it cannot be read.
    """
    if isinstance(place, int) or (isinstance(place, str) and is_url(place)):
        return LiveCamera(place, size, settings=settings, patience_s=patience_s)
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

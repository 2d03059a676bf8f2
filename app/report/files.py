"""Pictures and videos written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from core.staging import staged


def write_png(rgb: np.ndarray, path: Path) -> None:
    """Write uint8 RGB (height, width, 3) as PNG. Raises PlannerError when the place cannot be written."""
    with staged(path) as stage:
        Image.fromarray(rgb).save(stage, format="PNG")


def write_video(
    pictures: Iterable[np.ndarray], path: Path, frames_per_s: float, size_px: tuple[int, int]
) -> None:
    """Write pictures (height, width, 3) of one size as a video; nothing is left when it does not come to its end.

    Raises:
        PlannerError: the place cannot be written, or there is no encoder.
    """
    from ar.video import VideoWriter

    with staged(path) as stage, VideoWriter(stage, frames_per_s, size_px) as video:
        for picture in pictures:
            video.write(picture)

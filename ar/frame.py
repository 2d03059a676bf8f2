"""One picture from a camera, and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """A picture as the lens gave it.

    Attributes:
        image: uint8 (height, width, 3) rgb, read-only.
        index: number of the frame in its source, from 0.
        time_s: when it was taken, in seconds on the source's own clock.
    """

    image: np.ndarray
    index: int
    time_s: float

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise ValueError("a frame is uint8 with the shape (height, width, 3)")
        image = self.image.view()
        image.setflags(write=False)
        object.__setattr__(self, "image", image)

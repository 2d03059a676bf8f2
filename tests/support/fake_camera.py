"""A camera that does as told: shows given pictures, is pulled out, and comes back."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from ar.opencv import cv2


class FakeCamera:
    """Stands in the place of `cv2.VideoCapture`: its pictures in turn, `n_pictures` of them, then silence.

    Opening it again is a new one. Pictures are uint8 (height, width, 3) rgb.
    """

    def __init__(
        self,
        pictures: Sequence[np.ndarray],
        n_pictures: int | None = None,
        focus: float = 12.0,
        is_there: bool = True,
        interval_s: float = 0.05,
    ) -> None:
        self._pictures, self._n_left, self._is_there = pictures, n_pictures, is_there
        self._n_taken, self._interval_s = 0, interval_s
        height, width = pictures[0].shape[:2]
        self.values = {
            cv2.CAP_PROP_FRAME_WIDTH: float(width),
            cv2.CAP_PROP_FRAME_HEIGHT: float(height),
            cv2.CAP_PROP_FPS: 30.0,
            cv2.CAP_PROP_FOCUS: focus,
            cv2.CAP_PROP_AUTOFOCUS: 1.0,
        }

    def isOpened(self) -> bool:
        return self._is_there

    def getBackendName(self) -> str:
        return "V4L2"

    def get(self, prop: int) -> float:
        return self.values.get(prop, -1.0)

    def set(self, prop: int, value: float) -> bool:
        """This driver obeys no wish for another size, as many do."""
        if prop not in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT):
            self.values[prop] = value
        return True

    def grab(self) -> bool:
        time.sleep(self._interval_s)
        if self._n_left is not None:
            self._n_left -= 1
            return self._n_left >= 0
        return True

    def retrieve(self) -> tuple[bool, np.ndarray]:
        picture = self._pictures[self._n_taken % len(self._pictures)]
        self._n_taken += 1
        return True, np.ascontiguousarray(picture[..., ::-1])

    def release(self) -> None:
        self._is_there = False

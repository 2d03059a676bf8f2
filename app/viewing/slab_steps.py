"""A thick slab in steps: a rough picture while one scrolls, the full one in strips of rows as soon as one rests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.slices import Frame, grey_picture
from app.state import State
from core.volume import Volume
from plan.items import as_point

# Values read of a volume in some 20 ms on a quiet core; a picture that needs more is made in steps.
MOST_SAMPLES = 800_000


def is_slow(volume: Volume, frame: Frame) -> bool:
    """Whether a slab takes too long for one step of scrolling."""
    return frame.slab.is_thick and _n_samples(volume, frame) > MOST_SAMPLES


def rough_frame(volume: Volume, frame: Frame) -> tuple[Frame, int]:
    """A frame of larger pixels that begins in the same corner and covers the same, and by how much they are larger."""
    factor = int(np.ceil(np.sqrt(_n_samples(volume, frame) / MOST_SAMPLES)))
    width, height = (-(-side // factor) for side in frame.size_px)
    beyond_px = factor * np.array([width, height]) - frame.size_px
    plane = _shifted(frame, *(beyond_px / 2.0))
    return replace(plane, size_px=(width, height), spacing_mm=factor * frame.spacing_mm), factor


def strip(frame: Frame, first_row: int, n_rows: int) -> Frame:
    """The frame of some rows of a picture."""
    width, height = frame.size_px
    moved = _shifted(frame, 0.0, first_row + (n_rows - height) / 2.0)
    return replace(moved, size_px=(width, n_rows))


class Strips:
    """The full picture of a slab, made strip by strip."""

    def __init__(self, state: State, frame: Frame) -> None:
        assert state.volume is not None
        self._state, self._frame = state, frame
        self._done: list[np.ndarray] = []
        self._n_done = 0
        per_row = _n_samples(state.volume, frame) / frame.size_px[1]
        self._n_rows = max(1, int(MOST_SAMPLES / 4 / per_row))

    def advance(self) -> np.ndarray | None:
        """Make the next strip; the whole picture, grey uint8 (height, width), once it was the last one."""
        n_rows = min(self._n_rows, self._frame.size_px[1] - self._n_done)
        grey = grey_picture(self._state, strip(self._frame, self._n_done, n_rows))
        assert grey is not None
        self._done.append(grey)
        self._n_done += n_rows
        return np.concatenate(self._done) if self._n_done == self._frame.size_px[1] else None


def _n_samples(volume: Volume, frame: Frame) -> float:
    width, height = frame.size_px
    return width * height * (1.0 + frame.slab.thickness_mm / float(volume.spacing_mm.min()))


def _shifted(frame: Frame, right_px: float, down_px: float) -> Frame:
    plane = frame.plane
    away = right_px * np.array(plane.right) + down_px * np.array(plane.down)
    origin = as_point(np.array(plane.origin_mm) + frame.spacing_mm * away)
    return replace(frame, plane=replace(plane, origin_mm=origin))

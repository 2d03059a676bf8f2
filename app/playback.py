"""What can be played: the phases of a series or the frames of a clip, loaded one at a time within a bound."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from app.clips import OpenClip
from core.clip import Clip
from core.progress import Progress
from core.study import Series
from core.volume import Volume

Moment = Volume | np.ndarray
MEMORY_BYTES = 1_500_000_000
# Of a series that does not say its times: about one heartbeat, and about what a recorder makes.
ASSUMED_CYCLE_S = 1.0
ASSUMED_FRAMES_PER_S = 15.0
SPEEDS = (0.25, 0.5, 1.0, 2.0)
_MILLISECONDS = re.compile(r"(\d+(?:\.\d+)?) ?ms")


@dataclass(frozen=True)
class Playback:
    """How moments follow each other on the screen; `speed` is 1 for the speed of life."""

    is_playing: bool = False
    is_looping: bool = True
    speed: float = 1.0


@dataclass(frozen=True)
class Times:
    """When each moment begins, from the first (n,), and how long all of them last; `is_known` from the data."""

    starts_s: tuple[float, ...]
    duration_s: float
    is_known: bool

    def moment_at(self, elapsed_s: float) -> int:
        """The moment that is on the screen after some time; the last one beyond the end."""
        return max(bisect_right(self.starts_s, elapsed_s + 1e-9) - 1, 0)


@dataclass(frozen=True, eq=False)
class Reel:
    """The moments of one series or clip; `load` reads one of them, in a thread."""

    key: str
    times: Times
    load: Callable[[int, Progress], Moment]

    @property
    def n_moments(self) -> int:
        """How many there are."""
        return len(self.times.starts_s)


def reel_of_series(series: Series) -> Reel:
    """The phases of a series."""

    def load(phase: int, progress: Progress) -> Volume:
        from imaging.slices.load import load_series

        return load_series(series, phase, progress)

    return Reel(key_of_series(series), times_of_phases(series), load)


def reel_of_clip(clip: OpenClip) -> Reel:
    """The frames of a clip."""
    return Reel(clip.key, times_of_frames(clip.clip), lambda index, _: clip.clip.frame(index))


def key_of_series(series: Series) -> str:
    """Tells the phases of one series from those of every other one."""
    return f"phases of {series.series_uid}"


def times_of_phases(series: Series) -> Times:
    """Times of the phases where their labels give milliseconds; else phases spread evenly over one second."""
    found = [_MILLISECONDS.fullmatch(label) for label in series.phase_labels]
    known = tuple(float(match[1]) / 1e3 for match in found if match)
    return _times(known, series.n_phases, ASSUMED_CYCLE_S)


def times_of_frames(clip: Clip) -> Times:
    """Times of the frames as the clip gives them; else 15 frames in a second."""
    return _times(clip.frame_times_s, clip.n_frames, clip.n_frames / ASSUMED_FRAMES_PER_S)


def wanted(current: int, n_moments: int, bytes_each: int, limit: int = MEMORY_BYTES) -> tuple[int, ...]:
    """The moments to keep, in the order in which they are played from `current` on, as many as fit the limit."""
    n_kept = n_moments if bytes_each <= 0 else min(max(limit // bytes_each, 1), n_moments)
    return tuple((current + step) % n_moments for step in range(n_kept))


class MomentCache:
    """Moments that are loaded. What is not wanted any more is dropped first."""

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        self._limit = limit
        self._kept: dict[int, Moment] = {}

    @property
    def kept(self) -> Mapping[int, Moment]:
        """The moments that are here."""
        return self._kept

    @property
    def bytes_kept(self) -> int:
        """What they take in memory."""
        return sum(map(bytes_of, self._kept.values()))

    def clear(self) -> None:
        """Drop everything."""
        self._kept.clear()

    def put(self, index: int, moment: Moment) -> None:
        """Keep one."""
        self._kept[index] = moment

    def missing(self, current: int, n_moments: int, failed: Iterable[int]) -> int | None:
        """The next moment to load, after dropping those that are too far ahead; None when all are here."""
        if not self._kept:
            return current
        largest = max(map(bytes_of, self._kept.values()))
        order = wanted(current, n_moments, largest, self._limit)
        for index in self._kept.keys() - set(order):
            del self._kept[index]
        skipped = set(failed)
        return next((index for index in order if index not in self._kept and index not in skipped), None)


def bytes_of(moment: Moment) -> int:
    """What a moment takes in memory."""
    return moment.voxels.nbytes if isinstance(moment, Volume) else moment.nbytes


def _times(known: tuple[float, ...], n_moments: int, assumed_s: float) -> Times:
    steps = np.diff(known)
    if n_moments > 1 and len(known) == n_moments and np.isfinite(known).all() and (steps > 0).all():
        starts = tuple(float(time - known[0]) for time in known)
        return Times(starts, starts[-1] + float(np.median(steps)), True)
    return Times(tuple(i * assumed_s / n_moments for i in range(n_moments)), assumed_s, False)

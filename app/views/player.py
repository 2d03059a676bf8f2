"""Loads phases and frames in the background and says when each is due; the GUI thread waits for none of them."""

from __future__ import annotations

import time

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.jobs import JobRunner
from app.playback import (
    Moment,
    MomentCache,
    Playback,
    Reel,
    key_of_series,
    reel_of_clip,
    reel_of_series,
)
from app.state import State
from core.errors import PlannerError
from core.progress import Progress

TICK_MS = 10


class Player(QObject):
    """Keeps the moments of what is open within a memory bound; emits the one to be shown now."""

    due = pyqtSignal(int, object)
    ended = pyqtSignal()
    refused = pyqtSignal(object)
    filled = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cache = MomentCache()
        self.jobs = JobRunner(self)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._reel: Reel | None = None
        self._key = ""
        self._playback = Playback()
        self._current = 0
        self._sought: int | None = None
        self._failed: set[int] = set()
        self._loading: int | None = None
        self._began_s = 0.0
        self._is_filled = False

    @property
    def is_waiting(self) -> bool:
        """True while a moment that was asked for is still being loaded."""
        return self._sought is not None

    def show_state(self, state: State) -> None:
        """Follow what is open, what is shown of it, and whether it plays."""
        key = _key_of(state)
        if key != self._key:
            self._key = key
            self._begin(_reel_of(state))
        content = state.clip.pixels if state.clip is not None else state.volume
        if self._reel is None or content is None:
            return
        self.cache.put(state.moment, content)
        self._current = state.moment
        self._play(state.playback)
        self._load_next()

    def seek(self, moment: int) -> None:
        """Show this moment as soon as it is loaded; it is the next to be."""
        if self._reel is None or not 0 <= moment < self._reel.n_moments:
            return
        self._failed.discard(moment)
        self._sought = moment
        if moment in self.cache.kept:
            self._show(moment)
        elif self._loading != moment:
            self.jobs.cancel()
            self._loading = None
            self._load_next()

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        self._timer.stop()
        self._reel = None
        return self.jobs.close(timeout_s)

    def _begin(self, reel: Reel | None) -> None:
        self.jobs.cancel()
        self._timer.stop()
        self._reel = reel if reel is not None and reel.n_moments > 1 else None
        self.cache.clear()
        self._failed.clear()
        self._sought = self._loading = None
        self._is_filled = False
        self._playback = Playback()

    def _load_next(self) -> None:
        reel = self._reel
        if reel is None or self._loading is not None:
            return
        start = self._current if self._sought is None else self._sought
        index = self.cache.missing(start, reel.n_moments, self._failed)
        if index is None:
            self._tell_filled(reel)
            return
        self._loading = index

        def work(progress: Progress) -> Moment:
            return reel.load(index, progress)

        self.jobs.start(
            "Loading", work, lambda moment: self._keep(index, moment), lambda error: self._drop(index, error)
        )

    def _keep(self, index: int, moment: Moment) -> None:
        self._loading = None
        self.cache.put(index, moment)
        if index == self._sought:
            self._show(index)
        self._load_next()

    def _drop(self, index: int, error: PlannerError) -> None:
        self._loading = None
        self._failed.add(index)
        if index == self._sought:
            self._sought = None
            self.refused.emit(error)
        self._load_next()

    def _show(self, index: int) -> None:
        self._sought = None
        self.due.emit(index, self.cache.kept[index])
        if self._timer.isActive():
            self._hold()

    def _tell_filled(self, reel: Reel) -> None:
        if not self._is_filled and len(self.cache.kept) == reel.n_moments:
            self._is_filled = True
            self.filled.emit(reel.key)

    def _play(self, playback: Playback) -> None:
        is_new = playback != self._playback
        self._playback = playback
        if not playback.is_playing:
            self._timer.stop()
        elif is_new:
            self._hold()
            self._timer.start()

    def _hold(self) -> None:
        """Let the clock run on from the moment that is shown."""
        assert self._reel is not None
        starts_s = self._reel.times.starts_s
        is_at_end = self._current == len(starts_s) - 1 and not self._playback.is_looping
        start_s = 0.0 if is_at_end and not self._timer.isActive() else starts_s[self._current]
        self._began_s = time.monotonic() - start_s / self._playback.speed

    def _tick(self) -> None:
        reel = self._reel
        if reel is None:
            self._timer.stop()
            return
        elapsed_s = (time.monotonic() - self._began_s) * self._playback.speed
        if elapsed_s >= reel.times.duration_s and not self._playback.is_looping:
            self._timer.stop()
            last = reel.n_moments - 1
            if last != self._current and last in self.cache.kept:
                self.due.emit(last, self.cache.kept[last])
            self.ended.emit()
            return
        moment = reel.times.moment_at(elapsed_s % reel.times.duration_s)
        if moment == self._current:
            return
        if moment in self.cache.kept:
            self.due.emit(moment, self.cache.kept[moment])
            return
        # Not here yet: the heart waits rather than skips, unless this one cannot be read at all.
        following = (self._current + 1) % reel.n_moments
        while following in self._failed and following != self._current:
            following = (following + 1) % reel.n_moments
        if following in self.cache.kept and following != self._current:
            self.due.emit(following, self.cache.kept[following])
        self._hold()


def _key_of(state: State) -> str:
    if state.clip is not None:
        return state.clip.key
    return key_of_series(state.series) if state.series is not None and state.volume is not None else ""


def _reel_of(state: State) -> Reel | None:
    if state.clip is not None:
        return reel_of_clip(state.clip)
    return reel_of_series(state.series) if state.series is not None and state.volume is not None else None

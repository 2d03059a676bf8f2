"""Looks for ED and ES once all phases of a series are loaded, out of the user's way."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal

from app import cycle
from app.jobs import JobRunner
from app.playback import MomentCache, key_of_series
from app.state import State


class CycleSuggester(QObject):
    """Emits a series with the phases that look like its ED and ES; silent where the images do not tell."""

    suggested = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = JobRunner(self)

    def look(self, state: State, cache: MomentCache, key: str) -> None:
        """Look at the phases that are in the cache, when they are still those of the open series."""
        series = state.series
        if series is None or key != key_of_series(series) or state.clip is not None:
            return
        work = cycle.work_of(state, series, dict(cache.kept))
        # A suggestion that cannot be made is no trouble of the user's.
        self.jobs.start("Suggesting phases", work, self._tell(series), lambda _: None)

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        return self.jobs.close(timeout_s)

    def _tell(self, series: object) -> Callable[[object], None]:
        return lambda suggestions: self.suggested.emit(series, suggestions)

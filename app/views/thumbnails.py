"""Thumbnails made one after the other, out of the user's way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.jobs import JobRunner
from core.errors import PlannerError
from core.progress import Progress
from core.study import ScanResult, Series


class Thumbnails(QObject):
    """Makes the thumbnails of a scan; emits each as it is ready."""

    made = pyqtSignal(str, object)

    def __init__(self, size: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self._jobs = JobRunner(self)
        self._waiting: Iterator[Series] = iter(())

    def make(self, scan: ScanResult | None) -> None:
        """Make those of this scan, and no others any more."""
        self._waiting = iter(scan.series if scan else ())
        self._next()

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        self._waiting = iter(())
        return self._jobs.close(timeout_s)

    def _next(self) -> None:
        series = next(self._waiting, None)
        if series is None:
            return

        def work(progress: Progress) -> np.ndarray | None:
            from imaging.thumbnail import thumbnail

            try:
                return thumbnail(series, self._size)
            except PlannerError:
                return None  # The series says itself why it cannot be read when it is opened.

        self._jobs.start("Thumbnail", work, lambda grey: self._show(series, grey), lambda _: self._next())

    def _show(self, series: Series, grey: np.ndarray | None) -> None:
        if grey is not None:
            self.made.emit(series.series_uid, grey)
        self._next()

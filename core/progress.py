"""How long work tells where it is, and where it learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from core.errors import Cancelled


class Progress(Protocol):
    """Receives reports of long work. It knows no thread and no Qt."""

    def report(self, stage: str, done: float) -> None:
        """Say that `stage` is `done` (0 to 1). Raises `Cancelled` when the work should stop."""


class Silent:
    """Progress that nobody watches and nobody cancels."""

    def report(self, stage: str, done: float) -> None:
        """Ignore the report."""


class Reporting:
    """Progress that forwards each report and stops the work when `is_cancelled` says so."""

    def __init__(
        self, on_report: Callable[[str, float], None], is_cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        self._on_report = on_report
        self._is_cancelled = is_cancelled

    def report(self, stage: str, done: float) -> None:
        """Forward the report. Raises `Cancelled` first when the work should stop."""
        if self._is_cancelled():
            raise Cancelled(stage)
        self._on_report(stage, min(max(done, 0.0), 1.0))

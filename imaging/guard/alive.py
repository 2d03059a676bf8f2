"""How honest long work in the child says that it goes on, so that only silence counts as hanging."""

from __future__ import annotations

import time
from collections.abc import Callable

from imaging.guard.limits import start_clock

EVERY_S = 1.0
LONGEST_S = 60.0
"""After so long nothing is said any more, and the limit for silence ends what has not ended by itself."""

_say: Callable[[], None] = lambda: None  # noqa: E731


def connect(say: Callable[[], None]) -> None:
    """From now on `say` sends the sign of life. Only the child process does this."""
    global _say
    _say = say


class Alive:
    """Progress inside the child: each report may be a sign of life, and gives the next piece of work its time."""

    def __init__(self) -> None:
        self._began = self._said = time.monotonic()

    def report(self, stage: str, done: float) -> None:
        """Say so at most once a second, for at most `LONGEST_S` in all."""
        now = time.monotonic()
        if now - self._said > EVERY_S and now - self._began < LONGEST_S:
            self._said = now
            _say()
            start_clock()

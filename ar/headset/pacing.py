"""How often viewers are told of new surfaces: each one is work for them, and a moving heart has many a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ar.headset.limits import SURFACES_PAUSE_S


class Pace:
    """Tells new surfaces of one patient space every `SURFACES_PAUSE_S`, the newest only; all else at once.

    For the thread of its loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._space = ""
        self._names: frozenset[str] = frozenset()
        self._told_s = -SURFACES_PAUSE_S

    def offer(self, space: str, names: frozenset[str], tell: Callable[[], None]) -> None:
        """Run `tell` as soon as it may; what was to be told and was not yet is dropped."""
        self.close()
        # Another patient's heart never waits: until then the one before would be seen.
        may_wait = space == self._space and names != self._names
        wait_s = self._told_s + SURFACES_PAUSE_S - self._loop.time() if may_wait else 0.0
        if wait_s <= 0.0:
            self._tell(space, names, tell)
        else:
            self._timer = self._loop.call_later(wait_s, self._tell, space, names, tell)

    def close(self) -> None:
        """Tell nothing more of what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, space: str, names: frozenset[str], tell: Callable[[], None]) -> None:
        if names != self._names:
            self._told_s = self._loop.time()
        self._timer, self._space, self._names = None, space, names
        tell()

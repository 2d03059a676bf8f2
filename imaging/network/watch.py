"""Work that waits for a network: run beside a thread that reports it, ends it when cancelled, and when it stalls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from core.progress import Progress

ResultT = TypeVar("ResultT")
POLL_S = 0.05
LONGEST_GOODBYE_S = 0.6
"""With one poll, and what a socket needs to close, a cancel is felt well within a second."""


class Pulse:
    """What the working thread tells the waiting one: the stage, what is done, and that it is alive."""

    def __init__(self, stage: str) -> None:
        self._stage, self._n_done, self._n_total = stage, 0, 0
        self._beat_s = time.monotonic()
        self.is_stopped = False
        self.idle_limit_s: float | None = None

    def beat(self) -> None:
        """Something came or went."""
        self._beat_s = time.monotonic()

    def tell(self, n_done: int, n_total: int | None = None) -> None:
        """Say that `n_done` of `n_total` (0: not known; None: as before) are done."""
        self._n_done = n_done
        self._n_total = self._n_total if n_total is None else n_total
        self.beat()

    @property
    def is_stalled(self) -> bool:
        """True when nothing came for longer than is allowed now."""
        return self.idle_limit_s is not None and time.monotonic() - self._beat_s > self.idle_limit_s

    def report(self, progress: Progress) -> None:
        """Pass on where the work is. Raises Cancelled."""
        counts = f" {self._n_done} of {self._n_total}" if self._n_total else ""
        counts = counts or (f" {self._n_done}" if self._n_done else "")
        progress.report(f"{self._stage}{counts}", self._n_done / self._n_total if self._n_total else 0.0)


def watched(
    work: Callable[[], ResultT],
    pulse: Pulse,
    progress: Progress,
    stop: Callable[[], None],
    stalled: Callable[[], Exception],
) -> ResultT:
    """Run `work` in a thread of its own and wait for it here, reporting often.

    When `progress` cancels or the pulse stalls, `stop` is called, which must make `work` end soon; a thread that
    still hangs in a system call is left to end by its own timeouts, and what it brings is dropped.

    Raises Cancelled, what `stalled` makes, or what `work` raised.
    """
    outcome: list[ResultT] = []
    failure: list[BaseException] = []
    finished = threading.Event()

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)
        finally:
            finished.set()

    thread = threading.Thread(target=run, name="network", daemon=True)
    thread.start()
    try:
        while not finished.wait(POLL_S):
            pulse.report(progress)
            if pulse.is_stalled:
                raise stalled()
    except BaseException:
        pulse.is_stopped = True
        stop()
        thread.join(LONGEST_GOODBYE_S)
        raise
    thread.join()
    if failure:
        raise failure[0]
    pulse.report(progress)
    return outcome[0]

"""The one bridge between long work and Qt: work runs in a thread, its end arrives in the GUI thread, once."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from core.errors import Cancelled, PlannerError
from core.progress import Progress, Reporting

ResultT = TypeVar("ResultT")
# Often enough to be believed; each report repaints a part of the window.
REPORT_INTERVAL_S = 0.1


class Ending(Enum):
    """How a job ended; every job ends as exactly one of these."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(QObject):
    """One piece of work. All its signals arrive in the thread that made it.

    Cancelling ends the job at once for the user; its thread stops at its next report, and what it still
    brings is dropped.
    """

    progressed = pyqtSignal(str, float)
    succeeded = pyqtSignal(object)
    failed = pyqtSignal(object)
    cancelled = pyqtSignal()
    ended = pyqtSignal(object)
    _arrived = pyqtSignal(object, object)
    _reported = pyqtSignal(str, float)

    def __init__(
        self,
        title: str,
        work: Callable[[Progress], object],
        parent: QObject | None = None,
        report_interval_s: float = REPORT_INTERVAL_S,
    ) -> None:
        super().__init__(parent)
        self._report_interval_s = report_interval_s
        self.title = title
        self.ending: Ending | None = None
        self._work = work
        self._stop = threading.Event()
        self._last_report_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"job {title}", daemon=True)
        # Emitted in the job's thread and received here, so that Qt queues them.
        self._arrived.connect(self._finish)
        self._reported.connect(self._forward)

    def start(self) -> None:
        """Begin the work in its own thread."""
        self._thread.start()

    def cancel(self) -> None:
        """End the job as cancelled now, unless it has ended already."""
        self._stop.set()
        self._finish(Ending.CANCELLED, None)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the thread; True when it is gone."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        progress = Reporting(self._throttle, self._stop.is_set)
        try:
            self._post(Ending.SUCCEEDED, self._work(progress))
        except Cancelled:
            self._post(Ending.CANCELLED, None)
        except PlannerError as refusal:
            self._post(Ending.FAILED, refusal)
        except Exception as error:
            self._post(Ending.FAILED, _as_refusal(self.title, error))

    def _throttle(self, stage: str, done: float) -> None:
        now = time.monotonic()
        if done >= 1.0 or now - self._last_report_s >= self._report_interval_s:
            self._last_report_s = now
            self._emit("_reported", stage, done)

    def _post(self, ending: Ending, outcome: object) -> None:
        self._emit("_arrived", ending, outcome)

    def _emit(self, signal: str, *values: object) -> None:
        # The window may be gone before a thread that was cancelled notices; then nobody is left to tell.
        try:
            getattr(self, signal).emit(*values)
        except RuntimeError:
            self._stop.set()

    @pyqtSlot(str, float)
    def _forward(self, stage: str, done: float) -> None:
        if self.ending is None:
            self.progressed.emit(stage, done)

    @pyqtSlot(object, object)
    def _finish(self, ending: Ending, outcome: object) -> None:
        if self.ending is not None:
            return
        self.ending = ending
        self.ended.emit(ending)
        if ending is Ending.SUCCEEDED:
            self.succeeded.emit(outcome)
        elif ending is Ending.FAILED:
            self.failed.emit(outcome)
        else:
            self.cancelled.emit()


class JobRunner(QObject):
    """Runs one job at a time and remembers the threads that are still on their way out."""

    started = pyqtSignal(object)
    ended = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: Job | None = None
        self._leaving: list[Job] = []

    @property
    def is_busy(self) -> bool:
        """True while a job has not ended."""
        return self.current is not None

    def start(
        self,
        title: str,
        work: Callable[[Progress], ResultT],
        on_success: Callable[[ResultT], None],
        on_failure: Callable[[PlannerError], None],
    ) -> Job:
        """Start a job in the place of the current one, which is cancelled."""
        self.cancel()
        job = Job(title, work, self)
        job.succeeded.connect(on_success)
        job.failed.connect(on_failure)
        job.ended.connect(lambda ending: self._forget(job, ending))
        self.current = job
        self.started.emit(job)
        job.start()
        return job

    def cancel(self) -> None:
        """Cancel the current job, if there is one."""
        if self.current is not None:
            self.current.cancel()

    def close(self, timeout_s: float = 5.0) -> bool:
        """Cancel and wait for all threads; False when one did not leave in time."""
        self.cancel()
        deadline = time.monotonic() + timeout_s
        return all(job.wait(max(deadline - time.monotonic(), 0.0)) for job in list(self._leaving))

    def _forget(self, job: Job, ending: Ending) -> None:
        if self.current is job:
            self.current = None
        self._leaving.append(job)
        for old in [old for old in self._leaving if old is not job and old.wait(0.0)]:
            self._leaving.remove(old)
            old.deleteLater()
        self.ended.emit(job, ending)


def _as_refusal(title: str, error: Exception) -> PlannerError:
    # Names of the program's own places only: a value in the message could be a patient's name.
    place = traceback.extract_tb(error.__traceback__)[-1]
    refusal = PlannerError(
        f"{title} failed",
        f"an unexpected {type(error).__name__} in {place.name}, line {place.lineno}",
        "repeat it; if it happens again, report these words",
    )
    refusal.__cause__ = error
    return refusal

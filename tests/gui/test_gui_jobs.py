"""Every job ends exactly once, in the GUI thread, whatever its work does."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import Ending, Job, JobRunner
from core.errors import PlannerError
from core.progress import Progress


class Watched:
    """Counts what a job says, and in which thread."""

    def __init__(self, job: Job) -> None:
        self.said: list[object] = []
        self.threads: set[str] = set()
        job.succeeded.connect(lambda result: self._note(("succeeded", result)))
        job.failed.connect(lambda refusal: self._note(("failed", str(refusal))))
        job.cancelled.connect(lambda: self._note(("cancelled",)))
        job.ended.connect(lambda ending: self._note(ending))

    def _note(self, what: object) -> None:
        self.said.append(what)
        self.threads.add(threading.current_thread().name)


def run(qtbot: QtBot, work: Callable[[Progress], object]) -> Watched:
    job = Job("Test", work)
    watched = Watched(job)
    with qtbot.waitSignal(job.ended, timeout=10_000):
        job.start()
    assert job.wait(5.0)
    qtbot.wait(20)
    assert watched.threads == {"MainThread"}
    return watched


def test_work_that_returns_succeeds(qtbot: QtBot) -> None:
    assert run(qtbot, lambda progress: 42).said == [Ending.SUCCEEDED, ("succeeded", 42)]


def test_work_that_refuses_fails_with_its_reason(qtbot: QtBot) -> None:
    def work(progress: Progress) -> None:
        raise PlannerError("no heart found", "the image shows bricks", "choose a chest")

    assert run(qtbot, work).said == [
        Ending.FAILED,
        ("failed", "no heart found: the image shows bricks; choose a chest"),
    ]


def test_a_defect_fails_without_telling_what_it_read(qtbot: QtBot) -> None:
    def work(progress: Progress) -> None:
        raise KeyError("Doe^Jane")

    (ending, (kind, text)) = run(qtbot, work).said
    assert (ending, kind) == (Ending.FAILED, "failed")
    assert "KeyError" in text
    assert "Doe" not in text


def test_cancel_ends_the_job_now_and_stops_the_work_at_its_next_report(qtbot: QtBot) -> None:
    may_report, reports = threading.Event(), []

    def work(progress: Progress) -> str:
        may_report.wait(10.0)
        progress.report("late", 0.5)
        reports.append("went on")
        return "late result"

    job = Job("Test", work)
    watched = Watched(job)
    job.start()
    job.cancel()
    assert watched.said == [Ending.CANCELLED, ("cancelled",)]
    may_report.set()
    assert job.wait(5.0)
    qtbot.wait(30)
    assert (watched.said, reports) == ([Ending.CANCELLED, ("cancelled",)], [])


def test_a_late_result_is_dropped(qtbot: QtBot) -> None:
    may_end = threading.Event()

    def work(progress: Progress) -> str:
        may_end.wait(10.0)
        return "late result"

    job = Job("Test", work)
    watched = Watched(job)
    job.start()
    job.cancel()
    may_end.set()
    assert job.wait(5.0)
    qtbot.wait(30)
    assert watched.said == [Ending.CANCELLED, ("cancelled",)]


def test_cancel_after_the_end_changes_nothing(qtbot: QtBot) -> None:
    job = Job("Test", lambda progress: 1)
    watched = Watched(job)
    with qtbot.waitSignal(job.ended, timeout=10_000):
        job.start()
    job.cancel()
    assert watched.said == [Ending.SUCCEEDED, ("succeeded", 1)]
    job.wait(5.0)


def test_thousands_of_reports_do_not_flood_the_window_and_the_last_one_arrives(qtbot: QtBot) -> None:
    def work(progress: Progress) -> None:
        for step in range(20_000):
            progress.report("counting", step / 20_000)
        progress.report("counting", 1.0)

    job, shares = Job("Test", work), []
    job.progressed.connect(lambda stage, done: shares.append(done))
    with qtbot.waitSignal(job.ended, timeout=30_000):
        job.start()
    job.wait(5.0)
    assert shares[-1] == 1.0
    assert len(shares) < 1000
    assert shares == sorted(shares)


def test_a_new_job_takes_the_place_of_the_old_one(qtbot: QtBot) -> None:
    runner, results = JobRunner(), []
    never = threading.Event()

    def slow(progress: Progress) -> str:
        while not never.wait(0.01):
            progress.report("waiting", 0.0)
        return "first"

    first = runner.start("First", slow, results.append, results.append)
    second = runner.start("Second", lambda progress: "second", results.append, results.append)
    qtbot.waitUntil(lambda: results == ["second"], timeout=10_000)
    assert (first.ending, second.ending, runner.is_busy) == (Ending.CANCELLED, Ending.SUCCEEDED, False)
    assert runner.close()


def test_a_job_may_start_the_next_one(qtbot: QtBot) -> None:
    runner, results = JobRunner(), []

    def again(result: int) -> None:
        results.append(result)
        if result < 3:
            runner.start("Next", lambda progress: result + 1, again, pytest.fail)

    runner.start("First", lambda progress: 1, again, pytest.fail)
    qtbot.waitUntil(lambda: results == [1, 2, 3], timeout=10_000)
    assert runner.close()


def test_closing_says_when_a_thread_does_not_leave(qtbot: QtBot) -> None:
    runner, free = JobRunner(), threading.Event()
    job = runner.start("Deaf", lambda progress: free.wait(20.0), lambda _: None, lambda _: None)
    assert not runner.close(timeout_s=0.05)
    free.set()
    assert job.wait(5.0)
    assert runner.close()

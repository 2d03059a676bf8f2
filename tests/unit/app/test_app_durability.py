"""Nothing that was acknowledged is lost: not by kill -9 at any moment, not on a full disk; and undo stays small."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.case import is_case, read_case
from core.progress import Silent
from tests.support.editing_process import fingerprint, opened

REPOSITORY = Path(__file__).resolve().parents[3]
LONGEST_S = 60.0
EARLY = 0.2
"""Share of the processes that are killed before they have said that the case is open."""


class Editors:
    """Starts processes that edit, one at a time, and kills them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdout is not None
        self._out = process.stdout.fileno()
        self._rest = b""

    def start(self, folder: Path, seed: int, largest_bytes: int = 0) -> int:
        """Begin to edit in a folder; returns the number of the process once it has opened the case."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder} {seed} {largest_bytes}\n".encode())
        self._process.stdin.flush()
        word, pid = self._line().split()
        assert word == "pid"
        return int(pid)

    def kill(self, pid: int) -> None:
        """End a process as a power cut does."""
        os.kill(pid, signal.SIGKILL)

    def lines(self) -> list[list[str]]:
        """All that the process said until it ended."""
        found = []
        while (line := self._line()) != "ended":
            found.append(line.split())
        return found

    def line(self) -> list[str]:
        """The next thing that the process says."""
        return self._line().split()

    def _line(self) -> str:
        deadline = time.monotonic() + LONGEST_S
        while b"\n" not in self._rest:
            assert select.select([self._out], [], [], max(deadline - time.monotonic(), 0.0))[0], (
                "it stands still"
            )
            read = os.read(self._out, 65536)
            assert read, "the editing process is gone"
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()


@contextmanager
def editors() -> Iterator[Editors]:
    command = [sys.executable, "-m", "tests.support.editing_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY) as process:
        try:
            yield Editors(process)
        finally:
            process.kill()


def state_on_disk(folder: Path) -> str:
    """The fingerprint of what is found when the case is opened again."""
    session = opened(folder)
    try:
        return fingerprint(session)
    finally:
        session.close()


def before_last_step(folder: Path, aside: Path) -> str:
    """The fingerprint of what would have been found one row of the journal earlier."""
    shutil.copytree(folder, aside)
    (path,) = (aside / "journals").glob("*.sqlite")
    with sqlite3.connect(path) as journal:
        journal.execute("DROP TRIGGER journal_keeps_rows")
        journal.execute("DELETE FROM journal WHERE sequence = (SELECT max(sequence) FROM journal)")
    journal.close()
    found = state_on_disk(aside)
    shutil.rmtree(aside)
    return found


def kill_again_and_again(folder: Path, n_kills: int, seed: int) -> tuple[int, int]:
    """Kill as many processes; returns how many steps were acknowledged, and how often one was in flight."""
    moments, n_steps, n_in_flight = random.Random(seed), 0, 0
    with editors() as made:
        for round_ in range(n_kills):
            if round_ % 10 == 0:
                data = folder / str(round_)
            pid = made.start(data, seed + round_)
            # The start, with its opening of the journal, is a moment like any other.
            is_early = moments.random() < EARLY
            said = [] if is_early else [made.line()]
            time.sleep(moments.uniform(0.0, 0.25))
            made.kill(pid)
            said += made.lines()
            found = state_on_disk(data)
            if not said:
                continue
            n_steps += len(said) - 1
            acknowledged = said[-1][1]
            if found != acknowledged:
                n_in_flight += 1
                # Nothing less; at most the one step that was being made, and nothing else.
                assert before_last_step(data, folder / "aside") == acknowledged
            if is_case(data / "saved.auricle"):
                read_case(data / "saved.auricle", Silent())
    return n_steps, n_in_flight


def test_thirty_kills_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    n_steps, _ = kill_again_and_again(tmp_path, 30, 11)
    assert n_steps > 30


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_four_hundred_kills_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    n_steps, _ = kill_again_and_again(tmp_path, 400, 1000)
    assert n_steps > 400


@pytest.mark.parametrize("largest_bytes", [120_000, 400_000])
def test_on_a_full_disk_a_step_is_refused_and_the_earlier_ones_stay(tmp_path: Path, largest_bytes: int) -> None:
    with editors() as made:
        made.start(tmp_path, 5, largest_bytes)
        said = made.lines()
    word, before, after, *what = said[-1]
    assert word == "refused"
    assert after == before
    assert what[:4] == ["the", "step", "was", "not"] or what[0] == "cannot"
    assert state_on_disk(tmp_path) == before == said[-2][1]


def test_on_a_file_system_without_room_a_step_is_refused_and_the_earlier_ones_stay(tmp_path: Path) -> None:
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        with editors() as made:
            made.start(tmp_path, 6)
            said = made.lines()
        word, before, after, *_ = said[-1]
        assert word == "refused"
        assert after == before
        kept = tmp_path.with_name("kept")
        shutil.copytree(tmp_path, kept)
        assert state_on_disk(kept) == before
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)

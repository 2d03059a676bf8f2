from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PlannerError
from plan.edits import Edit
from plan.history import History
from plan.items import Landmark
from plan.plan import Plan
from plan.storage import Journal

REPOSITORY = Path(__file__).resolve().parents[3]
WRITER = """
import sys
from pathlib import Path
from plan.edits import Edit
from plan.items import Landmark
from plan.plan import Plan
from plan.storage import Journal

journal = Journal(Path(sys.argv[1]))
items = journal.history.plan.items
number = int(items[-1].name) if items else 0
while True:
    number += 1
    items = (*items[-20:], Landmark(str(number), (number, 0, 0), f"n{number}"))
    journal.push(Edit(f"Step {number}", Plan("1.2.3", items)))
    if number % 3 == 0:
        journal.undo()
        print("undo", number, flush=True)
        journal.redo()
    print("done", number, flush=True)
"""


def edit(number: int) -> Edit:
    return Edit(f"Step {number}", Plan("1.2.3", (Landmark("l", (number, 0, 0), f"n{number}"),)))


def _run_and_kill(path: Path, seconds: float) -> list[str]:
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        return [first, *process.stdout.readlines()]


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    moments = random.Random(7)
    for _ in range(4):
        lines = _run_and_kill(path, moments.uniform(0.0, 0.25))
        acknowledged = [line.split() for line in lines if line.endswith("\n")]
        word, number = acknowledged[-1]
        journal = Journal(path)
        history = journal.history
        journal.close()
        names = [step.name for step in history.edits]
        # Killed after the last acknowledgement, the journal may hold what was in flight, never less.
        assert f"Step {number}" in names
        assert names == [f"Step {n + 1}" for n in range(len(names))]
        assert history.n_done >= int(number) - (word == "undo")
        assert history.plan.items[-1].item_id == f"n{history.n_done}"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 9), st.sampled_from(["undo", "redo"])), max_size=12))
def test_reopening_restores_the_whole_history_and_its_position(steps: list[int | str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        journal, history = Journal(path, Plan("1.2.3")), History(Plan("1.2.3"))
        for step in steps:
            if isinstance(step, str):
                history = getattr(history, step)()
                assert getattr(journal, step)() == history
            else:
                history = history.push(edit(step))
                assert journal.push(edit(step)) == history
        journal.close()
        again = Journal(path, Plan("another base is not used"))
        assert again.history == history
        again.close()


def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    pragma = journal._database.execute
    assert pragma("PRAGMA journal_mode").fetchone() == ("wal",)
    assert pragma("PRAGMA synchronous").fetchone() == (2,)
    journal.close()


def test_the_journal_refuses_to_forget(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    journal.push(edit(1))
    journal.close()
    database = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        database.execute("DELETE FROM journal")
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        database.execute("UPDATE journal SET name = 'x'")
    database.close()


def test_a_second_window_on_the_same_journal_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    with pytest.raises(PlannerError, match="another window has it open"):
        Journal(tmp_path / "journal.sqlite")
    journal.push(edit(1))
    journal.close()


def test_a_step_that_cannot_be_saved_is_not_done(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.push(edit(1))
    journal._database.execute("PRAGMA query_only = ON")
    with pytest.raises(PlannerError, match="not saved and not done"):
        journal.push(edit(2))
    with pytest.raises(PlannerError, match="not saved and not done"):
        journal.undo()
    assert journal.history == History().push(edit(1))
    journal.close()


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 200])
def test_a_damaged_journal_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(content)
    with pytest.raises(PlannerError, match=r"cannot open journal\.sqlite"):
        Journal(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE notes (text)")
    database.close()
    with pytest.raises(PlannerError, match="not a journal of this version"):
        Journal(path)

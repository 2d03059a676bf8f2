"""The journal: every edit is on the disk before it is acknowledged, so that a crash loses nothing."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import PlannerError
from plan.edits import Edit
from plan.history import History
from plan.items import Item
from plan.label_edits import LabelStep, step_from_bytes, step_to_bytes
from plan.plan import Plan
from plan.schema import parse_json, plan_from_json, plan_to_json

APPLICATION_ID = 0x41555243  # "AURC", so that another program's database is not taken for a journal
JOURNAL_SCHEMA = 2

_TABLES = f"""
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    time_utc TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('start', 'push', 'undo', 'redo')),
    name TEXT,
    plan TEXT,
    labels BLOB
);
CREATE TRIGGER journal_keeps_rows BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER journal_keeps_values BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {JOURNAL_SCHEMA};
"""
# From version 1, which knew no labels.
_MIGRATION = ("ALTER TABLE journal ADD COLUMN labels BLOB", f"PRAGMA user_version = {JOURNAL_SCHEMA}")


class Journal:
    """A history that outlives the process. Append-only SQLite file, WAL, synchronous=FULL, one owner at a time.

    `push`, `undo` and `redo` return only after the commit; when one raises, the history is as it was before.
    """

    def __init__(self, path: Path, base: Plan | None = None) -> None:
        """Open or make the journal at `path` and restore its history, undo position included.

        A new journal starts with `base` (an empty plan when None); an old one keeps its own.

        Raises:
            PlannerError: the file is no journal, is damaged, or another program has it open.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=0.5, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._refusal(error) from error
        try:
            self._prepare(base or Plan())
            self._history = self._replay()
            self._file = _identity(path)
        except sqlite3.Error as error:
            self.close()
            raise self._refusal(error) from error
        except BaseException:
            self.close()
            raise

    @property
    def history(self) -> History:
        """The history as the disk has it."""
        return self._history

    def push(self, edit: Edit) -> History:
        """Add one step and return the history with it, once it is on the disk. Raises PlannerError."""
        # A step of labels leaves the plan as it is: one stroke costs its voxels, not another copy of the plan.
        plan = None if edit.labels is not None and edit.plan == self._history.plan else edit.plan
        self._append("push", edit.name, plan, edit.labels)
        self._history = self._history.push(edit)
        return self._history

    def undo(self) -> History:
        """Take the last step back. Raises PlannerError."""
        if self._history.undo_name is not None:
            self._append("undo")
            self._history = self._history.undo()
        return self._history

    def redo(self) -> History:
        """Do the next undone step again. Raises PlannerError."""
        if self._history.redo_name is not None:
            self._append("redo")
            self._history = self._history.redo()
        return self._history

    def close(self) -> None:
        """Release the file. Nothing is lost without it."""
        self._database.close()

    def _prepare(self, base: Plan) -> None:
        # An exclusive lock from the first access on: two windows must not interleave their steps in one file.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("BEGIN IMMEDIATE")
        application = self._pragma("application_id")
        n_tables = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application == 0 and n_tables == 0:
            for statement in _statements(_TABLES):
                self._database.execute(statement)
            self._insert("start", None, base)
        elif application == APPLICATION_ID and self._pragma("user_version") == 1:
            for statement in _MIGRATION:
                self._database.execute(statement)
        elif application != APPLICATION_ID or self._pragma("user_version") != JOURNAL_SCHEMA:
            raise PlannerError(
                f"cannot open {self._path.name}", "it is not a journal of this version", "choose another file"
            )
        self._database.execute("COMMIT")

    def _pragma(self, name: str) -> int:
        return int(self._database.execute(f"PRAGMA {name}").fetchone()[0])

    def _append(
        self, action: str, name: str | None = None, plan: Plan | None = None, labels: LabelStep | None = None
    ) -> None:
        if _identity(self._path) != self._file:
            # SQLite goes on writing to a file that has been deleted: nothing would be left of it.
            raise PlannerError(
                "the step was not saved and not done",
                "its journal has been moved or deleted while it was open",
                "save the case, then open the series again",
            )
        try:
            self._insert(action, name, plan, labels)
        except sqlite3.Error as error:
            raise PlannerError(
                "the step was not saved and not done", str(error), "free some space on the disk and repeat it"
            ) from error

    def _insert(
        self, action: str, name: str | None, plan: Plan | None, labels: LabelStep | None = None
    ) -> None:
        text = None if plan is None else json.dumps(plan_to_json(plan), allow_nan=False)
        voxels = None if labels is None else step_to_bytes(labels)
        self._database.execute(
            "INSERT INTO journal (time_utc, action, name, plan, labels) VALUES (?, ?, ?, ?, ?)",
            (datetime.now(UTC).isoformat(timespec="milliseconds"), action, name, text, voxels),
        )

    def _replay(self) -> History:
        history, known = History(), _Known()
        for action, name, text, voxels in self._database.execute(
            "SELECT action, name, plan, labels FROM journal ORDER BY sequence"
        ):
            if action == "start":
                history = History(known.shared(plan_from_json(parse_json(text))))
            elif action == "push":
                plan = history.plan if text is None else known.shared(plan_from_json(parse_json(text)))
                labels = None if voxels is None else step_from_bytes(voxels)
                history = history.push(Edit(name, plan, labels))
            else:
                history = history.undo() if action == "undo" else history.redo()
        return history

    def _refusal(self, error: Exception) -> PlannerError:
        if "locked" in str(error):
            return PlannerError(
                f"cannot open {self._path.name}", "another window has it open", "close the other window first"
            )
        return PlannerError(
            f"cannot open {self._path.name}", str(error), f"move {self._path.name} aside to start a new journal"
        )


class _Known:
    """Items that are equal are one in memory, as before the process ended: hundreds of plans differ by one each."""

    def __init__(self) -> None:
        self._items: dict[Item, Item] = {}

    def shared(self, plan: Plan) -> Plan:
        """The same plan, of items that were met before where they are equal."""
        shelf = tuple(replace(version, items=self._shared(version.items)) for version in plan.shelf)
        return replace(plan, items=self._shared(plan.items), shelf=shelf)

    def _shared(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(self._items.setdefault(item, item) for item in items)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies at a path now; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _statements(script: str) -> list[str]:
    # executescript would commit the transaction that makes the journal appear whole or not at all.
    found, pending = [], ""
    for line in script.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found

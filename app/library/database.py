"""The library's SQLite file: opened lazily, brought to this version, and set aside when it is damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from app.library.lock import held, make_private
from app.library.schema import APPLICATION_ID, KEPT_TABLES, MIGRATIONS
from core.errors import Finding, PlannerError

BUSY_S = 10.0
SIDE_FILES = ("-wal", "-shm")
KEPT_CHECKS = tuple(f"quick_check({table})" for table in KEPT_TABLES)


class Database:
    """Short transactions on one file, each on a connection of its own.

    Nothing is held between two of them, so any thread and any number of windows may use the library, and there is
    nothing to close. WAL with synchronous=FULL: what was acknowledged survives a power cut.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_checked = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed when the block ends well and undone otherwise.

        Raises PlannerError when the library cannot be used now, was made by a newer version, or turns out to be
        damaged; then it has been set aside and the next transaction finds a new one.
        """
        with self._guarded() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One moment of the library, read without waiting for anyone who writes. Raises PlannerError."""
        with self._guarded() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection]:
        try:
            if not (self._is_checked and self.path.exists()):
                self._prepare()
            with closing(self._connect()) as connection:
                yield connection
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise _unusable(error) from error
            self.set_aside()
            raise PlannerError(
                "the case library was damaged",
                "its database was set aside and a new one begun",
                "open the library again",
            ) from error

    def set_aside(self) -> None:
        """Move a damaged database away under a new name and begin a new one with what can still be read of it."""
        with self._alone():
            # Another window may have been faster; damage outside the small tables shows only here.
            if not self._is_sound("integrity_check"):
                self._begin_anew()

    def _prepare(self) -> None:
        with self._alone():
            if self.path.exists() and not self._is_sound(*KEPT_CHECKS):
                self._begin_anew()
            self._migrate()
        self._is_checked = True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Alone with the making and unmaking of the database. Raises PlannerError."""
        try:
            with held(self.path.with_name("making.lock"), BUSY_S):
                yield
        except (sqlite3.Error, OSError) as error:
            raise _unusable(error) from error

    def _begin_anew(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"damaged-{stamp}.sqlite")
        for suffix in (*SIDE_FILES, ""):  # a log left beside a new database would be taken for its own
            with suppress(FileNotFoundError):
                os.replace(f"{self.path}{suffix}", f"{aside}{suffix}")
        self._migrate()
        self._salvage(aside)

    def _connect(self) -> sqlite3.Connection:
        make_private(self.path)
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        try:
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "foreign_keys = ON",
                "secure_delete = ON",
            ):
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _is_sound(self, *checks: str) -> bool:
        """False when it is no database, another program's, or one of these checks of SQLite finds it broken."""
        try:
            with closing(self._connect()) as connection:
                if _pragma(connection, "application_id") != APPLICATION_ID:
                    return connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
                return all(connection.execute(f"PRAGMA {check}").fetchone()[0] == "ok" for check in checks)
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise
            return False

    def _migrate(self) -> None:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            version = _pragma(connection, "user_version")
            if version > len(MIGRATIONS):
                raise PlannerError(
                    "the case library is not opened",
                    "a newer version of Auricle made it",
                    "use that version, or a data folder of its own",
                )
            for step in MIGRATIONS[version:]:
                for statement in _statements(step):
                    connection.execute(statement)
            if version < len(MIGRATIONS):
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute("COMMIT")

    def _salvage(self, aside: Path) -> None:
        with closing(self._connect()) as new:
            new.execute("BEGIN IMMEDIATE")
            n_saved = {table: _copy_rows(aside, new, table) for table in KEPT_TABLES}
            finding = Finding(
                "library_damaged",
                "the case library was damaged and has been begun anew",
                f"{n_saved['entry']} of its entries could be read; the old file is kept as {aside.name}",
                "check the list; copies come back by themselves, folders that are missing can be linked again",
            )
            add_notice(new, finding)
            new.execute("COMMIT")


def add_notice(connection: sqlite3.Connection, finding: Finding) -> None:
    """Keep a finding until somebody has seen it."""
    if finding not in read_notices(connection):
        values = (finding.code, finding.what, finding.why, finding.fix)
        connection.execute("INSERT INTO notice (code, what, why, fix) VALUES (?, ?, ?, ?)", values)


def read_notices(connection: sqlite3.Connection) -> tuple[Finding, ...]:
    """The findings that nobody has seen yet."""
    return tuple(Finding(*row) for row in connection.execute("SELECT code, what, why, fix FROM notice"))


def remove_notices(connection: sqlite3.Connection, findings: tuple[Finding, ...]) -> None:
    """These findings were seen."""
    for finding in findings:
        connection.execute("DELETE FROM notice WHERE code = ? AND what = ?", (finding.code, finding.what))


def _copy_rows(aside: Path, new: sqlite3.Connection, table: str) -> int:
    """Copy rows up to the first one that cannot be read; returns how many."""
    known = {row[1] for row in new.execute(f"PRAGMA table_info({table})")}
    n_copied = 0
    try:
        with closing(sqlite3.connect(aside, timeout=1.0, isolation_level=None)) as old:
            rows = old.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in rows.description]
            if not known.issuperset(names):
                return 0
            marks = ", ".join("?" * len(names))
            for row in rows:
                with suppress(sqlite3.IntegrityError):
                    new.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row)
                    n_copied += 1
    except sqlite3.DatabaseError:
        return n_copied
    return n_copied


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _statements(script: str) -> list[str]:
    # executescript would commit the transaction that makes a step happen whole or not at all.
    return [statement for statement in script.split(";\n") if statement.strip()]


def _unusable(error: Exception) -> PlannerError:
    text = str(getattr(error, "strerror", None) or error)
    if "locked" in text:
        return PlannerError(
            "the case library is busy", "another window is changing it", "wait a moment and repeat it"
        )
    if "full" in text or "space" in text:
        return PlannerError("the case library was not changed", "the disk is full", "free some space")
    return PlannerError(
        "the case library cannot be used",
        text,
        "check the rights and the free space of the program's data folder",
    )

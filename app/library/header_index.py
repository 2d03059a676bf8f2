"""Headers that were read before, so that a folder opens at once when nothing in it changed.

It serves `imaging.find.scan` as its header cache. It may forget anything at any time and never stops a scan: what
cannot be read here is read from the files again.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress

from app.library.catalogue import now_utc
from app.library.database import Database
from core.errors import PlannerError

MOST_BYTES = 256_000_000
MOST_FOLDERS_AT_HAND = 256
Row = tuple[int, int, bytes]


class HeaderIndex:
    """Answers from memory: the first file of a folder brings in the whole folder with one query.

    Texts hold names of patients: they stay in the library's database, which only its owner reads.
    """

    def __init__(self, database: Database, most_bytes: int = MOST_BYTES) -> None:
        self._database = database
        self._most_bytes = most_bytes
        self._at_hand: dict[str, dict[str, Row]] = {}
        self._lock = threading.Lock()

    def get(self, path: str, size: int, mtime_ns: int) -> str | None:
        """The text that was kept for a file of this size and time; None when there is none."""
        folder, name = os.path.split(path)
        with self._lock:
            rows = self._at_hand.get(folder)
            if rows is None:
                rows = self._fetch(folder)
        row = rows.get(name)
        if row is None or row[0] != size or row[1] != mtime_ns:
            return None
        return row[2].decode("utf-8", "surrogatepass")

    def put_many(self, rows: Sequence[tuple[str, int, int, str]]) -> None:
        """Keep texts by path, size and time; older ones of the same paths are replaced."""
        by_folder: dict[str, list[tuple[str, Row]]] = {}
        for path, size, mtime_ns, text in rows:
            folder, name = os.path.split(path)
            by_folder.setdefault(folder, []).append(
                (name, (size, mtime_ns, text.encode("utf-8", "surrogatepass")))
            )
        with suppress(PlannerError), self._database.transaction() as connection:
            for folder, found in by_folder.items():
                _put(connection, folder, found)
            _prune(connection, self._most_bytes)
        with self._lock:
            for folder, found in by_folder.items():
                if folder in self._at_hand:
                    self._at_hand[folder].update(found)

    def _fetch(self, folder: str) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        with suppress(PlannerError):
            with self._database.reading() as connection:
                found = connection.execute(
                    "SELECT name, size, mtime_ns, text FROM header JOIN folder ON folder_id = folder.id WHERE path = ?",
                    (os.fsencode(folder),),
                )
                rows = {os.fsdecode(name): (size, mtime_ns, text) for name, size, mtime_ns, text in found}
            if rows:
                self._touch(folder)
        while len(self._at_hand) >= MOST_FOLDERS_AT_HAND:
            self._at_hand.pop(next(iter(self._at_hand)))
        self._at_hand[folder] = rows
        return rows

    def _touch(self, folder: str) -> None:
        """Note the day of use, once a day, because what was not used for longest goes first."""
        now, path = now_utc(), os.fsencode(folder)
        with self._database.reading() as connection:
            (used,) = connection.execute("SELECT used_utc FROM folder WHERE path = ?", (path,)).fetchone() or (
                now,
            )
        if used[:10] != now[:10]:
            with self._database.transaction() as connection:
                connection.execute("UPDATE folder SET used_utc = ? WHERE path = ?", (now, path))


def forget_headers_below(connection: sqlite3.Connection, place: str) -> None:
    """Forget what was kept of the files in a folder and below it."""
    path = os.fsencode(place)
    below = path + os.sep.encode()
    connection.execute("DELETE FROM folder WHERE path = ?1 OR substr(path, 1, length(?2)) = ?2", (path, below))


def _put(connection: sqlite3.Connection, folder: str, found: Iterable[tuple[str, Row]]) -> None:
    (folder_id,) = connection.execute(
        "INSERT INTO folder (path, used_utc) VALUES (?1, ?2) "
        "ON CONFLICT (path) DO UPDATE SET used_utc = ?2 RETURNING id",
        (os.fsencode(folder), now_utc()),
    ).fetchone()
    connection.executemany(
        "INSERT INTO header (folder_id, name, size, mtime_ns, text) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (folder_id, name) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, "
        "text = excluded.text",
        [(folder_id, os.fsencode(name), *row) for name, row in found],
    )
    # The length of a blob stands in its row's head; the texts themselves are not read.
    connection.execute(
        "UPDATE folder SET n_bytes = (SELECT sum(length(text)) FROM header WHERE folder_id = ?1) WHERE id = ?1",
        (folder_id,),
    )


def _prune(connection: sqlite3.Connection, most_bytes: int) -> None:
    (total,) = connection.execute("SELECT coalesce(sum(n_bytes), 0) FROM folder").fetchone()
    oldest = connection.execute("SELECT id, n_bytes FROM folder ORDER BY used_utc, id").fetchall()
    for folder_id, n_bytes in oldest:
        if total <= most_bytes:
            return
        connection.execute("DELETE FROM folder WHERE id = ?", (folder_id,))
        total -= n_bytes

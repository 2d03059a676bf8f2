"""Brings list and folders back together after whatever a window was killed in, and empties the trash."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.library import catalogue
from app.library.database import Database, add_notice
from app.library.entry import Entry, Storage
from app.library.header_index import forget_headers_below
from app.library.lock import held
from app.library.search import Query
from app.library.store import Store, moving, refusing
from core.errors import Finding, PlannerError
from core.progress import Progress


def bring_together(store: Store, database: Database) -> None:
    """The folders are right: a copy is where its folder is, and is listed when it has one.

    Copies that nobody works on any more are removed: their import was killed, or they are purged. Raises
    PlannerError.
    """
    with moving(store):
        left = [name for name in {*store.unfinished(), *store.locks()} if _is_abandoned(store, name)]
        whole, trashed = set(store.whole()), set(store.trashed())
        with database.transaction() as connection:
            _reconcile(store, connection, whole, trashed)
    for name in left:
        store.discard(name)


def empty_trash(store: Store, database: Database, progress: Progress, older_than_days: int) -> int:
    """Remove for good what was deleted at least so many days ago; returns how many studies. Raises PlannerError."""
    limit = (datetime.now(UTC) - timedelta(days=older_than_days)).isoformat(timespec="milliseconds")
    with database.reading() as connection:
        deleted = catalogue.find(connection, Query(is_deleted=True))
    old = [entry for entry in deleted if entry.deleted_utc <= limit]
    for done, entry in enumerate(old):
        progress.report("Emptying the trash", done / len(old))
        _purge(store, database, entry)
    return len(old)


def _reconcile(store: Store, connection: sqlite3.Connection, whole: set[str], trashed: set[str]) -> None:
    every = catalogue.find(connection, Query()) + catalogue.find(connection, Query(is_deleted=True))
    listed = {entry.entry_id: entry for entry in every if entry.storage is Storage.COPIED}
    for entry_id in sorted(whole | trashed):
        is_deleted = entry_id not in whole
        when = catalogue.now_utc() if is_deleted else ""
        if entry_id not in listed:
            _adopt(store, connection, entry_id, when)
        elif listed[entry_id].is_deleted != is_deleted:
            catalogue.set_deleted(connection, entry_id, when)
    for entry_id, entry in listed.items():
        if entry.is_deleted and entry_id not in whole | trashed:
            catalogue.forget(connection, entry_id)


def _adopt(store: Store, connection: sqlite3.Connection, entry_id: str, deleted_utc: str) -> None:
    found = store.read_entry(entry_id, in_trash=bool(deleted_utc))
    if found is not None:
        catalogue.put(connection, replace(found, deleted_utc=deleted_utc))
        return
    what = f"the folder {entry_id} of the library is not listed"
    why, fix = "its description is damaged or missing", "import it as a folder, or remove it"
    add_notice(connection, Finding("library_folder", what, why, fix))


def _is_abandoned(store: Store, name: str) -> bool:
    lock = store.lock_of(name)
    try:
        with held(lock, 0.0), suppress(OSError):
            lock.unlink()
    except PlannerError:
        return False
    return True


def _purge(store: Store, database: Database, entry: Entry) -> None:
    is_copy = entry.storage is Storage.COPIED
    with moving(store):
        if is_copy:
            with refusing("the trash was not emptied"), suppress(FileNotFoundError):
                store.out_of_trash(entry.entry_id)
        with database.transaction() as connection:
            catalogue.forget(connection, entry.entry_id)
            if is_copy:
                forget_headers_below(connection, str(store.images_of(entry.entry_id).parent))
    if is_copy:
        store.discard(entry.entry_id)

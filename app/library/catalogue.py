"""Entries, tags, notes and saved cases as rows of the database."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.library.entry import Entry, SeriesLine, Storage
from app.library.search import Query, conditions_of, folded, search_text_of

_COLUMNS = (
    "id, storage, place, study_uid, patient_name, patient_id, study_date, description, series, size_bytes, "
    "imported_utc, opened_utc, notes, deleted_utc"
)
LONGEST_NOTES = 10_000


def now_utc() -> str:
    """This moment, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def put(connection: sqlite3.Connection, entry: Entry) -> None:
    """Add an entry, or bring an old one of this id up to date; its tags, notes and cases stay."""
    values = (
        entry.entry_id,
        entry.storage.value,
        os.fsencode(entry.place),
        entry.study_uid,
        _storable(entry.patient_name),
        _storable(entry.patient_id),
        entry.study_date,
        _storable(entry.description),
        series_to_json(entry.series),
        entry.size_bytes,
        entry.imported_utc,
        entry.opened_utc,
        _storable(entry.notes),
        entry.deleted_utc,
        _search_text(entry),
    )
    marks = ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO entry ({_COLUMNS}, search_text) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET "
        "place = excluded.place, series = excluded.series, size_bytes = excluded.size_bytes, "
        "deleted_utc = excluded.deleted_utc, search_text = excluded.search_text",
        values,
    )


def find(connection: sqlite3.Connection, query: Query) -> tuple[Entry, ...]:
    """The entries that a query asks for, the newest study first."""
    condition, values = conditions_of(query)
    return _entries(connection, condition, values)


def with_ids(connection: sqlite3.Connection, ids: Sequence[str]) -> tuple[Entry, ...]:
    """The entries with these ids, in or out of the trash."""
    return _entries(connection, "id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))])


def with_prefix(connection: sqlite3.Connection, text: str) -> tuple[Entry, ...]:
    """The entries whose id, or its last part, begins so."""
    condition = "substr(id, 1, length(?1)) = ?1 OR substr(id, -8, length(?1)) = ?1"
    return _entries(connection, condition, [text])


def at_place(connection: sqlite3.Connection, folder: Path) -> tuple[Entry, ...]:
    """The entries whose images lie in this folder."""
    return _entries(connection, "place = ?", [os.fsencode(folder)])


def of_study(connection: sqlite3.Connection, study_uid: str) -> tuple[Entry, ...]:
    """The entries of a DICOM study, in or out of the trash."""
    return _entries(connection, "study_uid = ?", [study_uid])


def set_deleted(connection: sqlite3.Connection, entry_id: str, when_utc: str) -> None:
    """Mark as deleted at a moment; an empty one takes the mark away."""
    connection.execute("UPDATE entry SET deleted_utc = ? WHERE id = ?", (when_utc, entry_id))


def set_opened(connection: sqlite3.Connection, entry_id: str) -> None:
    """Remember that it was opened just now."""
    connection.execute("UPDATE entry SET opened_utc = ? WHERE id = ?", (now_utc(), entry_id))


def set_notes(connection: sqlite3.Connection, entry_id: str, notes: str) -> None:
    """Replace the notes."""
    text = _storable(notes)[:LONGEST_NOTES]
    connection.execute("UPDATE entry SET notes = ? WHERE id = ?", (text, entry_id))
    for entry in with_ids(connection, [entry_id]):
        connection.execute("UPDATE entry SET search_text = ? WHERE id = ?", (_search_text(entry), entry_id))


def forget(connection: sqlite3.Connection, entry_id: str) -> None:
    """Take the entry out for good, with its tags and notes. Files are not touched."""
    connection.execute("DELETE FROM entry WHERE id = ?", (entry_id,))


def add_tag(connection: sqlite3.Connection, entry_id: str, tag: str) -> None:
    """Give a tag; nothing happens when it is there."""
    values = (entry_id, _storable(tag), folded(tag))
    connection.execute("INSERT OR IGNORE INTO tag (entry_id, name, folded) VALUES (?, ?, ?)", values)


def remove_tag(connection: sqlite3.Connection, entry_id: str, tag: str) -> None:
    """Take a tag away; nothing happens when it is not there."""
    connection.execute("DELETE FROM tag WHERE entry_id = ? AND name = ?", (entry_id, tag))


def count_tags(connection: sqlite3.Connection) -> dict[str, int]:
    """Each tag with the number of studies, out of the trash, that have it."""
    rows = connection.execute(
        "SELECT name, count(*) FROM tag JOIN entry ON entry_id = id WHERE deleted_utc = '' GROUP BY name ORDER BY name"
    )
    return dict(rows.fetchall())


def add_case(connection: sqlite3.Connection, entry_id: str, case: Path) -> None:
    """Remember that a case was saved from this study."""
    connection.execute(
        "INSERT INTO saved_case (path, entry_id) VALUES (?, ?) "
        "ON CONFLICT (path) DO UPDATE SET entry_id = excluded.entry_id",
        (os.fsencode(case), entry_id),
    )


def series_to_json(series: Iterable[SeriesLine]) -> str:
    """Series as JSON: a list of [UID, modality, description, number of images]."""
    return json.dumps([[s.series_uid, s.modality, s.description, s.n_images] for s in series])


def series_from_json(content: object) -> tuple[SeriesLine, ...]:
    """The series of `series_to_json`. Raises ValueError for anything else."""
    if not isinstance(content, list):
        raise ValueError("no list of series")
    lines = []
    for row in content:
        if not (isinstance(row, list) and len(row) == 4 and isinstance(row[3], int)):
            raise ValueError("no series")
        lines.append(SeriesLine(str(row[0]), str(row[1]), str(row[2]), row[3]))
    return tuple(lines)


def _entries(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> tuple[Entry, ...]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM entry WHERE {condition} ORDER BY study_date DESC, imported_utc DESC, id",
        tuple(values),  # type: ignore[arg-type]
    ).fetchall()
    ids = json.dumps([row[0] for row in rows])
    among = "entry_id IN (SELECT value FROM json_each(?))"
    tags: dict[str, list[str]] = {}
    for entry_id, name in connection.execute(
        f"SELECT entry_id, name FROM tag WHERE {among} ORDER BY name", (ids,)
    ):
        tags.setdefault(entry_id, []).append(name)
    cases: dict[str, list[Path]] = {}
    for entry_id, path in connection.execute(f"SELECT entry_id, path FROM saved_case WHERE {among}", (ids,)):
        cases.setdefault(entry_id, []).append(Path(os.fsdecode(path)))
    return tuple(_entry(row, tuple(tags.get(row[0], ())), tuple(cases.get(row[0], ()))) for row in rows)


def _entry(row: Sequence[object], tags: tuple[str, ...], cases: tuple[Path, ...]) -> Entry:
    entry_id, storage, place, study_uid, name, patient_id, date, description, series, size, *rest = row
    imported, opened, notes, deleted = map(str, rest)
    return Entry(
        str(entry_id),
        Storage(storage),
        Path(os.fsdecode(place)),  # type: ignore[arg-type]
        str(study_uid),
        str(name),
        str(patient_id),
        str(date),
        str(description),
        series_from_json(json.loads(str(series))),
        int(size),  # type: ignore[call-overload]
        imported,
        opened,
        notes,
        deleted,
        tags,
        cases,
    )


def _search_text(entry: Entry) -> str:
    parts = (entry.patient_name, entry.patient_id, entry.description, *entry.modalities, entry.notes)
    return search_text_of((*parts, *(line.description for line in entry.series)))


def _storable(text: str) -> str:
    # Half of a surrogate pair cannot be written as UTF-8.
    return text.encode("utf-8", "replace").decode()

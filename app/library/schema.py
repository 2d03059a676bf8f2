"""The tables of the library's database, as the steps that lead from one version to the next."""

from __future__ import annotations

APPLICATION_ID = 0x4155524C  # "AURL", so that another program's database is not taken for a library

CATALOGUE = """
CREATE TABLE entry (
    id TEXT PRIMARY KEY,
    storage TEXT NOT NULL CHECK (storage IN ('copied', 'linked')),
    place BLOB NOT NULL,
    study_uid TEXT NOT NULL,
    patient_name TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    study_date TEXT NOT NULL,
    description TEXT NOT NULL,
    series TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    imported_utc TEXT NOT NULL,
    opened_utc TEXT NOT NULL DEFAULT '',
    notes TEXT NOT NULL DEFAULT '',
    deleted_utc TEXT NOT NULL DEFAULT '',
    search_text TEXT NOT NULL
);
CREATE TABLE tag (
    entry_id TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (entry_id, name)
) WITHOUT ROWID;
CREATE TABLE saved_case (
    path BLOB PRIMARY KEY,
    entry_id TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE notice (
    number INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    fix TEXT NOT NULL
);
"""

HEADER_INDEX = """
CREATE TABLE folder (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    used_utc TEXT NOT NULL,
    n_bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE header (
    folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    name BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    text BLOB NOT NULL,
    UNIQUE (folder_id, name)
);
"""

MIGRATIONS = (CATALOGUE, HEADER_INDEX)
"""Step n leads from version n to n + 1; a step that was released is never changed."""

KEPT_TABLES = ("entry", "tag", "saved_case", "notice")
"""What is worth saving from a damaged database; the header index makes itself again."""

"""The case library as windows and commands use it: look, label, delete, undo, tidy."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from app.library import catalogue, upkeep
from app.library.database import Database, read_notices, remove_notices
from app.library.entry import Entry, Space, Storage, checked_id, checked_tag
from app.library.header_index import HeaderIndex
from app.library.search import Query
from app.library.store import Store, moving, refusing
from core.errors import Finding, PlannerError
from core.progress import Progress, Silent

FOLDER = "library"
DAYS_IN_TRASH = 30


class Library:
    """The library in a program's data folder. Nothing is made or opened before it is first used.

    Any number of threads, windows and commands may use it at once. Whatever they are killed in, `tidy` brings the
    list and the folders back together. Originals that are only linked are never changed nor deleted.
    """

    def __init__(self, data_folder: Path) -> None:
        self.store = Store(data_folder / FOLDER)
        self.database = Database(self.store.root / "library.sqlite")

    def header_index(self) -> HeaderIndex:
        """A header cache for one scan."""
        return HeaderIndex(self.database)

    def entries(self, query: Query | None = None) -> tuple[Entry, ...]:
        """The entries a query asks for, all that are not in the trash without one. Raises PlannerError."""
        with self.database.reading() as connection:
            return self._placed(catalogue.find(connection, query or Query()))

    def entry(self, name: str) -> Entry:
        """The one entry whose id is, or begins or ends with, `name`. Raises PlannerError when that is not one."""
        with self.database.reading() as connection:
            exact = catalogue.with_ids(connection, [name])
            found = exact or (catalogue.with_prefix(connection, name) if len(name) >= 4 else ())
        if len(found) != 1:
            why = f"{len(found)} entries are called so" if found else "no entry is called so"
            raise PlannerError(
                "cannot tell which study is meant", why, "choose one by its whole name in the list"
            )
        return self._placed(found)[0]

    def entry_at(self, folder: Path) -> Entry | None:
        """The entry whose images lie in this folder, if it is the only one."""
        folder = folder.resolve()
        with self.database.reading() as connection:
            is_copy = folder.parent.parent == self.store.studies.resolve()
            found = (
                catalogue.with_ids(connection, [folder.name])
                if is_copy
                else catalogue.at_place(connection, folder)
            )
        found = tuple(entry for entry in found if not entry.is_deleted)
        return self._placed(found)[0] if len(found) == 1 else None

    def tags(self) -> dict[str, int]:
        """Each tag with the number of studies that have it. Raises PlannerError."""
        with self.database.reading() as connection:
            return catalogue.count_tags(connection)

    def add_tag(self, ids: Sequence[str], tag: str) -> None:
        """Give studies a tag. Raises PlannerError when it is no tag."""
        checked = checked_tag(tag)
        with self.database.transaction() as connection:
            for entry in catalogue.with_ids(connection, ids):
                catalogue.add_tag(connection, entry.entry_id, checked)

    def remove_tag(self, ids: Sequence[str], tag: str) -> None:
        """Take a tag from studies. Raises PlannerError."""
        with self.database.transaction() as connection:
            for entry_id in ids:
                catalogue.remove_tag(connection, entry_id, " ".join(tag.split()))

    def set_notes(self, entry_id: str, notes: str) -> None:
        """Replace the notes of a study. Raises PlannerError."""
        with self.database.transaction() as connection:
            catalogue.set_notes(connection, entry_id, notes)

    def mark_opened(self, entry_id: str) -> None:
        """Remember that a study was opened just now. Raises PlannerError."""
        with self.database.transaction() as connection:
            catalogue.set_opened(connection, entry_id)

    def remember_case(self, case: Path, study_folder: Path) -> bool:
        """Remember that a case was saved from the study in a folder; False when the library has no such study."""
        if not self.database.path.exists():
            return False
        entry = self.entry_at(study_folder)
        if entry is None:
            return False
        with self.database.transaction() as connection:
            catalogue.add_case(connection, entry.entry_id, case.resolve())
        return True

    def delete(self, ids: Sequence[str]) -> None:
        """Move studies to the trash: copies with their files; of links only the entry. Raises PlannerError."""
        with moving(self.store):
            for entry in self._with_ids(ids):
                if entry.storage is Storage.COPIED:
                    with refusing("the study was not deleted"), suppress(FileNotFoundError):
                        self.store.to_trash(entry.entry_id)
                self._mark_deleted(entry.entry_id, catalogue.now_utc())

    def restore(self, ids: Sequence[str]) -> None:
        """Bring studies back from the trash. Raises PlannerError when one is no longer there."""
        with moving(self.store):
            for entry in self._with_ids(ids):
                if not entry.is_deleted:
                    continue
                if entry.storage is Storage.COPIED:
                    with refusing("the study was not restored"):
                        self.store.from_trash(entry.entry_id)
                self._mark_deleted(entry.entry_id, "")

    def empty_trash(self, progress: Progress | None = None, older_than_days: int = 0) -> int:
        """Remove for good what was deleted at least so many days ago; returns the number of studies.

        A copy's files go with it; a link's originals stay. Raises PlannerError.
        """
        return upkeep.empty_trash(self.store, self.database, progress or Silent(), older_than_days)

    def space(self) -> Space:
        """Bytes by place, and what is free on the library's disk. Raises PlannerError."""
        live, gone = self.entries(), self.entries(Query(is_deleted=True))
        copied = [e.size_bytes for e in live if e.storage is Storage.COPIED]
        linked = [e.size_bytes for e in live if e.storage is Storage.LINKED]
        trash = [e.size_bytes for e in gone if e.storage is Storage.COPIED]
        with refusing("the free space is not known"):
            free = self.store.free_bytes()
        return Space(sum(copied), len(copied), sum(trash), len(gone), sum(linked), len(linked), free)

    def tidy(self, progress: Progress | None = None) -> tuple[Finding, ...]:
        """Bring list and folders together after whatever happened, and empty what is long in the trash.

        Done at the first use of a window and by every command. Returns what nobody has been told yet;
        `acknowledge` it once it was shown. Raises PlannerError.
        """
        progress = progress or Silent()
        progress.report("Looking after the library", 0.0)
        upkeep.bring_together(self.store, self.database)
        self.empty_trash(progress, DAYS_IN_TRASH)
        with self.database.reading() as connection:
            return read_notices(connection)

    def acknowledge(self, findings: tuple[Finding, ...]) -> None:
        """These findings of `tidy` were shown to a person. Raises PlannerError."""
        if findings:
            with self.database.transaction() as connection:
                remove_notices(connection, findings)

    def put(self, entry: Entry) -> None:
        """Add an entry or bring it up to date. Raises PlannerError."""
        with self.database.transaction() as connection:
            catalogue.put(connection, entry)

    def copies_of(self, study_uid: str) -> tuple[Entry, ...]:
        """The entries of one DICOM study that are not in the trash. Raises PlannerError."""
        with self.database.reading() as connection:
            found = catalogue.of_study(connection, study_uid)
        return self._placed(tuple(entry for entry in found if not entry.is_deleted))

    def _mark_deleted(self, entry_id: str, when_utc: str) -> None:
        with self.database.transaction() as connection:
            catalogue.set_deleted(connection, entry_id, when_utc)

    def _with_ids(self, ids: Sequence[str]) -> tuple[Entry, ...]:
        with self.database.reading() as connection:
            return catalogue.with_ids(connection, [checked_id(entry_id) for entry_id in ids])

    def _placed(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Copies lie in the library wherever that has been moved to since."""
        return tuple(
            replace(entry, place=self.store.images_of(entry.entry_id))
            if entry.storage is Storage.COPIED
            else entry
            for entry in entries
        )

"""Joins the page of the case library with the library: reads in a thread, and keeps the page true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from app.commands import library as commands
from app.commands.library import IMPORTS, Listing, library_of
from app.jobs import JobRunner
from app.library.entry import Entry
from app.library.search import Query
from app.views.library.page import LibraryPage

if TYPE_CHECKING:
    from app.views.main_window import MainWindow


class LibraryDesk(QObject):
    """One page on one library. The newest question wins; what an older one brings is dropped."""

    def __init__(self, window: MainWindow, page: LibraryPage) -> None:
        super().__init__(window)
        self.page = page
        self._window, self._desk, self._session = window, window.desk, window.session
        self._library = library_of(window.session)
        self._looks = JobRunner(self)
        self._listing: Listing | None = None
        self._deleted: tuple[str, ...] = ()
        page.offer_imports([window.actions_.by_key[key] for key in IMPORTS])
        self._connect()

    def refresh(self) -> None:
        """Read the library again, if anyone sees it."""
        if self.page.isVisible():
            self._look(self.page.search.query)

    def close(self, timeout_s: float) -> bool:
        """End the reading that is under way; False when it did not end in time."""
        return self._looks.close(timeout_s)

    def _connect(self) -> None:
        page = self.page
        page.shown.connect(self.refresh)
        page.query_changed.connect(self._look)
        page.open_requested.connect(self._doing(commands.open_entry))
        page.locate_requested.connect(self._doing(commands.relocate_entry))
        page.delete_requested.connect(self._delete)
        page.undo_requested.connect(lambda: self._restore_ids(self._deleted))
        page.restore_requested.connect(lambda entries: self._restore_ids(_ids(entries)))
        page.empty_requested.connect(self._empty)
        page.tag_requested.connect(self._tag)
        page.notes_changed.connect(self._change_notes)
        page.case_requested.connect(self._window.open_folder)

    def _look(self, query: Query) -> None:
        library, is_first = self._library, self._listing is None
        self._looks.start(
            "Library", lambda _: commands.look(library, query, is_first), self._show, self._session.refuse
        )

    def _show(self, listing: Listing) -> None:
        self._listing = listing
        for finding in listing.findings:
            self._session.note(finding)
        self._desk.attempt(lambda: self._library.acknowledge(listing.findings))
        space = listing.space
        self.page.show_choices(listing.modalities, listing.tags)
        self.page.show_entries(listing.entries, listing.offline, not space.n_copied + space.n_linked)
        self.page.space.setText(commands.describe_space(space))

    def _delete(self, entries: tuple[Entry, ...]) -> None:
        def delete() -> None:
            self._library.delete(_ids(entries))
            self._deleted = _ids(entries)
            self.page.show_undo(commands.describe_deleted(entries))

        self._change(delete)

    def _restore_ids(self, ids: tuple[str, ...]) -> None:
        self.page.show_undo("")
        self._change(lambda: self._library.restore(ids))

    def _tag(self, entries: tuple[Entry, ...], tag: str, is_on: bool) -> None:
        change = self._library.add_tag if is_on else self._library.remove_tag
        self._change(lambda: change(_ids(entries), tag))

    def _change_notes(self, entry_id: str, notes: str) -> None:
        self._change(lambda: self._library.set_notes(entry_id, notes))

    def _empty(self) -> None:
        if self._listing is not None:
            space = self._listing.space
            self.page.show_undo("")
            self._desk.attempt(lambda: commands.empty_trash(self._desk, space))

    def _change(self, change: Callable[[], None]) -> None:
        """Do a short change; the page shows what became of it either way."""
        self._desk.attempt(change)
        self.refresh()

    def _doing(self, command: Callable[..., None]) -> Callable[[Entry], None]:
        return lambda entry: self._desk.attempt(lambda: command(self._desk, entry))


def _ids(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(entry.entry_id for entry in entries)

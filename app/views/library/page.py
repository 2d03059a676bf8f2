"""The page of the case library: search, list, notes, and what can be done with the studies that are marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction, QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from app.library.entry import Entry, Storage
from app.views.icons import icon
from app.views.labels import plain_label
from app.views.library.search import LibrarySearch
from app.views.library.table import LibraryTable
from app.views.shades import ACCENT, RAISED

EMPTY = "The library is empty. Import… copies studies into it, or links them where they are."
NOTHING = "Nothing matches."
EMPTY_TRASH = "The trash is empty."


class LibraryPage(QWidget):
    """Lists studies; emits what the user wants done with them. Every button acts on the marked rows."""

    shown = pyqtSignal()
    query_changed = pyqtSignal(object)
    open_requested = pyqtSignal(object)
    delete_requested = pyqtSignal(object)
    restore_requested = pyqtSignal(object)
    undo_requested = pyqtSignal()
    tag_requested = pyqtSignal(object, str, bool)
    notes_changed = pyqtSignal(str, str)
    locate_requested = pyqtSignal(object)
    empty_requested = pyqtSignal()
    case_requested = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("library")
        self._offline: frozenset[str] = frozenset()
        self._all_tags: tuple[str, ...] = ()
        self.search, self.table = LibrarySearch(), LibraryTable()
        self.empty = plain_label(EMPTY, "quiet")
        self.space = plain_label("", "quiet")
        self.notes = QLineEdit()
        self.notes.setPlaceholderText("Notes on this study")
        self.undo_text = plain_label()
        self.undo = QPushButton("&Undo")
        self._make_buttons()
        self._lay_out()
        self._connect()
        self._show_marked()

    def offer_imports(self, actions: Sequence[QAction]) -> None:
        """Put the ways to import into the menu of their button."""
        menu = QMenu(self)
        menu.addActions(list(actions))
        self.import_.setMenu(menu)

    def show_choices(self, modalities: tuple[str, ...], tags: tuple[str, ...]) -> None:
        """Offer modalities and tags to narrow the list."""
        self._all_tags = tags
        self.search.show_choices(modalities, tags)

    def show_entries(self, entries: tuple[Entry, ...], offline: frozenset[str], is_all_empty: bool) -> None:
        """List these studies."""
        self._offline = offline
        self.table.show_entries(entries, offline)
        words = EMPTY_TRASH if self.search.query.is_deleted else EMPTY if is_all_empty else NOTHING
        self.empty.setText(words)
        self.empty.setVisible(not entries)
        self._show_marked()

    def show_undo(self, text: str) -> None:
        """Offer to take the last deletion back; an empty text offers nothing."""
        self.undo_text.setText(text)
        self._undo_bar.setVisible(bool(text))

    def showEvent(self, event: QShowEvent | None) -> None:
        """The library is read when it is looked at, not before."""
        super().showEvent(event)
        self.shown.emit()

    def _make_buttons(self) -> None:
        self.import_ = QToolButton()
        self.import_.setText("Import…")
        self.import_.setIcon(icon("folder"))
        self.tag, self.cases = QToolButton(), QToolButton()
        self.tag.setText("Tag…")
        self.cases.setText("Cases")
        for button in (self.import_, self.tag, self.cases):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setProperty("raised", True)
        self.open, self.locate = QPushButton("Open"), QPushButton("Locate…")
        self.open.setProperty("primary", True)
        self.delete, self.restore = QPushButton("Delete"), QPushButton("Restore")
        self.empty_trash = QPushButton("Empty trash…")

    def _lay_out(self) -> None:
        self._undo_bar = QWidget()
        self._undo_bar.setObjectName("undoBar")
        self._undo_bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._undo_bar.setStyleSheet(f"#undoBar {{ background: {RAISED}; border-left: 4px solid {ACCENT}; }}")
        undo = QHBoxLayout(self._undo_bar)
        undo.setContentsMargins(12, 5, 8, 5)
        undo.addWidget(self.undo_text, 1)
        undo.addWidget(self.undo)
        self._undo_bar.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.import_, self.open, self.restore, self.tag, self.cases, self.locate, self.delete):
            buttons.addWidget(button)
        buttons.addWidget(self.empty_trash)
        # It wraps: the window must not grow beyond a small screen for it.
        self.space.setWordWrap(True)
        self.space.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        buttons.addWidget(self.space, 1)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(0, 24, 0, 24)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        for widget in (self.search, self.empty, self.table, self._undo_bar, self.notes):
            layout.addWidget(widget)
        layout.setStretchFactor(self.table, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.search.changed.connect(lambda: self.query_changed.emit(self.search.query))
        self.search.field.left_downwards.connect(self.table.focus_first)
        self.search.field.returnPressed.connect(self.table.focus_first)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.search.field.setFocus)
        self.table.chosen.connect(self._show_marked)
        self.table.open_requested.connect(self._open)
        self.table.delete_requested.connect(self._delete)
        self.open.clicked.connect(self._open)
        self.delete.clicked.connect(self._delete)
        self.restore.clicked.connect(lambda: self.restore_requested.emit(self.table.marked))
        self.locate.clicked.connect(lambda: self.locate_requested.emit(self.table.marked[0]))
        self.empty_trash.clicked.connect(self.empty_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.notes.editingFinished.connect(self._keep_notes)

    def _show_marked(self) -> None:
        """Offer what can be done with the rows that are marked now."""
        marked = self.table.marked
        one = marked[0] if len(marked) == 1 else None
        in_trash = self.search.query.is_deleted
        for button in (self.open, self.tag, self.cases, self.locate, self.delete):
            button.setVisible(not in_trash)
        for button in (self.restore, self.empty_trash):
            button.setVisible(in_trash)
        self.locate.setVisible(not in_trash and one is not None and one.storage is Storage.LINKED)
        self.open.setEnabled(one is not None and one.entry_id not in self._offline)
        for button in (self.delete, self.restore, self.tag):
            button.setEnabled(bool(marked))
        self.empty_trash.setEnabled(bool(self.table.entries.entries))
        self.cases.setEnabled(one is not None and bool(one.cases))
        self.notes.setEnabled(one is not None and not in_trash)
        self.notes.setText(one.notes if one else "")
        self.tag.setMenu(self._tag_menu(marked))
        self.cases.setMenu(self._case_menu(one.cases if one else ()))

    def _tag_menu(self, marked: tuple[Entry, ...]) -> QMenu:
        menu = QMenu(self)
        new = QLineEdit()
        new.setPlaceholderText("New tag")
        new.returnPressed.connect(menu.close)
        new.returnPressed.connect(lambda: self.tag_requested.emit(marked, new.text(), True))
        holder = QWidgetAction(menu)
        holder.setDefaultWidget(new)
        menu.addAction(holder)
        menu.aboutToShow.connect(new.setFocus)
        for tag in dict.fromkeys((*self._all_tags, *(tag for entry in marked for tag in entry.tags))):
            action = menu.addAction(tag.replace("&", "&&"))
            if action is not None:
                action.setCheckable(True)
                action.setChecked(bool(marked) and all(tag in entry.tags for entry in marked))
                action.toggled.connect(
                    lambda is_on, tag=tag: self.tag_requested.emit(marked, tag, is_on)  # type: ignore[misc]
                )
        return menu

    def _case_menu(self, cases: tuple[Path, ...]) -> QMenu:
        menu = QMenu(self)
        for case in cases:
            action = menu.addAction(case.stem.replace("&", "&&"))
            if action is not None:
                action.triggered.connect(lambda _, case=case: self.case_requested.emit(case))  # type: ignore[misc]
        return menu

    def _open(self) -> None:
        marked = self.table.marked
        if len(marked) == 1 and not marked[0].is_deleted:
            self.open_requested.emit(marked[0])

    def _delete(self) -> None:
        marked = tuple(entry for entry in self.table.marked if not entry.is_deleted)
        if marked:
            self.delete_requested.emit(marked)

    def _keep_notes(self) -> None:
        marked = self.table.marked
        if len(marked) == 1 and self.notes.text() != marked[0].notes:
            self.notes_changed.emit(marked[0].entry_id, self.notes.text())

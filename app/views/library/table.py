"""The studies of the case library as rows: sorted by a click on a column, opened by a double click or Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QSortFilterProxyModel, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.library.entry import Entry, Storage, describe_size
from app.views.library.chips import TAGS_ROLE, ChipDelegate
from app.views.shades import QUIET, WARNING

SORT_ROLE = Qt.ItemDataRole.UserRole
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
COLUMNS = ("Patient", "ID", "Date", "Description", "Modality", "Images", "Size", "Stored", "Tags", "Opened")
WIDTHS = (140, 80, 88, 150, 76, 62, 74, 66, 140, 88)
RIGHT = {COLUMNS.index(name) for name in ("Images", "Size")}
TAGS = COLUMNS.index("Tags")
DELETE_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
OPEN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LibraryModel(QAbstractTableModel):
    """Entries as Qt asks for them."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()
        self._offline: frozenset[str] = frozenset()

    def show(self, entries: tuple[Entry, ...], offline: frozenset[str]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self.entries, self._offline = entries, offline
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """One row per study."""
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """The columns of the list."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        """Titles above, nothing beside."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in RIGHT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, order, colour and alignment of one cell."""
        entry, column = self.entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(entry)[column]
        if role == SORT_ROLE:
            return self._order(entry)[column]
        if role == ENTRY_ROLE:
            return entry
        if role == TAGS_ROLE:
            return entry.tags if column == TAGS else ()
        if role == Qt.ItemDataRole.TextAlignmentRole and column in RIGHT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            is_offline = entry.entry_id in self._offline
            if is_offline:
                return QColor(WARNING if COLUMNS[column] == "Stored" else QUIET)
        return None

    def _texts(self, entry: Entry) -> tuple[str, ...]:
        stored = "copy" if entry.storage is Storage.COPIED else "link"
        return (
            entry.patient_name.replace("^", " ").strip() or "–",
            entry.patient_id,
            _day(entry.study_date),
            entry.description,
            ", ".join(entry.modalities),
            f"{entry.n_images}",
            describe_size(entry.size_bytes),
            "offline" if entry.entry_id in self._offline else stored,
            "",
            _day(entry.opened_utc[:10].replace("-", "")),
        )

    def _order(self, entry: Entry) -> tuple[object, ...]:
        texts = [text.casefold() for text in self._texts(entry)]
        texts[TAGS] = ", ".join(entry.tags).casefold()
        return (*texts[:5], entry.n_images, entry.size_bytes, *texts[7:9], entry.opened_utc)


class LibraryTable(QTableView):
    """The list; emits what the user wants done with the rows that are marked."""

    open_requested = pyqtSignal()
    delete_requested = pyqtSignal()
    chosen = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries = LibraryModel()
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.entries)
        self._sorted.setSortRole(SORT_ROLE)
        self.setModel(self._sorted)
        self.setItemDelegate(ChipDelegate(self))
        self.setSortingEnabled(True)
        self.sortByColumn(COLUMNS.index("Date"), Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self._shape_headers()
        self.doubleClicked.connect(lambda _: self.open_requested.emit())
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda *_: self.chosen.emit())
        self._sorted.modelReset.connect(self.chosen)

    @property
    def marked(self) -> tuple[Entry, ...]:
        """The studies of the rows that are marked, from top to bottom."""
        selection = self.selectionModel()
        rows = sorted(index.row() for index in selection.selectedRows()) if selection is not None else []
        return tuple(self._sorted.index(row, 0).data(ENTRY_ROLE) for row in rows)

    def show_entries(self, entries: tuple[Entry, ...], offline: frozenset[str]) -> None:
        """List these; rows that were marked stay marked."""
        marked = {entry.entry_id for entry in self.marked}
        self.entries.show(entries, offline)
        self._mark(marked)

    def focus_first(self) -> None:
        """Give the keyboard to the list, on its first row when none is marked."""
        self.setFocus()
        if not self.marked and self._sorted.rowCount():
            self.selectRow(0)

    def event(self, event: QEvent | None) -> bool:
        """Delete means the marked studies here, not the marked item of the plan."""
        is_ours = isinstance(event, QKeyEvent) and event.key() in (*DELETE_KEYS, *OPEN_KEYS)
        if event is not None and is_ours and event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter opens, Delete deletes."""
        if event is not None and event.key() in OPEN_KEYS:
            self.open_requested.emit()
        elif event is not None and event.key() in DELETE_KEYS:
            self.delete_requested.emit()
        else:
            super().keyPressEvent(event)

    def _mark(self, ids: Sequence[str] | set[str]) -> None:
        selection = self.selectionModel()
        if selection is None:
            return
        how = selection.SelectionFlag.Select | selection.SelectionFlag.Rows
        for row in range(self._sorted.rowCount()):
            index = self._sorted.index(row, 0)
            if index.data(ENTRY_ROLE).entry_id in ids:
                selection.select(index, how)

    def _shape_headers(self) -> None:
        above, beside = self.horizontalHeader(), self.verticalHeader()
        if above is None or beside is None:
            return
        beside.hide()
        beside.setDefaultSectionSize(30)
        above.setHighlightSections(False)
        above.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate(WIDTHS):
            above.resizeSection(column, width)
        above.setSectionResizeMode(COLUMNS.index("Description"), QHeaderView.ResizeMode.Stretch)


def _day(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else date

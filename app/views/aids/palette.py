"""The command palette: type a few letters, choose with the arrows, Enter does it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QObject, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.palette import Offer, ranked
from app.views.labels import plain_label, plain_tip

WIDTH_PX, HEIGHT_PX, TOP_PX = 640, 420, 80
KEY_ROLE = Qt.ItemDataRole.UserRole
TO_LIST = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


class Palette(QDialog):
    """Emits the key of the chosen command; what cannot be used now says why and stays."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setWindowTitle(self.tr("Find a command"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Find a command: type a few letters of its words"))
        self.field.setAccessibleName(self.tr("Words of the command"))
        self.field.installEventFilter(self)
        self.list = _list(self.tr("Commands"))
        self.why = plain_label("", "notice")
        self.why.setWordWrap(True)
        self.why.setMinimumHeight(self.why.fontMetrics().height())
        layout = QVBoxLayout(self)
        for widget in (self.field, self.list, self.why):
            layout.addWidget(widget)
        self._offers: tuple[Offer, ...] = ()
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.list.currentItemChanged.connect(self._explain)

    def open_with(self, offers: Sequence[Offer]) -> None:
        """Show these commands, all of them first, and take the keyboard."""
        self._offers = tuple(offers)
        self.field.clear()
        self._fill("")
        parent = self.parentWidget()
        if parent is not None:
            width = min(WIDTH_PX, parent.width())
            self.resize(width, min(HEIGHT_PX, parent.height()))
            self.move(parent.mapToGlobal(QPoint((parent.width() - width) // 2, TOP_PX)))
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The arrows move in the list while letters go on being typed."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if watched is self.field and is_key and isinstance(event, QKeyEvent) and event.key() in TO_LIST:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def _fill(self, typed: str) -> None:
        self.list.clear()
        for offer in ranked(self._offers, typed):
            row = QTreeWidgetItem([offer.title, offer.group, offer.shortcut])
            row.setData(0, KEY_ROLE, offer)
            row.setToolTip(0, plain_tip(offer.why_not))
            if not offer.is_enabled:
                for column in range(3):
                    row.setForeground(column, self.palette().placeholderText())
            self.list.addTopLevelItem(row)
        self.list.setCurrentItem(self.list.topLevelItem(0))
        if not self.list.topLevelItemCount():
            self.why.setText(self.tr("No command has these letters. Try fewer of them."))

    def _explain(self, row: QTreeWidgetItem | None) -> None:
        offer = row.data(0, KEY_ROLE) if row is not None else None
        self.why.setText(offer.why_not if offer is not None else "")

    def _choose(self) -> None:
        row = self.list.currentItem()
        offer = row.data(0, KEY_ROLE) if row is not None else None
        if offer is not None and offer.is_enabled:
            self.hide()
            self.chosen.emit(offer.key)


def _list(name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setAccessibleName(name)
    tree.setColumnCount(3)
    tree.setHeaderHidden(True)
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    header = tree.header()
    if header is not None:
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
    return tree

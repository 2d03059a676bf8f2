"""The table of keys: choose a command, press its new keys; a clash is refused with what holds them."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.commands.table import COMMANDS, MENUS
from app.shortcuts import Changed, shortcuts_of, title_of, with_shortcut, without_shortcut
from app.views.labels import plain_label
from app.views.words import told
from core.errors import PlannerError

SIZE = (620, 620)
KEY_ROLE = Qt.ItemDataRole.UserRole
PORTABLE = QKeySequence.SequenceFormat.PortableText
NATIVE = QKeySequence.SequenceFormat.NativeText


class ShortcutTable(QDialog):
    """Shows every command with its keys; emits the user's own keys at each change."""

    changed = pyqtSignal(object)

    def __init__(self, own: Changed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(told("Keyboard shortcuts"))
        self.resize(*SIZE)
        self._own = dict(own)
        self.search = QLineEdit()
        self.search.setPlaceholderText(told("Filter by words or keys"))
        self.search.setAccessibleName(told("Filter by words or keys"))
        self.search.textChanged.connect(self._filter)
        self.table = _table()
        self.table.currentItemChanged.connect(self._show_current)
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName(told("New keys"))
        self.told = plain_label(told("Choose a command, then press its new keys."), "quiet")
        self.told.setWordWrap(True)
        self.give = _button("Use these keys", self._give)
        self.take = _button("No keys", lambda: self._try(lambda: with_shortcut(self._own, self.key, "")))
        self.reset = _button("As delivered", lambda: self._try(lambda: without_shortcut(self._own, self.key)))
        self.reset_all = _button("All as delivered", lambda: self._try(dict))
        self._lay_out()
        self._fill()

    @property
    def key(self) -> str:
        """The command that is chosen; empty for none."""
        row = self.table.currentItem()
        return str(row.data(0, KEY_ROLE)) if row is not None else ""

    def choose(self, key: str) -> None:
        """Choose a command."""
        for row in self._rows():
            if row.data(0, KEY_ROLE) == key:
                self.table.setCurrentItem(row)

    def _give(self) -> None:
        keys = self.edit.keySequence().toString(PORTABLE)
        if keys:
            self._try(lambda: with_shortcut(self._own, self.key, keys))

    def _try(self, change: Callable[[], dict[str, str]]) -> None:
        try:
            self._own = change()
        except PlannerError as refusal:
            self.told.setText(f"{refusal.what}: {refusal.why}; {refusal.fix}.")
            return
        self.told.setText("")
        self._show_keys()
        self.changed.emit(dict(self._own))

    def _fill(self) -> None:
        for command in COMMANDS:
            group = told(MENUS[command.key.split(".")[0]]).replace("&", "")
            row = QTreeWidgetItem([told(title_of(command.key)), group, ""])
            row.setData(0, KEY_ROLE, command.key)
            self.table.addTopLevelItem(row)
        self._show_keys()
        self.table.setCurrentItem(self.table.topLevelItem(0))

    def _show_keys(self) -> None:
        shown = shortcuts_of(self._own)
        for row in self._rows():
            key = row.data(0, KEY_ROLE)
            row.setText(2, ", ".join(QKeySequence(keys).toString(NATIVE) for keys in shown[key]))
            font = row.font(2)
            font.setBold(key in self._own)
            row.setFont(2, font)

    def _show_current(self) -> None:
        self.edit.clear()
        self.told.setText("")

    def _filter(self, typed: str) -> None:
        words = typed.lower().split()
        for row in self._rows():
            text = " ".join(row.text(column) for column in range(3)).lower()
            row.setHidden(not all(word in text for word in words))

    def _rows(self) -> list[QTreeWidgetItem]:
        rows = (self.table.topLevelItem(n) for n in range(self.table.topLevelItemCount()))
        return [row for row in rows if row is not None]

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.told)
        buttons = QHBoxLayout()
        buttons.addWidget(self.edit, 1)
        for button in (self.give, self.take, self.reset, self.reset_all):
            buttons.addWidget(button)
        layout.addLayout(buttons)


def _table() -> QTreeWidget:
    table = QTreeWidget()
    table.setAccessibleName(told("Commands and their keys"))
    table.setHeaderLabels([told("Command"), told("Menu"), told("Keys")])
    table.setRootIsDecorated(False)
    table.setUniformRowHeights(True)
    header = table.header()
    if header is not None:
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
    return table


def _button(text: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(told(text))
    # Enter ends the keys that are pressed; it must not press a button.
    button.setAutoDefault(False)
    button.clicked.connect(lambda: act())
    return button

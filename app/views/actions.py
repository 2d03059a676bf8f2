"""The command table as Qt actions for menus, toolbar and shortcuts."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton

from app.commands.command import Command
from app.commands.table import COMMANDS, MENUS, SUBMENUS, TOOLBAR, WITHOUT_WORDS
from app.palette import Offer
from app.shortcuts import Changed, shortcuts_of
from app.state import State
from app.views.icons import icon
from app.views.words import told


class Actions:
    """One QAction for each row of the table, kept in step with the state."""

    def __init__(self, parent: QObject, run: Callable[[Command], None], changed: Changed | None = None) -> None:
        self.by_key = {command.key: self._make(command, parent, run) for command in COMMANDS}
        self.shortcuts: dict[str, tuple[str, ...]] = {}
        self.use_shortcuts(changed or {})

    def use_shortcuts(self, changed: Changed) -> None:
        """Listen to the table's keys, with the user's own in their place."""
        self.shortcuts = shortcuts_of(changed)
        for key, action in self.by_key.items():
            action.setShortcuts([QKeySequence(keys) for keys in self.shortcuts[key]])
        # As words they are asked for at every step of scrolling.
        self._key_words = {key: _words_of(keys) for key, keys in self.shortcuts.items()}

    def offers(self, state: State) -> tuple[Offer, ...]:
        """Every command as the palette lists it, with the reason where it cannot be used now."""
        return tuple(self._offer(command, state) for command in COMMANDS if command.key != "help.palette")

    def refresh(self, state: State, is_busy: bool) -> None:
        """Show what is possible now, under the names it has now."""
        for command in COMMANDS:
            action = self.by_key[command.key]
            action.setText(told(command.title_for(state)))
            action.setIconText(told(_short(command)))
            action.setToolTip(self._tip(command, state))
            is_enabled = command.is_enabled(state) and (command.while_busy or not is_busy)
            action.setEnabled(is_busy if command.key == "reconstruct.cancel" else is_enabled)
            if command.is_checked is not None:
                action.setChecked(command.is_checked(state))

    def fill_menus(self, bar: QMenuBar) -> None:
        """Put every action into the menu of its group."""
        for group, title in MENUS.items():
            menu = bar.addMenu(told(title))
            if menu is not None:
                self._fill(menu, [key for key in self.by_key if key.split(".")[0] == group])

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Put the actions of the toolbar there, in their groups."""
        for n, group in enumerate(TOOLBAR):
            if n:
                bar.addSeparator()
            for key in group:
                bar.addAction(self.by_key[key])
                button = bar.widgetForAction(self.by_key[key])
                if key in WITHOUT_WORDS and isinstance(button, QToolButton):
                    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def _fill(self, menu: QMenu, keys: list[str]) -> None:
        """Put actions into a menu, those of a submenu into that one, where its first one would stand."""
        submenus: dict[str, QMenu | None] = {}
        for key in keys:
            beginning = next((one for one in SUBMENUS if key.startswith(one)), None)
            if beginning is not None and beginning not in submenus:
                submenus[beginning] = menu.addMenu(told(SUBMENUS[beginning]))
            place = submenus[beginning] if beginning is not None else menu
            if place is not None:
                place.addAction(self.by_key[key])

    def _offer(self, command: Command, state: State) -> Offer:
        action = self.by_key[command.key]
        return Offer(
            command.key,
            told(command.title_for(state)),
            told(MENUS[command.key.split(".")[0]]).replace("&", ""),
            self._keys(command),
            "" if action.isEnabled() else _reason(command, state),
            action.isEnabled(),
        )

    def _tip(self, command: Command, state: State) -> str:
        keys = self._keys(command)
        reason = "" if command.is_enabled(state) else command.why_not(state)
        shown = f"{told(command.title_for(state))}{f'  ({keys})' if keys else ''}"
        return shown + (f"\n{_sentence(told(reason))}" if reason else "")

    def _keys(self, command: Command) -> str:
        return self._key_words[command.key]

    @staticmethod
    def _make(command: Command, parent: QObject, run: Callable[[Command], None]) -> QAction:
        action = QAction(parent)
        action.setObjectName(command.key)
        action.setCheckable(command.is_checked is not None)
        if command.icon:
            action.setIcon(icon(command.icon))
        action.triggered.connect(lambda: run(command))
        return action


def _words_of(keys: tuple[str, ...]) -> str:
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""


def _short(command: Command) -> str:
    # The toolbar keeps its places: a title that changes is shown by its menu and its tip only.
    title = command.title if isinstance(command.title, str) else command.key.split(".")[1].capitalize()
    return title.rstrip("…")


def _reason(command: Command, state: State) -> str:
    if command.is_enabled(state):
        return _sentence(told("wait until the work that runs is done, or cancel it"))
    return _sentence(told(command.why_not(state) or "nothing that is open now can be used for it"))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

"""The command table as Qt actions for menus, toolbar and shortcuts."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton

from app.commands.command import Command
from app.commands.table import COMMANDS, MENUS, SUBMENUS, TOOLBAR, WITHOUT_WORDS
from app.state import State
from app.views.icons import icon


class Actions:
    """One QAction for each row of the table, kept in step with the state."""

    def __init__(self, parent: QObject, run: Callable[[Command], None]) -> None:
        self.by_key = {command.key: self._make(command, parent, run) for command in COMMANDS}

    def refresh(self, state: State, is_busy: bool) -> None:
        """Show what is possible now, under the names it has now."""
        for command in COMMANDS:
            action = self.by_key[command.key]
            action.setText(command.title_for(state))
            action.setIconText(_short(command))
            action.setToolTip(_tip(command, state))
            is_enabled = command.is_enabled(state) and (command.while_busy or not is_busy)
            action.setEnabled(is_busy if command.key == "reconstruct.cancel" else is_enabled)
            if command.is_checked is not None:
                action.setChecked(command.is_checked(state))

    def fill_menus(self, bar: QMenuBar) -> None:
        """Put every action into the menu of its group."""
        for group, title in MENUS.items():
            menu = bar.addMenu(title)
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
                submenus[beginning] = menu.addMenu(SUBMENUS[beginning])
            place = submenus[beginning] if beginning is not None else menu
            if place is not None:
                place.addAction(self.by_key[key])

    @staticmethod
    def _make(command: Command, parent: QObject, run: Callable[[Command], None]) -> QAction:
        action = QAction(parent)
        action.setObjectName(command.key)
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        action.setCheckable(command.is_checked is not None)
        if command.icon:
            action.setIcon(icon(command.icon))
        action.triggered.connect(lambda: run(command))
        return action


def _short(command: Command) -> str:
    # The toolbar keeps its places: a title that changes is shown by its menu and its tip only.
    title = command.title if isinstance(command.title, str) else command.key.split(".")[1].capitalize()
    return title.rstrip("…")


def _tip(command: Command, state: State) -> str:
    keys = f"  ({command.shortcuts[0]})" if command.shortcuts else ""
    reason = "" if command.is_enabled(state) else command.why_not(state)
    return f"{command.title_for(state)}{keys}" + (f"\n{reason[:1].upper()}{reason[1:]}." if reason else "")

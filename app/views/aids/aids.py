"""Opens the windows that help: one of each kind, made when it is first wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PyQt6.QtWidgets import QApplication, QDialog

from app.commands.helping import Aid
from app.commands.table import BY_KEY
from app.shortcuts import Changed
from app.views.aids.appearance import AppearanceDialog
from app.views.aids.help import HelpWindow
from app.views.aids.palette import Palette
from app.views.aids.shortcuts import ShortcutTable
from app.views.aids.tour import TourCard
from app.views.theme import apply_theme
from app.views.words import told

if TYPE_CHECKING:
    from app.views.main_window import MainWindow


class Aids:
    """What helps beside one window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.palette: Palette | None = None
        self.shortcuts: ShortcutTable | None = None
        self.help: HelpWindow | None = None
        self.appearance: AppearanceDialog | None = None
        self.tour = TourCard(window)
        self.tour.demo_requested.connect(lambda: window.desk.do(BY_KEY["help.demo"]))
        self.tour.ended.connect(lambda: self._remember(tour="over"))

    def show(self, aid: Aid) -> None:
        """Open one, or bring it to the front."""
        {
            Aid.PALETTE: self._show_palette,
            Aid.SHORTCUTS: self._show_shortcuts,
            Aid.KEYS: self._show_keys,
            Aid.HELP: self._show_help,
            Aid.APPEARANCE: self._show_appearance,
            Aid.TOUR: lambda: self.tour.start(self._window.session.state),
        }[aid]()

    def welcome(self) -> None:
        """Begin the tour for somebody who has not seen it, where nothing is open."""
        session = self._window.session
        if session.settings.tour != "over" and session.state.scan is None and not session.state.is_patient_open:
            self.show(Aid.TOUR)

    def _show_palette(self) -> None:
        if self.palette is None:
            self.palette = Palette(self._window)
            self.palette.chosen.connect(lambda key: self._window.desk.do(BY_KEY[key]))
        self.palette.open_with(self._window.actions_.offers(self._window.session.state))

    def _show_shortcuts(self) -> None:
        if self.shortcuts is None:
            self.shortcuts = ShortcutTable(self._window.session.settings.shortcuts, self._window)
            self.shortcuts.changed.connect(self._use_shortcuts)
        _bring(self.shortcuts)

    def _use_shortcuts(self, own: Changed) -> None:
        window = self._window
        self._remember(shortcuts=own)
        window.actions_.use_shortcuts(own)
        window.actions_.refresh(window.session.state, window.desk.is_busy)

    def _show_keys(self) -> None:
        offers = self._window.actions_.offers(self._window.session.state)
        rows = [(offer.title.rstrip("…"), offer.group, offer.shortcut) for offer in offers if offer.shortcut]
        headings = [told("Command"), told("Menu"), told("Keys")]
        self._window.desk.show_table(told("Keys"), headings, rows)

    def _show_help(self) -> None:
        if self.help is None:
            self.help = HelpWindow(self._window)
        _bring(self.help)

    def _show_appearance(self) -> None:
        if self.appearance is None:
            self.appearance = AppearanceDialog(self._window.session.settings, self._window)
            self.appearance.theme_chosen.connect(self._use_theme)
            self.appearance.scale_chosen.connect(lambda percent: self._remember(scale_percent=percent))
        _bring(self.appearance)

    def _use_theme(self, name: str) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, name)
        self._window.show_looks()
        self._remember(theme=name)

    def _remember(self, **changes: Any) -> None:
        session = self._window.session
        session.remember(replace(session.settings, **changes))


def _bring(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()

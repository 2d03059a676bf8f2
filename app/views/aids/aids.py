"""Opens the windows that help: one of each kind, made when it is first wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.commands.helping import Aid
from app.commands.table import BY_KEY
from app.views.aids.palette import Palette

if TYPE_CHECKING:
    from app.views.main_window import MainWindow


class Aids:
    """What helps beside one window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.palette: Palette | None = None

    def show(self, aid: Aid) -> None:
        """Open one, or bring it to the front."""
        {Aid.PALETTE: self._show_palette}[aid]()

    def _show_palette(self) -> None:
        if self.palette is None:
            self.palette = Palette(self._window)
            self.palette.chosen.connect(lambda key: self._window.desk.do(BY_KEY[key]))
        self.palette.open_with(self._window.actions_.offers(self._window.session.state))

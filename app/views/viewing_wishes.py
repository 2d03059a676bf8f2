"""Turns what the views wish about the way things are looked at into steps of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.views.main_window import MainWindow


def connect_viewing(window: MainWindow) -> None:
    """Connect the signals about turned, thick and curved slices and the layout, once."""
    page, viewing = window.planning, window.session.viewing
    page.turned.connect(viewing.turn)
    page.thickened.connect(lambda orientation, slab: viewing.thicken({orientation: slab}))
    page.alone_requested.connect(viewing.show_alone)
    page.curved.travelled.connect(viewing.travel)
    page.curved.rolled.connect(viewing.roll)
    page.curved.window_dragged.connect(page.window_dragged)
    page.curved.closed.connect(viewing.leave_curve)

"""Driving the window in tests."""

from __future__ import annotations

from app.views.main_window import MainWindow


def trigger(window: MainWindow, key: str) -> None:
    """Choose a command as the menu does; it must be offered."""
    action = window.actions_.by_key[key]
    assert action.isEnabled(), f"{key} is not offered"
    action.trigger()

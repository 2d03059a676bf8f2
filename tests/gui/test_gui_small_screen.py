"""A small screen: opening a sheet takes the room of the list of studies, it does not make the window wider."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from tests.support.gui import trigger

SMALL = (1280, 800)


def test_a_sheet_opens_within_1280_by_800_in_the_place_of_the_studies(
    heart_window: MainWindow, qtbot: QtBot
) -> None:
    window = heart_window
    window.resize(*SMALL)
    qtbot.waitUntil(lambda: window.width() == SMALL[0])
    trigger(window, "plan.aortic_root")
    qtbot.waitUntil(window.sheet.isVisible)
    qtbot.wait(50)
    assert window.browser.isHidden()
    assert (window.width(), window.height()) == SMALL
    assert window.sheet.geometry().right() < SMALL[0]
    window.sheet.close()
    qtbot.waitUntil(window.browser.isVisible)
    assert window.width() == SMALL[0]

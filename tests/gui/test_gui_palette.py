"""The palette: any command by the keyboard alone, and why one cannot be used."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.commands.table import COMMANDS
from app.tools import Tool
from app.views.main_window import MainWindow
from tests.support.gui import trigger


def _titles(window: MainWindow) -> list[str]:
    tree = window.aids.palette.list
    return [tree.topLevelItem(n).text(0) for n in range(tree.topLevelItemCount())]


def test_a_tool_is_taken_by_letters_and_enter(ball_window: MainWindow, qtbot: QtBot) -> None:
    trigger(ball_window, "help.palette")
    palette = ball_window.aids.palette
    assert len(_titles(ball_window)) == len(COMMANDS) - 1
    qtbot.keyClicks(palette.field, "dist")
    row = palette.list.currentItem()
    assert (row.text(0), row.text(1), row.text(2)) == ("Distance", "Plan", "D")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isHidden()
    assert ball_window.session.state.tool is Tool.DISTANCE


def test_what_cannot_be_used_says_why_and_stays(window: MainWindow, qtbot: QtBot) -> None:
    trigger(window, "help.palette")
    palette = window.aids.palette
    qtbot.keyClicks(palette.field, "reconstruct")
    titles = _titles(window)
    while palette.list.currentItem().text(0) != "Reconstruct":
        qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.why.text() == "Open a series first."
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    assert titles == _titles(window)
    palette.field.setText("zzqx")
    assert "No command" in palette.why.text()
    palette.hide()


def test_opened_again_it_lists_what_is_possible_then(ball_window: MainWindow, qtbot: QtBot) -> None:
    trigger(ball_window, "help.palette")
    palette = ball_window.aids.palette
    qtbot.keyClicks(palette.field, "add axial")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert len(ball_window.session.state.plan.items) == 1
    trigger(ball_window, "help.palette")
    assert palette.field.text() == ""
    palette.field.setText("undo")
    assert palette.list.currentItem().text(0) == "Undo add cut plane"
    palette.hide()

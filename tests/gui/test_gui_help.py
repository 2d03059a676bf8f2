"""Keys that are changed act at once and at the next start; help and its sheet of keys need no network."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.commands.table import COMMANDS
from app.views.main_window import MainWindow
from app.views.table_dialog import TableDialog
from tests.support.gui import trigger


def test_new_keys_act_at_once_stand_in_the_tip_and_are_there_at_the_next_start(
    open_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = open_window()
    trigger(window, "help.shortcuts")
    table = window.aids.shortcuts
    table.choose("file.open")
    qtbot.keyClick(table.edit, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    qtbot.mouseClick(table.give, Qt.MouseButton.LeftButton)
    action = window.actions_.by_key["file.open"]
    assert action.shortcuts() == [QKeySequence("Ctrl+J")]
    assert "(Ctrl+J)" in action.toolTip()
    table.choose("file.save")
    table.edit.setKeySequence(QKeySequence("Ctrl+J"))
    table.give.click()
    assert "it belongs to Open folder" in table.told.text()
    assert window.actions_.by_key["file.save"].shortcuts() == [QKeySequence("Ctrl+S")]
    window.close()
    again = open_window()
    assert again.actions_.by_key["file.open"].shortcuts() == [QKeySequence("Ctrl+J")]
    trigger(again, "help.shortcuts")
    again.aids.shortcuts.reset_all.click()
    assert again.actions_.by_key["file.open"].shortcuts() == [QKeySequence("Ctrl+O")]


def test_every_command_with_keys_names_them_in_its_tip(window: MainWindow) -> None:
    for command in COMMANDS:
        if command.shortcuts:
            tip = window.actions_.by_key[command.key].toolTip()
            native = QKeySequence(command.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)
            assert f"({native})" in tip, tip


def test_help_shows_the_local_guide_follows_its_links_and_finds_words(window: MainWindow) -> None:
    trigger(window, "help.contents")
    shown = window.aids.help
    assert "Reconstruct" in shown.text.toPlainText()
    shown.search.setText("Case library")
    assert shown.find_next()
    assert shown.text.textCursor().selectedText().lower() == "case library"
    shown.text.anchorClicked.emit(QUrl("hazards.md"))
    assert shown.pages.currentItem().text() == "Hazards"
    shown.text.anchorClicked.emit(QUrl("https://example.org/hazards.md"))
    assert shown.search.text() == "https://example.org/hazards.md"
    assert shown.pages.currentItem().text() == "Hazards"


def test_the_sheet_of_keys_lists_them_and_can_be_copied(window: MainWindow) -> None:
    trigger(window, "help.keys")
    (sheet,) = window.findChildren(TableDialog)
    sheet.copy()
    assert "Undo\tEdit\tCtrl+Z" in QApplication.clipboard().text()

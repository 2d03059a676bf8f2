"""The toolbar shows every tool in a window of its first size: none hides behind an arrow."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QApplication, QMainWindow, QToolBar
from pytestqt.qtbot import QtBot

from app.commands.table import TOOLBAR
from app.state import State
from app.views.actions import Actions
from app.views.main_window import SIZE
from app.views.theme import apply_theme


def test_the_first_window_shows_every_tool_of_the_toolbar(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    style, palette = application.styleSheet(), application.palette()
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = QToolBar()
    bar.setIconSize(QSize(20, 20))
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    actions = Actions(window, lambda command: None)
    actions.refresh(State(), False)
    actions.fill_toolbar(bar)
    window.addToolBar(bar)
    try:
        apply_theme(application)
        window.resize(SIZE)
        window.show()
        qtbot.waitExposed(window)
        buttons = {key: bar.widgetForAction(actions.by_key[key]) for group in TOOLBAR for key in group}
        hidden = [key for key, button in buttons.items() if button is None or not button.isVisible()]
    finally:
        application.setStyleSheet(style)
        application.setPalette(palette)
    assert hidden == []

"""Themes act at once and are kept; the window stands the next time as it was left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QIcon
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.__main__ import prepare_scale
from app.colours import CONTRAST, DARK, LIGHT
from app.views.icons import icon
from app.views.main_window import MainWindow
from app.views.shades import TEXT, use_colours
from tests.support.gui import trigger


@pytest.fixture
def kept_look(qapp: QApplication) -> Iterator[None]:
    style, palette = qapp.styleSheet(), qapp.palette()
    yield
    use_colours(DARK)
    qapp.setStyleSheet(style)
    qapp.setPalette(palette)


def _darkest(shown: QIcon, mode: QIcon.Mode) -> QColor:
    picture = shown.pixmap(QSize(24, 24), 1.0, mode).toImage()
    places = [(x, y) for x in range(24) for y in range(24)]
    return max((picture.pixelColor(x, y) for x, y in places), key=QColor.alpha)


@pytest.mark.usefixtures("kept_look")
def test_a_theme_acts_at_once_on_words_and_icons_and_is_kept(
    open_window: Callable[[], MainWindow], qapp: QApplication
) -> None:
    window = open_window()
    saved = window.actions_.by_key["file.save"].icon()
    trigger(window, "view.appearance")
    window.aids.appearance.themes["light"].click()
    assert f"{TEXT}" == LIGHT.text
    assert LIGHT.panel in qapp.styleSheet()
    assert DARK.panel not in qapp.styleSheet()
    assert _darkest(saved, QIcon.Mode.Normal).lightness() < 60
    window.aids.appearance.themes["contrast"].click()
    assert _darkest(saved, QIcon.Mode.Normal).name() == CONTRAST.text
    assert window.session.settings.theme == "contrast"
    window.aids.appearance.scale.setCurrentIndex(3)
    window.aids.appearance.scale.activated.emit(3)
    assert window.session.settings.scale_percent == 150
    window.close()
    assert open_window().session.settings.theme == "contrast"


def test_an_icon_is_drawn_anew_at_the_size_it_is_wanted_in() -> None:
    large = icon("save").pixmap(QSize(160, 160), 1.0)
    assert (large.width(), large.height()) == (160, 160)


def test_the_scale_is_left_to_the_system_unless_the_user_chose_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_SCALE_FACTOR", raising=False)
    kept: dict[str, str] = {}
    monkeypatch.setattr("os.environ", kept)
    prepare_scale(100)
    assert kept == {}
    prepare_scale(150)
    assert kept == {"QT_SCALE_FACTOR": "1.5"}
    prepare_scale(200)
    assert kept == {"QT_SCALE_FACTOR": "1.5"}, "what was set outside wins"


def test_docks_and_borders_stand_the_next_time_as_they_were_left(
    open_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = open_window()
    window.resize(1500, 900)
    qtbot.waitUntil(lambda: window.width() == 1500)
    window._lists.setSizes([200, 600])
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, window.sheet)
    left = window._lists.sizes()
    window.close()
    again = open_window()
    assert again.dockWidgetArea(again.sheet) is Qt.DockWidgetArea.LeftDockWidgetArea
    assert again.sheet.isHidden()
    again.resize(1500, 900)
    qtbot.waitUntil(lambda: abs(again._lists.sizes()[0] - left[0]) < 12)

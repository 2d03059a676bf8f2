"""The tour goes on by what the user does, can be sent away, and does not come again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication, QTranslator
from pytestqt.qtbot import QtBot

from app.tour import STOPS
from app.views.main_window import MainWindow
from tests.support.ball_patient import make_anatomy
from tests.support.gui import LONG_MS, trigger


def test_the_tour_opens_the_demo_patient_and_follows_what_the_user_does(
    open_window: Callable[[], MainWindow], study_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.helping.make_demo_patient", lambda folder, progress: study_folder)
    window = open_window()
    window.aids.welcome()
    card, session = window.aids.tour, window.session
    assert card.isVisible()
    assert card.at == 0
    card.demo.click()
    qtbot.waitUntil(lambda: card.at == 1, timeout=LONG_MS)
    assert card.demo.isHidden()
    window.browser.series_chosen.emit(session.state.scan.series[0])
    qtbot.waitUntil(lambda: card.at == 2, timeout=LONG_MS)
    session.show_anatomy(make_anatomy(session.state.volume.frame_of_reference_uid))
    assert STOPS[card.at].title == "Cut"
    trigger(window, "plan.cut_coronal")
    trigger(window, "plan.distance")
    session.place(np.zeros(3))
    session.place(np.ones(3))
    assert STOPS[card.at].title == "A guided sheet"
    card.back.click()
    assert STOPS[card.at].title == "Measure"
    card.end.click()
    assert card.isHidden()
    window.close()
    again = open_window()
    again.aids.welcome()
    assert again.aids.tour.isHidden()
    trigger(again, "help.tour")
    assert again.aids.tour.isVisible()


class _Pseudo(QTranslator):
    """Every word of the program in brackets: what stays without does not go through the translation."""

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        return f"[{text}]" if context == "Auricle" else ""

    def isEmpty(self) -> bool:
        return False


def test_menus_tips_and_palette_go_through_the_translation(open_window: Callable[[], MainWindow]) -> None:
    pseudo = _Pseudo()
    QCoreApplication.installTranslator(pseudo)
    try:
        window = open_window()
        menus = [action.text() for action in window.menuBar().actions()]
        texts = [action.text() for action in window.actions_.by_key.values()]
        offers = window.actions_.offers(window.session.state)
        words = [*menus, *texts, *(o.title for o in offers), *(o.group for o in offers)]
        assert [word for word in words if not word.startswith("[")] == []
        assert all(offer.why_not.startswith("[") for offer in offers if offer.why_not)
    finally:
        QCoreApplication.removeTranslator(pseudo)

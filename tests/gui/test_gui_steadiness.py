"""A surgeon asks how far a surface can be trusted: it is painted in millimetres, and the words say what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from app.slice_marks import handle_at, marks
from app.views.main_window import MainWindow
from app.views.slices.hover_readout import steadiness_text
from tests.support.ball_patient import CENTRE_MM
from tests.support.gui import trigger


@pytest.fixture
def told_window(heart_window: MainWindow) -> MainWindow:
    """The outer surface is known below the middle and unknown above; the mitral valve was found."""
    anatomy = heart_window.session.state.anatomy
    outer = anatomy.surfaces["lv_myocardium"]
    values = np.where(outer.vertices[:, 2] > CENTRE_MM[2], np.nan, 1.5)
    told = replace(
        anatomy,
        surfaces={**anatomy.surfaces, "lv_myocardium": replace(outer, fields={"uncertainty_mm": values})},
        landmarks={"mitral_valve": CENTRE_MM + [5.0, 0.0, 0.0]},
        report={"landmarks": {"mitral_valve": {"sd_mm": 1.2}}},
    )
    heart_window.session.show_anatomy(told)
    return heart_window


def test_without_values_or_found_landmarks_neither_is_offered_and_the_tip_says_why(
    heart_window: MainWindow,
) -> None:
    for key, why in (("view.uncertainty", "steady"), ("view.found_landmarks", "landmark")):
        action = heart_window.actions_.by_key[key]
        assert not action.isEnabled()
        assert why in action.toolTip()


def test_painting_is_switched_on_and_off_by_its_command(told_window: MainWindow) -> None:
    scene = told_window.planning.scene.renderer
    before = told_window.planning.scene.picture()
    trigger(told_window, "view.uncertainty")
    assert told_window.actions_.by_key["view.uncertainty"].isChecked()
    assert {one.key: one.is_painted for one in scene.scene.surfaces} == {"lv": False, "lv_myocardium": True}
    assert scene.scene.legend.not_painted == ("Left ventricle",)
    assert (told_window.planning.scene.picture() != before).any()
    trigger(told_window, "view.uncertainty")
    assert scene.scene.legend is None
    np.testing.assert_array_equal(told_window.planning.scene.picture(), before)


def test_a_pointer_that_rests_reads_millimetres_in_words_that_promise_no_truth(
    told_window: MainWindow, qtbot: QtBot
) -> None:
    trigger(told_window, "view.uncertainty")
    widget = told_window.planning.scene.interactor
    middle = widget.rect().center()
    for up, words in ((-12, "1.5 mm steadiness, not distance from the truth"), (12, "steadiness unknown")):
        here = middle - QPoint(0, up)
        place, held = QPointF(here), Qt.MouseButton.NoButton
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            QPointF(widget.mapToGlobal(here)),
            held,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(widget, event)
        qtbot.waitUntil(lambda words=words: QToolTip.text() == f"LV myocardium: {words}", timeout=5000)
    QToolTip.hideText()


def test_unknown_is_never_read_as_a_number() -> None:
    assert steadiness_text("aorta", float("nan")) == "Aorta: steadiness unknown"


def test_a_found_landmark_stands_on_its_slice_and_nobody_can_take_hold_of_it(told_window: MainWindow) -> None:
    view = told_window.planning.slices["axial"]
    state = told_window.session.state
    assert not [mark for mark in marks(state, view.frame()) if mark.is_found]
    trigger(told_window, "view.found_landmarks")
    state, frame = told_window.session.state, view.frame()
    (mark,) = [mark for mark in marks(state, frame) if mark.is_found]
    assert mark.text == "Mitral valve, centre (found, sd 1.2 mm)"
    np.testing.assert_allclose(mark.pixels, frame.to_px(CENTRE_MM + [5.0, 0.0, 0.0]))
    assert handle_at(state, frame, tuple(mark.pixels[0]), 9.0) is None
    assert told_window.planning.scene.renderer.scene.points == ()
    told_window.session.look_at(CENTRE_MM + [0.0, 0.0, 12.0])
    assert not [mark for mark in marks(told_window.session.state, view.frame()) if mark.is_found]

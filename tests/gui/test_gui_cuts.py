"""A surgeon opens the heart: planes through points and onto views, wheel, spared structures, box and curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from plan.items import CutBox, CutCurve, CutPlane
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM
from tests.support.gui import trigger


def plane_of(window: MainWindow) -> CutPlane:
    return window.session.state.plan.of_type(CutPlane)[-1]


def menu_action(window: MainWindow, *titles: str) -> object:
    menu = window.plan_list.menu_for(window.session.state.plan.items[-1])
    for title in titles:
        action = next(one for one in menu.actions() if one.text() == title)
        menu = action.menu()
    return action


def test_three_clicks_lay_a_plane_and_its_menu_lays_it_on_slices_and_valves(heart_window: MainWindow) -> None:
    window, session = heart_window, heart_window.session
    anatomy = session.state.anatomy
    session.show_anatomy(
        replace(
            anatomy, landmarks={"mitral_valve": CENTRE_MM}, directions={"mitral_valve": np.array([0.6, 0, 0.8])}
        )
    )
    trigger(window, "plan.plane_points")
    for place in ([0, 0, 5.0], [10, 0, 5.0], [0, 10, 5.0]):
        window.planning.placed.emit(CENTRE_MM + place)
    np.testing.assert_allclose(np.abs(plane_of(window).normal), [0, 0, 1], atol=1e-12)
    assert plane_of(window).origin_mm[2] == pytest.approx(CENTRE_MM[2] + 5.0)

    menu_action(window, "Lay on", "Ring of mitral valve, centre").trigger()
    np.testing.assert_allclose(plane_of(window).origin_mm, CENTRE_MM)
    np.testing.assert_allclose(plane_of(window).normal, [0.6, 0, 0.8])
    assert "lay on ring of mitral valve" in window.actions_.by_key["edit.undo"].text().lower()
    session.look_at(CENTRE_MM + [3.0, 0, 0])
    menu_action(window, "Lay on", "Sagittal slice").trigger()
    np.testing.assert_allclose(np.abs(plane_of(window).normal), [1, 0, 0], atol=1e-12)
    assert plane_of(window).origin_mm[0] == pytest.approx(CENTRE_MM[0] + 3.0)
    before = plane_of(window)
    trigger(window, "plan.lay_on_next")
    assert plane_of(window) != before


def test_points_on_one_line_lay_no_plane_and_the_window_says_why(heart_window: MainWindow) -> None:
    window = heart_window
    trigger(window, "plan.plane_points")
    for n in range(3):
        window.planning.placed.emit(CENTRE_MM + [n, 0, 0])
    assert window.session.state.plan.of_type(CutPlane) == ()
    assert "one line" in window.session.state.notices[-1].why


def turn_wheel(window: MainWindow, notches: int, *keys: Qt.KeyboardModifier) -> None:
    widget = window.planning.scene.interactor
    held = Qt.KeyboardModifier.NoModifier
    for key in keys:
        held |= key
    at = QPointF(widget.width() / 2, widget.height() / 2)
    turn = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, turn)


def test_the_wheel_moves_the_selected_plane_along_its_normal_as_one_step(
    heart_window: MainWindow, qtbot: QtBot
) -> None:
    window, session = heart_window, heart_window.session
    session.look_at(CENTRE_MM)
    trigger(window, "plan.cut_axial")
    n_steps = session.state.history.n_done
    ctrl, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    for _ in range(3):
        turn_wheel(window, 1, ctrl)
    turn_wheel(window, -1, ctrl, shift)
    # Seen at once, before it is a step.
    shown = next(one for one in window.planning.scene.renderer.scene.planes)
    assert shown.origin_mm[2] == pytest.approx(CENTRE_MM[2] + 2.8)
    assert session.state.history.n_done == n_steps
    qtbot.waitUntil(lambda: session.state.history.n_done == n_steps + 1)
    assert plane_of(window).origin_mm[2] == pytest.approx(CENTRE_MM[2] + 2.8)
    assert session.state.history.undo_name == "Move cut plane"
    trigger(window, "edit.undo")
    assert plane_of(window).origin_mm[2] == pytest.approx(CENTRE_MM[2])
    trigger(window, "plan.lock")
    turn_wheel(window, 1, ctrl)
    assert session.state.dragged is None


def test_a_plane_cuts_only_the_structures_that_are_chosen(heart_window: MainWindow) -> None:
    window = heart_window
    window.session.look_at(CENTRE_MM)
    trigger(window, "plan.cut_axial")
    menu_action(window, "Cuts", "Left ventricle").setChecked(False)
    tops = {one.key: one.mesh.bounds_mm[1, 2] for one in window.planning.scene.renderer.scene.surfaces}
    assert tops["lv_myocardium"] == pytest.approx(CENTRE_MM[2], abs=1e-4)
    assert tops["lv"] == pytest.approx(CENTRE_MM[2] + RADIUS_MM / 2.0, abs=0.1)


def test_a_box_and_a_curve_cut_and_can_be_hidden_and_undone(heart_window: MainWindow) -> None:
    window, session = heart_window, heart_window.session
    trigger(window, "plan.cut_box")
    (box,) = session.state.plan.of_type(CutBox)
    session.drag(replace(box, second_mm=tuple(CENTRE_MM)))
    session.drop()
    scene = window.planning.scene.renderer
    top = max(one.mesh.bounds_mm[1, 2] for one in scene.scene.surfaces)
    assert top == pytest.approx(CENTRE_MM[2], abs=1e-4)
    trigger(window, "plan.toggle_cut")
    assert max(one.mesh.bounds_mm[1, 2] for one in scene.scene.surfaces) > CENTRE_MM[2] + 20.0

    trigger(window, "plan.cut_curve")
    for turn in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        window.planning.placed.emit(CENTRE_MM + [8 * np.cos(turn), -RADIUS_MM, 8 * np.sin(turn)])
    trigger(window, "plan.finish")
    (curve,) = session.state.plan.of_type(CutCurve)
    np.testing.assert_allclose(np.abs(curve.direction), [0, 1, 0], atol=1e-6)
    outer = next(one.mesh for one in scene.scene.surfaces if one.key == "lv_myocardium")
    assert outer.is_closed
    assert outer.volume_ml < session.state.anatomy.surfaces["lv_myocardium"].volume_ml - 5.0
    trigger(window, "plan.inside_out")
    kept = next(one.mesh for one in scene.scene.surfaces if one.key == "lv_myocardium")
    assert kept.volume_ml + outer.volume_ml == pytest.approx(
        session.state.anatomy.surfaces["lv_myocardium"].volume_ml, rel=1e-6
    )
    trigger(window, "edit.undo")
    trigger(window, "edit.undo")
    assert session.state.plan.of_type(CutCurve) == ()

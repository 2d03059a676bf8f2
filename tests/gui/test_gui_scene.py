"""The 3-D view with VTK in it: points on surfaces, planes dragged by the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from plan.items import CutPlane, Landmark
from render.viewport import display_from_patient
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM
from tests.support.gui import LONG_MS, trigger


def mouse(widget: QWidget, kind: QEvent.Type, at: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
    place, glob = QPointF(at), QPointF(widget.mapToGlobal(at))
    QApplication.sendEvent(widget, QMouseEvent(kind, place, glob, button, held, Qt.KeyboardModifier.NoModifier))


def press_drag_release(widget: QWidget, start: QPoint, end: QPoint) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    mouse(widget, QEvent.Type.MouseMove, start, none, none)
    mouse(widget, QEvent.Type.MouseButtonPress, start, left, left)
    for share in (0.5, 1.0):
        between = start + (end - start) * share
        mouse(widget, QEvent.Type.MouseMove, between, none, left)
    mouse(widget, QEvent.Type.MouseButtonRelease, end, left, none)


def pixel_of(window: MainWindow, at_mm: np.ndarray) -> QPoint:
    scene = window.planning.scene
    x, y = display_from_patient(scene.interactor.renderer, np.atleast_2d(at_mm))[0]
    ratio = scene.interactor.devicePixelRatioF()
    return QPoint(round(x / ratio), round(scene.interactor.height() - 1 - y / ratio))


def test_a_click_on_a_surface_places_a_landmark_on_it(heart_window: MainWindow, qtbot: QtBot) -> None:
    trigger(heart_window, "plan.landmark")
    widget = heart_window.planning.scene.interactor
    press_drag_release(widget, *[pixel_of(heart_window, CENTRE_MM + [5, 0, 6])] * 2)
    (item,) = heart_window.session.state.plan.of_type(Landmark)
    away_mm = np.array(item.position_mm) - CENTRE_MM
    assert np.linalg.norm(away_mm) == pytest.approx(RADIUS_MM, rel=0.02)
    assert away_mm[1] < 0, "the front of the ball faces the viewer"
    assert away_mm[[0, 2]] == pytest.approx([5, 6], abs=2.0)


def test_a_double_click_brings_the_slices_to_the_surface(heart_window: MainWindow) -> None:
    widget, at = heart_window.planning.scene.interactor, pixel_of(heart_window, CENTRE_MM)
    left = Qt.MouseButton.LeftButton
    mouse(widget, QEvent.Type.MouseButtonDblClick, at, left, left)
    mouse(widget, QEvent.Type.MouseButtonRelease, at, left, Qt.MouseButton.NoButton)
    away_mm = np.array(heart_window.session.state.crosshair_mm) - CENTRE_MM
    assert np.linalg.norm(away_mm) == pytest.approx(RADIUS_MM, rel=0.02)


def test_dragging_a_plane_previews_and_is_one_step_at_release(heart_window: MainWindow) -> None:
    session, scene = heart_window.session, heart_window.planning.scene
    trigger(heart_window, "plan.cut_axial")
    (plane,) = session.state.plan.of_type(CutPlane)
    n_steps = len(session.state.history.edits)
    previews: list[float] = []
    show = scene.renderer.show
    scene.renderer.show = lambda new: (previews.append(new.planes[0].origin_mm[2]), show(new))
    start = pixel_of(heart_window, np.array(plane.origin_mm))
    end = pixel_of(heart_window, np.array(plane.origin_mm) + [0, 0, 10])
    press_drag_release(scene.interactor, start, end)
    (moved,) = session.state.plan.of_type(CutPlane)
    assert moved.origin_mm[2] - plane.origin_mm[2] == pytest.approx(10.0, abs=1.0)
    assert moved.origin_mm[:2] == pytest.approx(plane.origin_mm[:2], abs=1e-6)
    assert [edit.name for edit in session.state.history.edits[n_steps:]] == ["Move cut plane"]
    assert len(previews) >= 3
    assert plane.origin_mm[2] < previews[0] < previews[1]


def test_a_locked_plane_does_not_follow_the_mouse(heart_window: MainWindow) -> None:
    session = heart_window.session
    trigger(heart_window, "plan.cut_axial")
    trigger(heart_window, "plan.lock")
    (plane,) = session.state.plan.of_type(CutPlane)
    start = pixel_of(heart_window, np.array(plane.origin_mm))
    press_drag_release(heart_window.planning.scene.interactor, start, start + QPoint(0, -40))
    assert session.state.plan.of_type(CutPlane) == (plane,)


def test_several_planes_cut_at_once_with_caps_and_hiding_one_brings_its_part_back(
    heart_window: MainWindow,
) -> None:
    scene = heart_window.planning.scene.renderer
    for key in ("plan.cut_coronal", "plan.cut_axial"):
        trigger(heart_window, key)
    outer = next(surface for surface in scene.scene.surfaces if surface.key == "lv_myocardium")
    whole_ml = 4.0 / 3.0 * np.pi * RADIUS_MM**3 / 1000.0
    assert outer.n_cap_faces > 0
    assert outer.mesh.is_closed
    assert outer.mesh.volume_ml == pytest.approx(whole_ml / 4.0, rel=0.03)
    plane = heart_window.session.state.plan.items[0]
    heart_window.plan_list.shown_requested.emit(plane.item_id, False)
    outer = next(surface for surface in scene.scene.surfaces if surface.key == "lv_myocardium")
    assert outer.mesh.volume_ml == pytest.approx(whole_ml / 2.0, rel=0.03)


def test_before_a_reconstruction_the_view_is_as_wide_as_the_images(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: ball_window.planning.scene.renderer is not None, timeout=LONG_MS)
    trigger(ball_window, "plan.landmark")
    ball_window.session.place(CENTRE_MM)
    camera = ball_window.planning.scene.renderer.camera
    assert camera.focal_mm == pytest.approx(tuple(CENTRE_MM))
    away_mm = np.linalg.norm(np.subtract(camera.position_mm, camera.focal_mm))
    assert 2 * away_mm * np.tan(np.radians(camera.view_angle_deg / 2)) > 80.0


def test_a_hidden_structure_leaves_the_scene(heart_window: MainWindow) -> None:
    view = heart_window.session.state.view
    heart_window.session.look(view.with_structure("lv_myocardium", is_visible=False))
    assert [s.key for s in heart_window.planning.scene.renderer.scene.surfaces] == ["lv"]

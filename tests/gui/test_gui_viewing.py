"""How a surgeon looks around: standard views, turned and thick slices, layouts, a vessel laid straight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from app.views.slices.crosshair import handles
from app.views.slices.view import SliceView
from core.mesh import SurfaceMesh
from plan.items import CutPlane
from tests.support.ball_patient import CENTRE_MM, make_anatomy
from tests.support.gui import LONG_MS, trigger

Button, Modifier = Qt.MouseButton, Qt.KeyboardModifier
LANDMARKS = {
    "mitral_valve": CENTRE_MM + [0.0, 0.0, 20.0],
    "lv_apex": CENTRE_MM + [15.0, -20.0, -20.0],
    "tricuspid_valve": CENTRE_MM + [-18.0, -8.0, 12.0],
}


def mouse(
    widget: QWidget,
    kind: QEvent.Type,
    at: QPointF,
    button: Button,
    held: Button,
    modifier: Modifier = Modifier.NoModifier,
) -> None:
    glob = QPointF(widget.mapToGlobal(at.toPoint()))
    QApplication.sendEvent(widget, QMouseEvent(kind, at, glob, button, held, modifier))


def turn_handle(view: SliceView, angle_deg: float, modifier: Modifier = Modifier.NoModifier) -> None:
    """Take the first handle and lead it around the crosshair, clockwise."""
    frame = view.frame()
    x, y = frame.to_px(np.array(view.state.crosshair_mm))[0] + 0.5
    middle, start = QPointF(x, y), handles(view, frame)[0]
    angle = np.radians(angle_deg)
    away = start - middle
    end = middle + QPointF(
        np.cos(angle) * away.x() - np.sin(angle) * away.y(), np.sin(angle) * away.x() + np.cos(angle) * away.y()
    )
    mouse(view, QEvent.Type.MouseButtonPress, start, Button.LeftButton, Button.LeftButton)
    mouse(view, QEvent.Type.MouseMove, (start + end) / 2.0, Button.NoButton, Button.LeftButton)
    mouse(view, QEvent.Type.MouseMove, end, Button.NoButton, Button.LeftButton, modifier)
    mouse(view, QEvent.Type.MouseButtonRelease, end, Button.LeftButton, Button.NoButton)


def double_click(widget: QWidget, at: QPointF) -> None:
    mouse(widget, QEvent.Type.MouseButtonDblClick, at, Button.LeftButton, Button.LeftButton)
    mouse(widget, QEvent.Type.MouseButtonRelease, at, Button.LeftButton, Button.NoButton)


def shown(window: MainWindow) -> list[str]:
    page = window.planning
    views = {"scene": page.scene, **page.slices, "curved": page.curved}
    return [name for name, view in views.items() if view.isVisible()]


def test_turning_the_crosshair_of_one_slice_turns_the_two_others(ball_window: MainWindow) -> None:
    session, slices = ball_window.session, ball_window.planning.slices
    before = {name: view.frame().plane for name, view in slices.items()}
    window, crosshair = session.state.window, session.state.crosshair_mm
    turn_handle(slices["axial"], 30.0)
    after = {name: view.frame().plane for name, view in slices.items()}
    assert after["axial"] == before["axial"]
    for name in ("coronal", "sagittal"):
        cosine = np.dot(after[name].normal, before[name].normal)
        assert np.degrees(np.arccos(cosine)) == pytest.approx(30.0, abs=2.0)
        assert slices[name].frame().depth_mm(np.array(crosshair)) == pytest.approx([0.0], abs=1e-6)
    assert (session.state.window, session.state.crosshair_mm) == (window, crosshair), "nothing else was dragged"
    trigger(ball_window, "view.straighten")
    assert {name: view.frame().plane for name, view in slices.items()} == before


def test_with_shift_the_crosshair_turns_in_steps_and_with_alt_and_arrows_without_a_mouse(
    ball_window: MainWindow,
) -> None:
    viewing, view = ball_window.session, ball_window.planning.slices["coronal"]
    straight = ball_window.planning.slices["axial"].frame().plane.normal
    turn_handle(view, 32.0, Modifier.ShiftModifier)
    turned = ball_window.planning.slices["axial"].frame().plane.normal
    assert np.degrees(np.arccos(np.dot(straight, turned))) == pytest.approx(30.0, abs=1e-6)
    viewing.viewing.straighten()
    key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Right, Modifier.AltModifier)
    QApplication.sendEvent(view, key)
    turned = ball_window.planning.slices["axial"].frame().plane.normal
    assert np.degrees(np.arccos(np.dot(straight, turned))) == pytest.approx(5.0, abs=1e-6)


def test_a_point_clicked_on_a_turned_slice_lies_where_it_was_clicked(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    view = ball_window.planning.slices["coronal"]
    turn_handle(ball_window.planning.slices["axial"], 40.0)
    frame = view.frame()
    wanted = CENTRE_MM + 12.0 * np.array(frame.plane.right) - 9.0 * np.array(frame.plane.down)
    qtbot.mouseClick(view, Button.LeftButton, pos=view.position_of(wanted))
    assert np.array(ball_window.session.state.crosshair_mm) == pytest.approx(wanted, abs=1.0)


def test_a_standard_view_is_one_click_and_its_cut_one_step(heart_window: MainWindow) -> None:
    session, scene = heart_window.session, heart_window.planning.scene
    action = heart_window.actions_.by_key["view.standard_four_chamber"]
    assert not action.isEnabled()
    assert "Mitral valve, centre" in action.toolTip()
    session.show_anatomy(replace(make_anatomy("2.25.11"), landmarks=LANDMARKS))
    n_steps = len(session.state.history.edits)
    trigger(heart_window, "view.standard_four_chamber")
    camera, view = scene.renderer.camera, heart_window.planning.slices["axial"]
    looked = np.array(camera.focal_mm) - np.array(camera.position_mm)
    assert looked / np.linalg.norm(looked) == pytest.approx(np.array(view.frame().plane.normal), abs=1e-6)
    assert np.dot(camera.up, view.frame().plane.down) == pytest.approx(-1.0, abs=1e-6)
    middle = QPointF(view.position_of(np.array(camera.focal_mm)))
    assert (middle - QPointF(view.rect().center())).manhattanLength() <= 3
    assert view.title == "Four-chamber view"
    trigger(heart_window, "view.cut_here")
    assert [edit.name for edit in session.state.history.edits[n_steps:]] == ["Cut at four-chamber view"]
    trigger(heart_window, "edit.undo")
    assert session.state.plan.of_type(CutPlane) == ()


def test_a_slab_is_chosen_in_the_corner_of_its_view_and_said_there(ball_window: MainWindow) -> None:
    page = ball_window.planning
    button = page.slices["axial"]._slab
    assert button.isVisible()
    assert button.text() == "Slice"
    next(action for action in button.menu().actions() if "MIP" in action.text()).trigger()
    next(action for action in button.menu().actions() if action.text().startswith("20 mm")).trigger()
    assert button.text() == "MIP 20 mm"
    assert page.slices["axial"].frame().slab.thickness_mm == 20.0
    assert page.slices["coronal"]._slab.text() == "Slice"
    trigger(ball_window, "view.slab_max")
    assert page.slices["coronal"]._slab.text() == "MIP 10 mm"
    trigger(ball_window, "view.slab_max")
    assert {view._slab.text() for view in page.slices.values()} == {"Slice"}


def test_layouts_by_command_and_a_double_click_makes_a_view_the_only_one_and_back(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    everything = ["scene", "axial", "coronal", "sagittal"]
    assert shown(ball_window) == everything
    trigger(ball_window, "view.layout_scene")
    assert shown(ball_window) == ["scene"]
    trigger(ball_window, "view.layout_one")
    assert shown(ball_window) == ["axial"]
    trigger(ball_window, "view.layout_side")
    assert shown(ball_window) == everything
    page = ball_window.planning
    left = {page.slices[name].mapTo(page, QPoint()).x() for name in ("axial", "coronal", "sagittal")}
    qtbot.waitUntil(lambda: page.scene.width() > page.slices["axial"].width(), timeout=LONG_MS)
    assert len(left) == 1
    view = page.slices["coronal"]
    crosshair = ball_window.session.state.crosshair_mm
    double_click(view, QPointF(view.rect().center()) + QPointF(30, 30))
    assert shown(ball_window) == ["coronal"]
    assert ball_window.session.state.crosshair_mm == crosshair
    double_click(view, QPointF(view.rect().center()))
    assert shown(ball_window) == everything


def test_the_layout_is_there_again_at_the_next_start(open_window) -> None:
    trigger(open_window(), "view.layout_side")
    assert open_window().session.state.arrangement.layout.value == "side"


def test_a_double_click_beside_the_surfaces_makes_the_3d_view_the_only_one(heart_window: MainWindow) -> None:
    scene = heart_window.planning.scene
    double_click(scene.interactor, QPointF(3.0, 3.0))
    assert shown(heart_window) == ["scene"]
    double_click(scene.interactor, QPointF(3.0, 3.0))
    assert shown(heart_window) == ["scene", "axial", "coronal", "sagittal"]


def tube() -> SurfaceMesh:
    """A straight vessel of 7 mm radius through the ball, tilted."""
    shape = trimesh.creation.cylinder(radius=7.0, height=64.0, sections=48)
    shape = shape.subdivide().subdivide()
    turn = trimesh.transformations.rotation_matrix(np.radians(30.0), [1.0, 0.0, 0.0])
    shape.apply_transform(turn)
    return SurfaceMesh(np.asarray(shape.vertices) + CENTRE_MM, np.asarray(shape.faces))


def test_a_vessel_is_laid_straight_and_its_marker_and_the_crosshair_move_each_other(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    session, page = ball_window.session, ball_window.planning
    assert "no surface of the aorta" in ball_window.actions_.by_key["view.curved_aorta"].toolTip()
    anatomy = make_anatomy("2.25.11")
    session.show_anatomy(replace(anatomy, surfaces={**anatomy.surfaces, "aorta": tube()}))
    trigger(ball_window, "view.curved_aorta")
    qtbot.waitUntil(lambda: page.curved.isVisible(), timeout=LONG_MS)
    assert shown(ball_window) == ["scene", "axial", "sagittal", "curved"]
    axis = np.array([0.0, -np.sin(np.radians(30.0)), np.cos(np.radians(30.0))])
    normal = np.array(page.slices["axial"].frame().plane.normal)
    assert abs(normal @ axis) == pytest.approx(1.0, abs=1e-3), "the slice lies across the vessel"
    before = np.array(session.state.crosshair_mm)
    curve = session.state.arrangement.curved
    along, beside = curve.nearest(before)
    place = page.curved.position_of(along + 10.0, beside)
    mouse(page.curved, QEvent.Type.MouseButtonPress, QPointF(place), Button.LeftButton, Button.LeftButton)
    moved = np.array(session.state.crosshair_mm) - before
    assert abs(moved @ axis) == pytest.approx(10.0, abs=0.5)
    session.look_at(CENTRE_MM)
    assert curve.nearest(session.state.crosshair_mm)[0] == pytest.approx(curve.length_mm / 2.0, abs=0.5)
    grey = page.curved.grab().toImage()
    assert grey.pixelColor(grey.width() // 2 + 30, grey.height() // 2 - 12).lightness() > 100
    page.curved._close.click()
    assert shown(ball_window) == ["scene", "axial", "coronal", "sagittal"]
    assert session.state.arrangement.axes is None


def test_a_vessel_whose_surface_has_changed_is_no_longer_followed(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    session, page = ball_window.session, ball_window.planning
    anatomy = make_anatomy("2.25.11")
    session.show_anatomy(replace(anatomy, surfaces={**anatomy.surfaces, "aorta": tube()}))
    trigger(ball_window, "view.curved_aorta")
    qtbot.waitUntil(lambda: page.curved.isVisible(), timeout=LONG_MS)
    session.show_anatomy(anatomy)
    assert not page.curved.isVisible()


def test_the_volume_is_rendered_without_a_reconstruction_by_one_key_and_back(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    scene = ball_window.planning.scene
    qtbot.waitUntil(lambda: scene.renderer is not None, timeout=LONG_MS)
    trigger(ball_window, "view.volume")
    assert scene.renderer.scene.rendering.preset == "ct_vessels"
    assert scene.interactor.isVisible()

    def share_drawn() -> float:
        picture = scene.picture().astype(int)
        return float((picture[..., 0] - picture[..., 2] > 40).mean())

    qtbot.waitUntil(lambda: share_drawn() > 0.02, timeout=LONG_MS)
    trigger(ball_window, "view.rendering_ct_bone")
    assert scene.renderer.scene.rendering.preset == "ct_bone"
    assert not ball_window.actions_.by_key["view.rendering_mr"].isEnabled()
    trigger(ball_window, "view.volume")
    assert scene.renderer.scene.rendering is None


def test_the_image_lies_on_each_cut_plane_and_can_be_put_away(heart_window: MainWindow) -> None:
    scene = heart_window.planning.scene
    trigger(heart_window, "plan.cut_coronal")
    (image,) = scene.renderer.scene.images
    plane = heart_window.session.state.plan.of_type(CutPlane)[0]
    assert image.item_id == plane.item_id
    assert (image.corners_mm - plane.origin_mm) @ np.array(plane.normal) == pytest.approx(0.0, abs=1e-6)
    trigger(heart_window, "view.cut_images")
    assert scene.renderer.scene.images == ()

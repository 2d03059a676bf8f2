"""Lines, contours and the aortic root's sheet as a user goes through them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from app.views.slices.view import SliceView
from plan.items import AorticRoot, Contour, CutPlane, Distance, Landmark, PlaneAngle, Polyline
from plan.measure import distance_mm
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM
from tests.support.gui import trigger

LEFT = Qt.MouseButton.LeftButton


def click(qtbot: QtBot, view: SliceView, at_mm: np.ndarray) -> None:
    qtbot.mouseClick(view, LEFT, pos=view.position_of(at_mm))


def drag(view: SliceView, start: QPoint, end: QPoint, *, drop: bool = True) -> None:
    QTest.mousePress(view, LEFT, pos=start)
    for share in (0.5, 1.0):
        QTest.mouseMove(view, start + (end - start) * share)
    if drop:
        QTest.mouseRelease(view, LEFT, pos=end)


def around(radius_mm: float, degrees: float, height_mm: float = 0.0) -> np.ndarray:
    """A place around the ball's middle: 0 degrees in front, then to the patient's left."""
    turn = math.radians(degrees)
    return CENTRE_MM + [radius_mm * math.sin(turn), -radius_mm * math.cos(turn), height_mm]


def values(window: MainWindow) -> dict[str, float | None]:
    return {reading.key: reading.value for reading in window.sheet.readings}


def test_a_contour_is_clicked_closed_and_one_point_of_it_dragged(ball_window: MainWindow, qtbot: QtBot) -> None:
    window, state = ball_window, lambda: ball_window.session.state
    axial = window.planning.slices["axial"]
    trigger(window, "plan.contour")
    assert not window.actions_.by_key["plan.finish"].isEnabled()
    for degrees in range(0, 360, 45):
        click(qtbot, axial, around(20.0, degrees))
    assert window.planning.hint_label.text().endswith("closes it")
    qtbot.mouseDClick(axial, LEFT, pos=axial.position_of(around(20.0, 315)))
    (contour,) = state().plan.of_type(Contour)
    assert len(contour.points_mm) == 8
    ((name, text),) = window.plan_list.texts()
    assert name == "Contour 1"
    area, band = (float(part) for part in text.removesuffix(" mm²").split(" ± "))
    assert area == pytest.approx(math.pi * 400, rel=0.03)
    assert 0 < band < 0.2 * area
    assert "Perimeter" in window.plan_list.details.text()

    # The tool is put away; the point in front is pulled forward, and everything follows it before it is let go.
    trigger(window, "plan.navigate")
    window_before = state().window
    start, end = axial.position_of(around(20.0, 0)), axial.position_of(around(24.0, 0))
    drag(axial, start, end, drop=False)
    assert state().dragged is not None
    assert state().plan.items == (contour,)
    live = float(window.plan_list.texts()[0][1].removesuffix(" mm²"))
    assert live > area + 20
    QTest.mouseRelease(axial, LEFT, pos=end)
    (moved,) = state().plan.of_type(Contour)
    assert moved.points_mm[1:] == contour.points_mm[1:]
    assert state().dragged is None
    assert state().window == window_before
    assert window.actions_.by_key["edit.undo"].text() == "Undo move point of contour"
    trigger(window, "edit.undo")
    assert state().plan.items == (contour,)


def test_a_polyline_ends_with_enter_and_too_few_points_end_nothing(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    window = ball_window
    coronal = window.planning.slices["coronal"]
    trigger(window, "plan.polyline")
    click(qtbot, coronal, CENTRE_MM + [-20, 0, 0])
    qtbot.mouseDClick(coronal, LEFT, pos=coronal.position_of(CENTRE_MM + [-20, 0, 0]))
    assert window.session.state.plan.items == ()
    click(qtbot, coronal, CENTRE_MM + [0, 0, 15])
    click(qtbot, coronal, CENTRE_MM + [20, 0, 0])
    trigger(window, "plan.finish")
    (line,) = window.session.state.plan.of_type(Polyline)
    assert len(line.points_mm) == 3
    length = float(window.plan_list.texts()[0][1].split(" ± ")[0])
    assert length == pytest.approx(50.0, abs=1.5)


def test_a_press_beside_all_points_still_drags_the_window_level(ball_window: MainWindow, qtbot: QtBot) -> None:
    window = ball_window
    axial = window.planning.slices["axial"]
    before = window.session.state.window
    at = axial.position_of(around(20.0, 90))
    drag(axial, at, at + QPoint(30, 20))
    assert window.session.state.window != before
    assert window.session.state.plan.items == ()


def test_a_cut_plane_says_its_areas_and_two_planes_their_angle(heart_window: MainWindow) -> None:
    window, session = heart_window, heart_window.session
    trigger(window, "plan.cut_axial")
    assert "LV myocardium: area" in window.plan_list.details.text()
    area = float(window.plan_list.details.text().split("LV myocardium: area ")[1].split(" mm²")[0])
    assert area == pytest.approx(math.pi * RADIUS_MM**2, rel=0.02)
    trigger(window, "plan.cut_coronal")
    first, second = session.state.plan.of_type(CutPlane)
    menu = window.plan_list.menu_for(second)
    action = next(one for one in menu.actions() if one.text().startswith("Angle"))
    assert action.text() == f"Angle with {first.name}"
    action.trigger()
    menu.deleteLater()
    (angle,) = session.state.plan.of_type(PlaneAngle)
    assert {angle.plane_id, angle.other_id} == {first.item_id, second.item_id}
    assert dict(window.plan_list.texts())[angle.name] == "90.0°"


def test_a_surgeon_goes_through_the_root_sheet_fixes_a_hinge_point_and_undoes(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = ball_window, lambda: ball_window.session.state
    sheet, axial = window.sheet, window.planning.slices["axial"]
    trigger(window, "plan.aortic_root")
    qtbot.waitUntil(sheet.isVisible)
    assert sheet.hint.text().startswith("Right hinge point")
    assert values(window)["annulus_area_mm2"] is None

    # The three hinge points: the sheet asks for the next one after each.
    for degrees, following in ((0, "Left hinge"), (120, "Non-coronary hinge"), (240, "Annulus")):
        click(qtbot, axial, around(16.0, degrees))
        assert sheet.hint.text().startswith(following)
    assert values(window)["three_cusp_lao_deg"] == pytest.approx(0.0, abs=3.0)
    assert len(sheet.curve.points) > 100

    # The annulus is drawn in its own plane, where the root's slice shows it.
    frame = sheet.plane.frame()
    assert np.array(frame.plane.normal) == pytest.approx([0, 0, 1], abs=1e-6)
    for degrees in range(0, 360, 45):
        click(qtbot, sheet.plane, around(15.0, degrees))
    trigger(window, "plan.finish")
    assert sheet.hint.text().startswith("Left coronary ostium")
    found = values(window)
    assert found["annulus_area_diameter_mm"] == pytest.approx(30.0, abs=0.5)
    assert all(r.plus_minus is not None for r in sheet.readings if r.value is not None)

    # An ostium above the plane: its height is at right angles to it.
    coronal = window.planning.slices["coronal"]
    click(qtbot, coronal, CENTRE_MM + [14.0, 0.0, 12.0])
    assert values(window)["left_coronary_height_mm"] == pytest.approx(12.0, abs=1.0)
    assert sheet.hint.text().startswith("Right coronary ostium")

    # The front hinge point was wrong: it is dragged up, the plane and all that hangs on it follow.
    sagittal = window.planning.slices["sagittal"]
    root = state().plan.of_type(AorticRoot)[0]
    before = values(window)
    start = sagittal.position_of(np.array(root.right_hinge_mm))
    end = sagittal.position_of(np.array(root.right_hinge_mm) + [0, 0, 3.0])
    drag(sagittal, start, end)
    after = values(window)
    moved = state().plan.of_type(AorticRoot)[0]
    assert moved.right_hinge_mm[2] - root.right_hinge_mm[2] == pytest.approx(3.0, abs=0.7)
    assert after["left_coronary_height_mm"] < before["left_coronary_height_mm"] - 0.5
    assert after["three_cusp_cranial_deg"] > before["three_cusp_cranial_deg"] + 3.0
    assert window.actions_.by_key["edit.undo"].text() == "Undo move point of aortic root"
    trigger(window, "edit.undo")
    assert values(window) == before

    # Each step is one step of undo, and the sheet asks again for what was taken back.
    assert window.actions_.by_key["edit.undo"].text() == "Undo place left coronary ostium"
    trigger(window, "edit.undo")
    assert sheet.hint.text().startswith("Left coronary ostium")
    qtbot.mouseClick(sheet.copy, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert "Annulus area\t" in copied
    assert "± " in copied
    assert "research" in copied

    # Undone to nothing, the sheet closes itself.
    while state().plan.items:
        trigger(window, "edit.undo")
    assert not sheet.isVisible()
    assert state().tool.value == "navigate"


def test_a_step_of_the_sheet_can_be_chosen_again_cleared_and_the_sheet_closed(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = ball_window, lambda: ball_window.session.state
    axial = window.planning.slices["axial"]
    trigger(window, "plan.aortic_root")
    for degrees in (0, 120):
        click(qtbot, axial, around(16.0, degrees))
    window.sheet.steps.setCurrentItem(window.sheet.steps.topLevelItem(0))
    assert window.sheet.hint.text().startswith("Right hinge point")
    click(qtbot, axial, around(10.0, 0))
    assert window.actions_.by_key["edit.undo"].text() == "Undo move right hinge point"
    assert window.sheet.hint.text().startswith("Non-coronary hinge point")
    window.sheet.steps.setCurrentItem(window.sheet.steps.topLevelItem(1))
    qtbot.mouseClick(window.sheet.clear, LEFT)
    assert state().plan.of_type(AorticRoot)[0].left_hinge_mm is None
    # A narrow window has room for the sheet or the studies.
    assert not window.browser.isVisible()
    window.sheet.close()
    assert state().sheet is None
    assert window.browser.isVisible()
    click(qtbot, axial, around(16.0, 90))
    assert state().plan.of_type(AorticRoot)[0].left_hinge_mm is None
    # Opened again, it is the same root.
    trigger(window, "plan.aortic_root")
    assert len(state().plan.items) == 1


def test_a_point_on_a_surface_is_dragged_along_it_in_3d(
    heart_window: MainWindow, qtbot: QtBot, open_window: Callable[[], MainWindow]
) -> None:
    window, session = heart_window, heart_window.session
    scene = window.planning.scene
    front = CENTRE_MM + [0.0, -RADIUS_MM, 0.0]
    session.take(next(tool for tool in type(session.state.tool) if tool.value == "landmark"))
    session.place(front)
    session.take(type(session.state.tool)("navigate"))
    scene.renderer.reset_camera()
    qtbot.wait(50)
    from render.viewport import display_from_patient

    ratio = scene.interactor.devicePixelRatioF()

    def pixel(at_mm: np.ndarray) -> QPoint:
        x, y = display_from_patient(scene.renderer._renderer, at_mm[None])[0] / ratio
        return QPoint(round(x), scene.interactor.height() - 1 - round(y))

    start, end = pixel(front), pixel(front) + QPoint(25, 0)
    camera = scene.renderer.camera
    QTest.mousePress(scene.interactor, LEFT, pos=start)
    QTest.mouseMove(scene.interactor, start + QPoint(12, 0))
    QTest.mouseMove(scene.interactor, end)
    QTest.mouseRelease(scene.interactor, LEFT, pos=end)
    (mark,) = session.state.plan.of_type(Landmark)
    assert mark.position_mm[0] > CENTRE_MM[0] + 2.0
    # It went around the ball, not through the air.
    assert np.linalg.norm(mark.position_mm - CENTRE_MM) == pytest.approx(RADIUS_MM, abs=0.3)
    assert scene.renderer.camera == camera
    assert window.actions_.by_key["edit.undo"].text() == "Undo move point of landmark"


def test_a_distance_keeps_its_depth_when_it_is_dragged_on_another_slice(ball_window: MainWindow) -> None:
    window, session = ball_window, ball_window.session
    line = Distance("d", tuple(CENTRE_MM + [-10, 0, 1.0]), tuple(CENTRE_MM + [10, 0, 1.0]))
    from plan import edits

    session.apply(edits.add(session.state.plan, line))
    axial = window.planning.slices["axial"]
    drag(axial, axial.position_of(np.array(line.end_mm)), axial.position_of(np.array(line.end_mm) + [8, 0, 0]))
    (moved,) = session.state.plan.of_type(Distance)
    assert moved.end_mm[2] == pytest.approx(line.end_mm[2], abs=1e-9)
    assert distance_mm(moved) == pytest.approx(28.0, abs=1.0)

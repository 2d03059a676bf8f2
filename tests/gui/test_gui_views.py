"""Single views: what the mouse does on a slice, what the lists say, how notices look."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QImage, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from app.jobs import JobRunner
from app.views.about import make_splash
from app.views.main_window import MainWindow
from app.views.notices import NoticeBar
from app.views.slices.view import SliceView
from app.views.thumbnails import Thumbnails
from core.errors import Finding, PlannerError
from core.resources import RESEARCH_NOTICE
from core.study import OWN_SPACE
from plan.items import CutPlane
from tests.support.ball_patient import CENTRE_MM, make_anatomy
from tests.support.gui import LONG_MS, trigger

Button, Modifier = Qt.MouseButton, Qt.KeyboardModifier


def drag(view: SliceView, step: QPoint, button: Button, modifier: Modifier = Modifier.NoModifier) -> None:
    start = QPointF(view.rect().center())
    end = start + QPointF(step)
    for kind, place, pressed in (
        (QMouseEvent.Type.MouseButtonPress, start, button),
        (QMouseEvent.Type.MouseMove, end, button),
        (QMouseEvent.Type.MouseButtonRelease, end, Button.NoButton),
    ):
        which = Button.NoButton if kind is QMouseEvent.Type.MouseMove else button
        glob = QPointF(view.mapToGlobal(place.toPoint()))
        QApplication.sendEvent(view, QMouseEvent(kind, place, glob, which, pressed, modifier))


def turn_wheel(view: SliceView, notches: int, modifier: Modifier = Modifier.NoModifier) -> None:
    place = QPointF(view.rect().center())
    glob = QPointF(view.mapToGlobal(place.toPoint()))
    angle = QPoint(0, 120 * notches)
    phase = Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(
        view, QWheelEvent(place, glob, QPoint(), angle, Button.NoButton, modifier, phase, False)
    )


def test_a_click_moves_all_three_slices_to_that_point(ball_window: MainWindow, qtbot: QtBot) -> None:
    view = ball_window.planning.slices["coronal"]
    qtbot.mouseClick(view, Button.LeftButton, pos=view.position_of(CENTRE_MM + [10, 0, -16]))
    at = np.array(ball_window.session.state.crosshair_mm)
    assert at == pytest.approx(CENTRE_MM + [10, 0, -16], abs=1.0)
    for other in ball_window.planning.slices.values():
        assert other.frame().depth_mm(at) == pytest.approx([0.0], abs=1e-6)


def test_the_wheel_goes_one_slice_and_with_ctrl_it_zooms(ball_window: MainWindow) -> None:
    view = ball_window.planning.slices["axial"]
    turn_wheel(view, 1)
    moved = np.array(ball_window.session.state.crosshair_mm) - CENTRE_MM
    assert np.abs(moved) == pytest.approx([0, 0, 4.0])
    turn_wheel(view, -1)
    assert ball_window.session.state.crosshair_mm == pytest.approx(tuple(CENTRE_MM))
    before = view.frame().spacing_mm
    turn_wheel(view, 2, Modifier.ControlModifier)
    assert view.frame().spacing_mm == pytest.approx(before / 1.15**2)


def test_each_button_drags_what_it_drags_elsewhere(ball_window: MainWindow) -> None:
    session, view = ball_window.session, ball_window.planning.slices["axial"]
    window = session.state.window
    drag(view, QPoint(40, 0), Button.LeftButton)
    assert session.state.window.width > window.width
    assert session.state.window.level == pytest.approx(window.level)
    assert session.state.crosshair_mm == pytest.approx(tuple(CENTRE_MM))
    before = view.position_of(CENTRE_MM)
    drag(view, QPoint(30, -20), Button.MiddleButton)
    assert view.position_of(CENTRE_MM) - before == QPoint(30, -20)
    drag(view, QPoint(-30, 20), Button.LeftButton, Modifier.ShiftModifier)
    assert view.position_of(CENTRE_MM) == before
    spacing_mm = view.frame().spacing_mm
    drag(view, QPoint(0, -50), Button.RightButton)
    assert view.frame().spacing_mm < spacing_mm
    trigger(ball_window, "view.reset")
    assert view.frame().spacing_mm == pytest.approx(spacing_mm)
    drag(view, QPoint(25, 0), Button.LeftButton, Modifier.ControlModifier)
    assert session.state.crosshair_mm[0] == pytest.approx(CENTRE_MM[0] + 25 * spacing_mm, abs=spacing_mm)


def test_contours_and_letters_are_painted_over_the_slice(ball_window: MainWindow) -> None:
    view = ball_window.planning.slices["axial"]
    view.setFixedSize(240, 200)
    plain = view.grab().toImage()
    ball_window.session.show_anatomy(make_anatomy("2.25.11"))
    with_contours = view.grab().toImage()
    assert _n_different(plain, with_contours) > 50
    ball_window.session.look(ball_window.session.state.view.with_structure("lv", is_visible=False))
    assert 50 < _n_different(plain, view.grab().toImage()) < _n_different(plain, with_contours)


def test_a_volume_in_a_space_of_its_own_has_no_letters_and_no_cube(ball_window: MainWindow) -> None:
    session, view = ball_window.session, ball_window.planning.slices["axial"]
    session.turn_slices(True)
    view.setFixedSize(240, 200)
    series, volume = session.state.series, session.state.volume
    assert series is not None
    assert volume is not None
    lettered = view.grab().toImage()
    finding = Finding(
        OWN_SPACE, "the position in the patient is unknown", "it is an ultrasound", "measure in it"
    )
    session.show_volume(replace(series, findings=(finding,)), 0, volume)
    plain = view.grab().toImage()
    for place in (QRect(4, 90, 24, 20), QRect(212, 90, 24, 20), QRect(108, 4, 24, 20), QRect(108, 176, 24, 20)):
        assert _n_different(lettered.copy(place), plain.copy(place)) > 5
    assert _n_different(lettered.copy(40, 40, 60, 60), plain.copy(40, 40, 60, 60)) == 0
    assert not ball_window.actions_.by_key["view.along_image"].isEnabled()


def test_eye_and_slider_change_how_a_structure_is_shown(ball_window: MainWindow, qtbot: QtBot) -> None:
    ball_window.session.show_anatomy(make_anatomy("2.25.11"))
    row = ball_window.structures.rows["lv"]
    qtbot.mouseClick(row.eye, Button.LeftButton)
    assert not ball_window.session.state.view.structure("lv").is_visible
    row.opacity.setValue(40)
    look = ball_window.session.state.view.structure("lv")
    assert (look.opacity, look.is_visible) == (0.4, False)
    assert ball_window.session.state.view.structure("lv_myocardium").opacity == 1.0
    qtbot.mouseClick(row.eye, Button.LeftButton)
    assert ball_window.session.state.view.structure("lv").is_visible


def test_the_plan_list_locks_hides_renames_and_removes_each_as_one_step(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    session, plans = ball_window.session, ball_window.plan_list
    trigger(ball_window, "plan.cut_coronal")
    (plane,) = session.state.plan.items
    plans.locked_requested.emit(plane.item_id, True)
    plans.shown_requested.emit(plane.item_id, False)
    row = plans.tree.topLevelItem(0)
    row.setText(0, "Through the valve")
    (changed,) = session.state.plan.of_type(CutPlane)
    assert (changed.name, changed.is_active, changed.is_locked) == ("Through the valve", False, True)
    names = [edit.name for edit in session.state.history.edits]
    assert names == ["Add cut plane", "Lock cut plane", "Hide cut plane", "Rename cut plane"]
    plans.remove_requested.emit(plane.item_id)
    assert session.state.plan.items == ()
    assert plans.texts() == []


def test_selecting_a_row_selects_the_item_for_the_commands(ball_window: MainWindow, qtbot: QtBot) -> None:
    trigger(ball_window, "plan.cut_coronal")
    trigger(ball_window, "plan.cut_axial")
    first = ball_window.session.state.plan.items[0]
    tree = ball_window.plan_list.tree
    row = tree.visualItemRect(tree.topLevelItem(0))
    qtbot.mouseClick(tree.viewport(), Button.LeftButton, pos=row.center())
    assert ball_window.session.state.selected_id == first.item_id


def test_a_name_from_a_file_is_shown_as_it_is(ball_window: MainWindow) -> None:
    root = ball_window.browser.tree.topLevelItem(0)
    assert root.text(0) == "<b>Ball</b> Bea  ·  P-1"
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in ball_window.findChildren(QLabel))


def test_thumbnails_arrive_for_every_series(ball_window: MainWindow, qtbot: QtBot) -> None:
    def brightest(uid: str) -> int:
        image = ball_window.browser._items[uid].icon(0).pixmap(56, 56).toImage()
        return max(image.pixelColor(x, 28).lightness() for x in range(56))

    uids = list(ball_window.browser._items)
    qtbot.waitUntil(lambda: all(brightest(uid) > 100 for uid in uids), timeout=LONG_MS)


def test_a_refusal_says_what_why_and_what_to_do_and_can_be_closed(window: MainWindow, qtbot: QtBot) -> None:
    window.session.refuse(PlannerError("no heart found", "the image shows <i>bricks</i>", "choose a chest"))
    assert window.notices.isVisible()
    assert window.notices.text.text() == "No heart found: the image shows <i>bricks</i>. Choose a chest."
    window.notices._copy()
    assert "bricks" in QApplication.clipboard().text()
    window.notices._close()
    assert not window.notices.isVisible()


def test_a_refused_command_becomes_a_notice(ball_window: MainWindow) -> None:
    trigger(ball_window, "plan.cut_coronal")
    trigger(ball_window, "plan.lock")
    trigger(ball_window, "plan.flip")
    assert "it is locked" in ball_window.notices.text.text()


def test_a_folder_that_is_not_there_is_a_notice_not_a_crash(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window.open_folder(tmp_path / "gone")
    qtbot.waitUntil(window.notices.isVisible, timeout=LONG_MS)
    assert "gone" in window.notices.text.text()


def test_a_dropped_folder_is_opened(window: MainWindow, study_folder: Path, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(study_folder))])
    copy = Qt.DropAction.CopyAction
    window.dropEvent(QDropEvent(QPointF(5, 5), copy, data, Button.NoButton, Modifier.NoModifier))
    qtbot.waitUntil(lambda: window.session.state.scan is not None, timeout=LONG_MS)
    assert len(window.session.state.scan.series) == 2
    assert window.browser.recent.count() == 1


def test_the_research_notice_is_on_window_about_and_splash(window: MainWindow, qtbot: QtBot) -> None:
    assert RESEARCH_NOTICE in [label.text() for label in window.statusBar().findChildren(QLabel)]
    trigger(window, "help.about")
    (box,) = window.findChildren(QMessageBox)
    assert RESEARCH_NOTICE in box.informativeText()
    box.close()
    splash = make_splash()
    qtbot.addWidget(splash)
    amber = [
        (x, y)
        for x in range(30, 500)
        for y in range(165, 195)
        if splash.pixmap().toImage().pixelColor(x, y).red() > 180
    ]
    assert len(amber) > 100


def test_the_menu_offers_each_command_once(window: MainWindow) -> None:
    shown: list[str] = []
    menus = [entry.menu() for entry in window.menuBar().actions()]
    while menus:
        for action in menus.pop().actions():
            if action.menu() is None:
                shown.append(action.objectName())
            else:
                menus.append(action.menu())
    assert sorted(shown) == sorted(window.actions_.by_key)


def _n_different(first: QImage, second: QImage) -> int:
    return int((_pixels(first) != _pixels(second)).any(axis=2).sum())


def _pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4).copy()


def test_thumbnails_wait_while_what_the_user_asked_for_is_at_work(study_folder: Path, qtbot: QtBot) -> None:
    from imaging.find.scan import scan_folder

    release = threading.Event()
    asked, thumbnails = JobRunner(), Thumbnails(16)
    made: list[str] = []
    thumbnails.yield_to(asked)
    thumbnails.made.connect(lambda uid, grey: made.append(uid))
    asked.start("Loading", lambda progress: release.wait(60.0), lambda _: None, lambda _: None)
    scan = scan_folder(study_folder)
    thumbnails.make(scan)
    assert not thumbnails.is_busy
    release.set()
    qtbot.waitUntil(lambda: len(made) == len(scan.series), timeout=LONG_MS)
    assert asked.close()
    assert thumbnails.close(5.0)


def test_of_several_notices_those_that_ask_for_nothing_come_last(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.add(
        (
            Finding("damaged", "2 files could not be read", "each is damaged", "copy it again"),
            Finding("no_image", "48 files are no images", "they hold no pixels", "nothing to do"),
        )
    )
    assert bar.text.text().startswith("2 files could not be read")
    bar.clear()
    assert not bar.isVisibleTo(None)

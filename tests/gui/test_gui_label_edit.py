"""A surgeon corrects labels on a slice: what is seen, what follows, what undo and a killed program leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app.labels.edited import edited_keys, stale_keys
from app.slice_outlines import outlines
from app.views.main_window import MainWindow
from app.views.slices.view import SliceView
from core.anatomy import Anatomy
from plan.items import CutPlane
from recon.surface import conformal_surfaces_of_labels
from tests.support.ball_patient import CENTRE_MM, make_anatomy, make_volume
from tests.support.gui import LONG_MS, SlowReconstruction, trigger

REPOSITORY = Path(__file__).resolve().parents[2]
LEFT = Qt.MouseButton.LeftButton
# On a slice of voxels, not between two: what is clicked is what is changed.
AT_MM = CENTRE_MM + [1.0, 1.0, 2.0]
VOXEL_ML = 2.0 * 2.0 * 4.0 / 1000.0


def labelled(uid: str) -> Anatomy:
    """The ball as the left ventricle, its surface made of its labels, as sure as a network would say."""
    anatomy = make_anatomy(uid)
    mesh = conformal_surfaces_of_labels(anatomy.labels)["lv"]
    mesh = replace(mesh, fields={"uncertainty_mm": np.full(len(mesh.vertices), 0.5)})
    report = {"volumes_ml": anatomy.labels.volumes_ml(), "uncertainty_mm": {"lv": 0.5}}
    return replace(anatomy, surfaces={"lv": mesh}, report=report, findings=())


@pytest.fixture
def edited_window(ball_window: MainWindow) -> MainWindow:
    session = ball_window.session
    session.show_anatomy(labelled(session.state.volume.frame_of_reference_uid))
    session.look_at(AT_MM)
    return ball_window


def drag(qtbot: QtBot, view: SliceView, *places: np.ndarray) -> None:
    spots = [view.position_of(np.asarray(place)) for place in places]
    qtbot.mousePress(view, LEFT, pos=spots[0])
    for spot in spots[1:]:
        qtbot.mouseMove(view, spot)
    qtbot.mouseRelease(view, LEFT, pos=spots[-1])


def surfaces_follow(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not stale_keys(window.session.state.anatomy), timeout=LONG_MS)


def n_voxels(window: MainWindow, value: int) -> int:
    return int((window.session.state.anatomy.labels.labels == value).sum())


def line_points(window: MainWindow, orientation: str, colour: tuple[float, float, float]) -> np.ndarray:
    """All points of a structure's outline on a view, LPS mm."""
    frame = window.planning.slices[orientation].frame()
    found = [o.lines for o in outlines(window.session.state, frame) if o.colour == colour]
    return np.array([frame.to_mm(*pixel) for lines in found for line in lines for pixel in line])


def test_what_is_painted_is_seen_at_once_and_counted_exactly_and_undo_returns_every_bit(
    edited_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = edited_window, lambda: edited_window.session.state
    before, mesh = state().anatomy.labels.labels.copy(), state().anatomy.surfaces["lv"]
    red = state().view.structure("lv").colour
    trigger(window, "labels.paint")
    assert window.planning.label_tool.isVisible()
    assert window.planning.label_tool.structure.currentText() == "Left ventricle"
    window.session.labels.use(replace(state().brush, radius_mm=4.0))

    # A stroke from inside the ball over its rim: beyond it the voxels are won.
    rim = AT_MM + [25.0, 0.0, 0.0]
    drag(qtbot, window.planning.slices["axial"], AT_MM + [15.0, 0, 0], rim, rim + [5.0, 0, 0])
    won = n_voxels(window, 1) - int((before == 1).sum())
    assert won > 5
    after = state().anatomy.labels.labels.copy()
    assert set(np.nonzero(after != before)[0]) == {10}, "one slice alone is painted"
    assert state().history.undo_name == "Paint Left ventricle"
    assert window.actions_.by_key["edit.undo"].text() == "Undo paint Left ventricle"
    # Every view's outline follows at once, before any surface is made again.
    assert stale_keys(state().anatomy) == {"lv"}
    for orientation in ("axial", "coronal"):
        reach = line_points(window, orientation, red)[:, 0].max() - CENTRE_MM[0]
        assert reach == pytest.approx(34.0, abs=2.5)
    assert window.structures.rows["lv"].origin.text() == "updating…"
    # The volumes count voxels.
    expected_ml = (before == 1).sum() * VOXEL_ML + won * VOXEL_ML
    assert state().anatomy.report["volumes_ml"]["lv"] == pytest.approx(expected_ml, abs=0.005)
    assert window.structures.rows["lv"].volume.text() == f"{expected_ml:.1f} ml"

    # The surface follows, closed, with the same volume; what is known of it ends where a hand was.
    surfaces_follow(window, qtbot)
    made = state().anatomy.surfaces["lv"]
    assert made.is_closed
    assert made.volume_ml == pytest.approx(expected_ml, rel=2e-3)
    assert made.bounds_mm[1, 0] > mesh.bounds_mm[1, 0] + 3.0
    unknown = np.isnan(made.fields["uncertainty_mm"])
    near = np.linalg.norm(made.vertices - (rim + [4.0, 0, 0]), axis=1) < 4.0
    far = made.vertices[:, 0] < CENTRE_MM[0]
    assert unknown[near].all()
    assert not unknown[far].any()
    assert state().anatomy.report["uncertainty_mm"]["lv"] is None
    assert window.structures.rows["lv"].origin.text() == "edited"
    assert [finding.code for finding in state().anatomy.findings] == ["edited_by_hand"]

    trigger(window, "edit.undo")
    np.testing.assert_array_equal(state().anatomy.labels.labels, before)
    assert state().anatomy.surfaces["lv"] is mesh
    assert (edited_keys(state().anatomy), stale_keys(state().anatomy)) == (frozenset(), frozenset())
    assert state().anatomy.report["uncertainty_mm"]["lv"] == 0.5
    assert window.structures.rows["lv"].origin.text() == ""
    trigger(window, "edit.redo")
    np.testing.assert_array_equal(state().anatomy.labels.labels, after)
    surfaces_follow(window, qtbot)


def test_a_pulled_contour_gives_its_voxels_to_the_neighbour(edited_window: MainWindow, qtbot: QtBot) -> None:
    window, state = edited_window, lambda: edited_window.session.state
    labels = state().anatomy.labels.labels.copy()
    # A wall around the ball: what the ventricle loses is the wall's.
    places = state().anatomy.labels.patient_from_indices(np.indices(labels.shape).reshape(3, -1).T)
    away = np.linalg.norm(places - CENTRE_MM, axis=1).reshape(labels.shape)
    labels[(away >= 25.0) & (away < 33.0)] = 2
    anatomy = state().anatomy
    window.session.show_anatomy(replace(anatomy, labels=replace(anatomy.labels, labels=labels)))
    trigger(window, "labels.pull")
    window.session.labels.use(replace(state().brush, key="lv", reach_mm=20.0))
    rim = AT_MM + [24.0, 0.0, 0.0]
    drag(qtbot, window.planning.slices["axial"], rim, rim - [4.0, 0, 0], rim - [9.0, 0, 0])
    after = state().anatomy.labels.labels
    changed = after != labels
    assert set(np.nonzero(changed)[0]) == {10}
    assert changed.sum() > 20
    assert (labels[changed] == 1).all()
    assert (after[changed] == 2).all()
    assert (places.reshape((*labels.shape, 3))[changed][:, 0] > CENTRE_MM[0] + 10.0).all(), (
        "only around the grab"
    )
    assert state().history.undo_name == "Pull contour of Left ventricle"
    surfaces_follow(window, qtbot)


def test_a_drawn_outline_is_filled_only_over_what_may_be_painted(
    edited_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = edited_window, lambda: edited_window.session.state
    before = state().anatomy.labels.labels.copy()
    trigger(window, "labels.fill")
    window.session.labels.use(replace(state().brush, key="rv", only_over="background"))
    corner = AT_MM + [20.0, -6.0, 0.0]
    square = [corner, corner + [14, 0, 0], corner + [14, 12, 0], corner + [0, 12, 0]]
    drag(qtbot, window.planning.slices["axial"], *square)
    after = state().anatomy.labels.labels
    changed = np.argwhere(after != before)
    assert (before[after != before] == 0).all()
    places = state().anatomy.labels.patient_from_indices(changed)
    assert len(changed) > 10
    assert (places[:, 0] > corner[0] - 1.0).all()
    assert (places[:, 0] < corner[0] + 15.0).all()
    surfaces_follow(window, qtbot)
    assert "rv" in window.structures.rows


def test_the_keyboard_alone_paints_sizes_and_chooses(edited_window: MainWindow, qtbot: QtBot) -> None:
    window, state = edited_window, lambda: edited_window.session.state
    before = n_voxels(window, 2)
    view = window.planning.slices["axial"]
    view.setFocus()
    trigger(window, "labels.paint")
    trigger(window, "labels.next")
    assert window.planning.label_tool.structure.currentText() == "LV myocardium"
    radius_mm = state().brush.radius_mm
    trigger(window, "labels.larger")
    assert state().brush.radius_mm == pytest.approx(1.15 * radius_mm)
    assert "disc of 5.8 mm radius" in window.planning.hint_label.text()
    crosshair = state().crosshair_mm
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert state().crosshair_mm == pytest.approx(tuple(np.array(crosshair) + [2.0, 0, 0]))
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert state().stroke is None
    assert n_voxels(window, 2) > before
    trigger(window, "plan.navigate")
    assert not window.planning.label_tool.isVisible()
    surfaces_follow(window, qtbot)


def test_shift_and_the_wheel_size_the_brush_and_leave_the_slice(
    edited_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = edited_window, lambda: edited_window.session.state
    trigger(window, "labels.paint")
    radius_mm, crosshair = state().brush.radius_mm, state().crosshair_mm
    view = window.planning.slices["coronal"]
    at = QPointF(view.rect().center())
    wheel = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, wheel)
    assert state().brush.radius_mm == pytest.approx(1.15 * radius_mm)
    assert state().crosshair_mm == crosshair


def test_labels_are_locked_while_a_reconstruction_runs(
    edited_window: MainWindow, slow: SlowReconstruction, qtbot: QtBot
) -> None:
    window, state = edited_window, lambda: edited_window.session.state
    trigger(window, "labels.paint")
    before = state().anatomy.labels
    slow.n_steps = 3000
    trigger(window, "reconstruct.heart")
    assert not window.actions_.by_key["labels.paint"].isEnabled()
    drag(qtbot, window.planning.slices["axial"], AT_MM + [25.0, 0, 0], AT_MM + [32.0, 0, 0])
    assert state().anatomy.labels is before
    assert state().notices[-1].what == "the labels are locked"
    trigger(window, "reconstruct.cancel")


def test_a_new_reconstruction_asks_first_and_undo_leads_back_to_the_edits(
    edited_window: MainWindow, slow: SlowReconstruction, qtbot: QtBot
) -> None:
    window, state = edited_window, lambda: edited_window.session.state
    trigger(window, "labels.paint")
    drag(qtbot, window.planning.slices["axial"], AT_MM + [25.0, 0, 0], AT_MM + [32.0, 0, 0])
    surfaces_follow(window, qtbot)
    edited = state().anatomy.labels.labels.copy()
    trigger(window, "reconstruct.heart")
    (box,) = [widget for widget in window.findChildren(QMessageBox) if widget.isVisible()]
    assert slow.n_started == 0, "the window asks and goes on"
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Ok), LEFT)
    qtbot.waitUntil(lambda: slow.n_finished == 1 and not window.desk.is_busy, timeout=LONG_MS)
    assert edited_keys(state().anatomy) == frozenset()
    assert not np.array_equal(state().anatomy.labels.labels, edited)
    assert state().history.undo_name == "Reconstruct"
    trigger(window, "edit.undo")
    np.testing.assert_array_equal(state().anatomy.labels.labels, edited)
    assert edited_keys(state().anatomy) == {"lv"}
    surfaces_follow(window, qtbot)


def test_areas_of_cut_planes_wait_for_the_surface_and_then_follow_it(
    edited_window: MainWindow, qtbot: QtBot
) -> None:
    window = edited_window
    trigger(window, "plan.cut_coronal")
    shown: list[object] = []
    window.plan_list.show_plan = lambda plan, selected, anatomy, *_: shown.append(set(anatomy.surfaces))  # type: ignore[method-assign]
    trigger(window, "labels.paint")
    drag(qtbot, window.planning.slices["axial"], AT_MM + [25.0, 0, 0], AT_MM + [32.0, 0, 0])
    assert shown[-1] == set()
    surfaces_follow(window, qtbot)
    assert shown[-1] == {"lv"}
    assert window.session.state.plan.of_type(CutPlane)


SURGEON = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np
from app.labels.editing import Touch
from app.session import Session
from app.tools import Tool
from tests.gui.test_gui_label_edit import AT_MM, labelled
from tests.support.ball_patient import make_series, make_volume

session = Session(Path(sys.argv[2]))
session.show_volume(make_series(), 0, make_volume())
session.show_anatomy(labelled("1.2.3"))
session.take(Tool.PAINT)
number = 0
while True:
    number += 1
    touch = Touch(AT_MM + [20.0 + number % 7, number % 11, 0.0], np.array([0.0, 0.0, 1.0]))
    session.take(Tool.ERASE if number % 3 == 0 else Tool.PAINT)
    session.labels.press(touch)
    session.labels.release()
    labels = session.state.anatomy.labels.labels
    print(number, int((labels == 1).sum()), len(session.state.history.edits), flush=True)
"""


def test_every_stroke_that_was_seen_is_there_after_kill_9(
    open_window: Callable[[], MainWindow], qtbot: QtBot, tmp_path: Path
) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", SURGEON, str(REPOSITORY), str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(25)]
        os.kill(process.pid, signal.SIGKILL)
        seen += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    last = [line for line in seen if line.endswith("\n")][-1]
    _, count, n_edits = map(int, last.split())

    # The same images in a new window: the labels come back, and their surfaces are made again.
    from tests.support.ball_patient import make_series

    window = open_window()
    window.session.show_volume(make_series(), 0, make_volume())
    anatomy = window.session.state.anatomy
    history = window.session.state.history
    assert len(history.edits) in (n_edits, n_edits + 1)
    if len(history.edits) == n_edits:
        assert int((anatomy.labels.labels == 1).sum()) == count
    assert "labels_restored" in [finding.code for finding in window.session.state.notices]
    surfaces_follow(window, qtbot)
    volume_ml = float((anatomy.labels.labels == 1).sum()) * VOXEL_ML
    assert window.session.state.anatomy.surfaces["lv"].volume_ml == pytest.approx(volume_ml, rel=2e-3)
    while window.session.state.history.undo_name is not None:
        trigger(window, "edit.undo")
    np.testing.assert_array_equal(window.session.state.anatomy.labels.labels, labelled("1.2.3").labels.labels)
    assert window.session.state.anatomy.surfaces["lv"].is_closed
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

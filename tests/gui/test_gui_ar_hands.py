"""Wand, pointer and registration in the AR tab, before a camera whose pictures are drawn at known poses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.ar.registering import EARLIER, FILE, Doing
from app.case import case_of, write_case
from app.views.ar.registration_panel import NOT_REGISTERED
from app.views.main_window import MainWindow
from ar.board import write_board
from ar.board.kinds import joined, make_board
from ar.calibration import CameraRecord, write_camera
from ar.frame import CameraFrame
from ar.loop import ArFrame
from ar.placement import place_over
from ar.poses import Pose, PoseState
from ar.registration import register_by_points, write_registration
from ar.registration.pivot import PivotFit
from ar.synthetic import look_at_board, render_bodies
from core.frames import CAMERA, Transform, rigid
from core.progress import Silent
from core.projection import CameraModel
from plan import edits
from plan.items import CutPlane, Landmark
from tests.support.ball_patient import make_anatomy
from tests.support.fake_camera import FakeCamera
from tests.support.gui import LONG_MS

LENS = CameraModel(640, 480, np.array([[560.0, 0, 319.5], [0, 560.0, 239.5], [0, 0, 1]]), np.zeros(5))
BOARD = joined([make_board(kind) for kind in ("charuco", "wand", "pointer")])
REFERENCE = look_at_board(BOARD, 620.0, 20.0, 30.0).matrix
WAND = look_at_board(BOARD, 420.0, 30.0, -40.0, body=BOARD.body("wand")).matrix + np.array(
    [[0, 0, 0, 90.0], [0, 0, 0, 60.0], [0, 0, 0, 0], [0, 0, 0, 0]]
)
TIP = np.array([27.0, 160.0, 0.0])
PLACES = {"apex": (0.0, -150.0, 290.0), "base": (25.0, -140.0, 320.0), "left": (40.0, -120.0, 300.0)}
PLACES |= {"right": (-30.0, -160.0, 310.0)}
REFERENCE_FROM_PATIENT = rigid(np.array([1.4, 0.2, -0.4]), np.array([80.0, 100.0, -160.0]))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    seen = {"reference": REFERENCE, "wand": WAND}
    return [render_bodies(BOARD, LENS, lambda _: seen, 0.0, seed) for seed in range(2)]


@pytest.fixture
def live(
    ball_window: MainWindow,
    pictures: list[np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> MainWindow:
    """A window whose camera sees the board and the wand."""
    monkeypatch.setattr("ar.source.camera._open", lambda place: FakeCamera(pictures))
    ball_window.session.show_anatomy(make_anatomy("2.25.11"))
    plan = ball_window.session.state.plan
    for name, place in PLACES.items():
        plan = edits.add(plan, Landmark(name, place)).plan
    ball_window.session.apply(edits.Edit("Add landmarks", plan))
    write_camera(CameraRecord(LENS), tmp_path / "camera.json")
    write_board(BOARD, tmp_path / "board.json")
    ball_window.tabs.setCurrentWidget(ball_window.ar)
    ball_window.ar.fields.show_texts("0", str(tmp_path / "board.json"), str(tmp_path / "camera.json"))
    ball_window.ar.toggle()
    qtbot.waitUntil(lambda: ball_window.ar.state_label.text().startswith("TRACKED"), timeout=LONG_MS)
    return ball_window


def test_the_wand_cuts_in_all_views_while_it_is_held_and_space_places_it_as_one_step(
    live: MainWindow, qtbot: QtBot
) -> None:
    view, session = live.ar, live.session
    n_before = len(session.state.plan.items)
    view.tools.buttons[next(iter(view.tools.buttons))].click()
    qtbot.waitUntil(lambda: isinstance(session.state.dragged, CutPlane), timeout=LONG_MS)
    held = session.state.dragged
    assert isinstance(held, CutPlane)
    anatomy = session.state.anatomy
    assert anatomy is not None
    reference = Transform(CAMERA, "reference", REFERENCE)
    camera_from_patient = reference @ place_over(anatomy, BOARD.bodies[0]).body_from_patient
    patient_from_wand = np.linalg.inv(camera_from_patient.matrix) @ WAND
    np.testing.assert_allclose(held.origin_mm, (patient_from_wand @ (57.0, 27.0, 0.0, 1.0))[:3], atol=1.5)
    assert np.dot(held.normal, patient_from_wand[:3, 2]) > 0.999
    assert "not registered to a patient" in view.tools.words.text()
    # Not listed before it is placed, drawn at once.
    assert len(session.state.plan.items) == n_before
    assert held in session.state.shown_plan.items
    qtbot.keyClick(view.canvas, Qt.Key.Key_Space)
    assert session.state.plan.items[-1].name == "Cut plane 1 (on the model)"
    assert session.state.history.undo_name == "Place cut plane with the wand (on the model)"
    assert not session.state.playback.is_playing
    view.tools.freeze_button.click()
    qtbot.waitUntil(lambda: view.state_label.text().startswith("FROZEN"), timeout=LONG_MS)
    qtbot.waitUntil(lambda: session.state.dragged is None, timeout=LONG_MS)
    n_placed = len(session.state.plan.items)
    qtbot.keyClick(view.canvas, Qt.Key.Key_Space)
    assert len(session.state.plan.items) == n_placed
    assert view.stop(30.0)
    assert "Stopped" in view.canvas.words
    assert session.state.dragged is None
    session.undo()
    assert len(session.state.plan.items) == n_before


def turn_at(place_mm: np.ndarray, n: int) -> ArFrame:
    """The pointer's tip held at a place of the patient that lies on the reference as the test says."""
    body_mm = REFERENCE_FROM_PATIENT[:3, :3] @ place_mm + REFERENCE_FROM_PATIENT[:3, 3]
    camera_mm = REFERENCE[:3, :3] @ body_mm + REFERENCE[:3, 3]
    return turn_with_tip(camera_mm, rigid(np.array([0.2, 0.1, 0.3]), np.zeros(3)), n)


def turn_with_tip(camera_mm: np.ndarray, turned: np.ndarray, n: int) -> ArFrame:
    pointer = turned.copy()
    pointer[:3, 3] = camera_mm - turned[:3, :3] @ TIP
    spread = np.diag([1e-8] * 3 + [1e-4] * 3)

    def pose(name: str, matrix: np.ndarray) -> Pose:
        return Pose(n, n / 30, name, PoseState.TRACKED, Transform(CAMERA, name, matrix), spread, 0.1, 0.2)

    frame = CameraFrame(np.zeros((1, 1, 3), np.uint8), n, n / 30)
    reference = pose("reference", REFERENCE)
    return ArFrame(frame, (reference, pose("pointer", pointer)), reference, None)


def touch_all(window: MainWindow) -> None:
    """Touch every landmark, each begun by the pedal."""
    work, n = window.ar_desk.work, 1000
    assert work is not None
    while work.next_landmark():
        name = work.next_landmark()
        assert window.ar_desk.confirm()
        while work.doing is Doing.TOUCH:
            window.ar_desk.take_turns([turn_at(np.array(PLACES[name]), n)])
            n += 1
        # Tests wait for nothing: each touch lies ten seconds after the one before.
        n += 300


def test_pointer_touches_and_fit_hold_the_heart_where_it_is_and_survive_the_case(
    live: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    view, desk, panel = live.ar, live.ar_desk, live.ar.registering
    assert panel.result.text() == NOT_REGISTERED
    qtbot.waitUntil(lambda: desk.work is not None, timeout=LONG_MS)
    view.pages.setCurrentIndex(1)
    # The test gives the tracked frames of touching itself; the camera's own see no pointer.
    view.turns_came.disconnect(desk.take_turns)
    panel.touch_button.click()
    assert "tip is not calibrated" in live.notices.text.text()
    panel.pivot_button.click()
    random = np.random.default_rng(1)
    tips = [rigid(random.normal(0.0, 0.35, 3), np.zeros(3)) for _ in range(60)]
    desk.take_turns([turn_with_tip(np.array([10.0, 20.0, 500.0]), turned, n) for n, turned in enumerate(tips)])
    panel.pivot_button.click()
    pointer = desk.work.steps.draft.pointer
    assert isinstance(pointer, PivotFit)
    np.testing.assert_allclose(pointer.tip_mm, TIP, atol=0.05)
    touch_all(live)
    panel.buttons["fit"].click()
    found = desk.registration
    assert found is not None
    np.testing.assert_allclose(found.body_from_patient.matrix, REFERENCE_FROM_PATIENT, atol=0.02)
    assert "FRE" in panel.result.text()
    assert "Leave one out" in panel.result.text()
    assert "95 of 100" in panel.result.text()
    qtbot.waitUntil(lambda: view._shown.registration is found, timeout=LONG_MS)
    write_case(case_of(live.session.state), tmp_path / "a.auricle", Silent())
    live.session.saved_as(tmp_path / "a.auricle", live.session.state.plan, live.session.state.anatomy)
    assert (tmp_path / "a.auricle" / FILE).is_file()
    panel.pushed.emit(np.array([2.0, 0.0, 0.0]), np.zeros(3))
    assert "error not known" in panel.result.text()
    panel.buttons["undo"].click()
    assert desk.registration is found
    panel.buttons["remove"].click()
    assert panel.result.text() == NOT_REGISTERED
    assert not (tmp_path / "a.auricle" / FILE).exists()
    assert view.stop(30.0)


def test_a_registration_beside_a_case_is_taken_up_as_an_earlier_one_and_never_by_another_patient(
    ball_window: MainWindow, tmp_path: Path
) -> None:
    session, desk = ball_window.session, ball_window.ar_desk
    session.show_anatomy(make_anatomy("2.25.11"))
    points = np.array(list(PLACES.values()))
    folder = tmp_path / "b.auricle"
    write_case(case_of(session.state), folder, Silent())
    found = replace(register_by_points(points, points + 5.0, "reference"), frame_of_reference_uid="2.25.11")
    write_registration(found, folder / FILE)
    session.saved_as(folder, session.state.plan, session.state.anatomy)
    assert desk.registration is not None
    assert EARLIER in ball_window.ar.registering.result.text()
    session.show_study(session.state.folder, session.state.scan)
    assert desk.registration is None
    assert ball_window.ar.registering.result.text() == NOT_REGISTERED

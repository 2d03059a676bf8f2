"""A surgeon goes through the guided sheets: they begin filled, are corrected, and the values follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from app.commands.sheets import set_number
from app.views.main_window import MainWindow
from app.views.sheets.profile import Curve
from plan.items import MitralAnnulus, SeptalPatch, ThoracicAorta, Ventricles, VirtualValve, as_point
from tests.support.gui import LONG_MS, trigger
from tests.support.moving_ball import moving_ball
from tests.support.stacked_heart import RING_MM, stacked_heart

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def stacked_window(ball_window: MainWindow) -> MainWindow:
    """The ball's images with the stacked heart in their patient space."""
    ball_window.session.show_anatomy(stacked_heart(ball_window.session.state.volume.frame_of_reference_uid))
    return ball_window


def _values(window: MainWindow) -> dict[str, float | None]:
    return {reading.key: reading.value for reading in window.sheet.readings}


def _opened(window: MainWindow, qtbot: QtBot, key: str, kind: type) -> None:
    trigger(window, key)
    qtbot.waitUntil(lambda: isinstance(window.session.state.sheet_item, kind), timeout=LONG_MS)


def test_the_mitral_sheet_begins_filled_is_one_step_and_follows_a_dragged_point(
    stacked_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = stacked_window, lambda: stacked_window.session.state
    _opened(window, qtbot, "sheets.mitral_annulus", MitralAnnulus)
    assert window.sheet.windowTitle() == "Mitral annulus"
    assert _values(window)["ring_area_mm2"] == pytest.approx(np.pi * RING_MM**2, rel=0.01)
    assert "guessed" in state().notices[-1].why
    assert window.sheet.plane.title == "Annular plane"
    (annulus,) = state().plan.of_type(MitralAnnulus)
    wider = tuple(as_point(1.2 * np.array(place)) for place in annulus.annulus_mm)
    window.session.drag(replace(annulus, annulus_mm=wider))
    assert _values(window)["ring_area_mm2"] == pytest.approx(1.44 * np.pi * RING_MM**2, rel=0.01)
    window.session.drop()
    assert window.actions_.by_key["edit.undo"].text() == "Undo move point of mitral annulus"
    trigger(window, "edit.undo")
    assert state().plan.items == (annulus,)
    trigger(window, "edit.undo")
    assert state().plan.items == ()
    assert state().sheet is None


def test_a_valve_waits_for_its_annulus_and_its_numbers_are_named_steps(
    stacked_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = stacked_window, lambda: stacked_window.session.state
    action = window.actions_.by_key["sheets.virtual_valve"]
    assert not action.isEnabled()
    assert "mitral annulus first" in action.toolTip()
    _opened(window, qtbot, "sheets.mitral_annulus", MitralAnnulus)
    _opened(window, qtbot, "sheets.virtual_valve", VirtualValve)
    window.sheet.numbers.boxes["depth_mm"].setValue(25.0)
    (valve,) = state().plan.of_type(VirtualValve)
    assert valve.depth_mm == 25.0
    assert window.actions_.by_key["edit.undo"].text() == "Undo set depth in the ventricle of virtual valve"
    qtbot.waitUntil(lambda: "neo_lvot_area_mm2" in _values(window), timeout=LONG_MS)
    before = state().history
    set_number(window.desk, "depth_mm", 25.0)
    assert state().history is before, "what is as before is no step"
    # While the answer for a changed valve is worked out no number of the old one is shown.
    window.sheet.numbers.boxes["diameter_mm"].setValue(20.0)
    assert "neo_lvot_area_mm2" not in _values(window)
    qtbot.waitUntil(lambda: not window.sheet_worker.jobs.is_busy, timeout=LONG_MS)
    # Nor is that of another heart or phase shown for this one.
    qtbot.waitUntil(lambda: "neo_lvot_area_mm2" in _values(window), timeout=LONG_MS)
    window.session.show_anatomy(replace(state().anatomy))
    assert "neo_lvot_area_mm2" not in _values(window)
    qtbot.waitUntil(lambda: "neo_lvot_area_mm2" in _values(window), timeout=LONG_MS)
    row = window.sheet.values.topLevelItem(0)
    assert row.text(0).endswith("\npart band, guessed")
    assert row.text(1).endswith("mm²")
    assert "annulus and valve points alone" in row.toolTip(1)


def test_the_ventricles_follow_the_cycle_and_the_body(ball_window: MainWindow, qtbot: QtBot) -> None:
    window, uid = ball_window, ball_window.session.state.volume.frame_of_reference_uid
    window.session.show_moving(moving_ball(uid, 1))
    _opened(window, qtbot, "sheets.ventricles", Ventricles)
    qtbot.waitUntil(lambda: "lv_diastole_ml" in _values(window), timeout=LONG_MS)
    assert _values(window)["body_surface_m2"] is None
    window.sheet.numbers.boxes["height_cm"].setValue(180.0)
    window.sheet.numbers.boxes["weight_kg"].setValue(80.0)
    qtbot.waitUntil(lambda: "lv_diastole_per_m2_ml" in _values(window), timeout=LONG_MS)
    found = _values(window)
    assert found["lv_diastole_per_m2_ml"] == pytest.approx(found["lv_diastole_ml"] / found["body_surface_m2"])
    assert "lv_diastole" not in window.sheet.text()
    assert "indexed" in window.sheet.text()


def test_a_patch_is_drawn_shown_and_printed(stacked_window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = stacked_window
    _opened(window, qtbot, "sheets.septal_patch", SeptalPatch)
    assert not window.sheet.print.isEnabled()
    turn = 2 * np.pi * np.arange(8) / 8
    for t in turn:
        window.session.place((10 * np.cos(t), -60.0, 10 * np.sin(t)))
    trigger(window, "plan.finish")
    qtbot.waitUntil(lambda: window.sheet.pictures.pattern.pattern is not None, timeout=LONG_MS)
    assert _values(window)["cut_width_mm"] == pytest.approx(26.0, abs=0.2)
    window.desk.ask_new_file = lambda *_: tmp_path / "rim"  # type: ignore[method-assign]
    qtbot.mouseClick(window.sheet.print, LEFT)
    assert (tmp_path / "rim.pdf").read_bytes().startswith(b"%PDF")


def test_an_aorta_that_is_not_there_is_said_and_its_profile_shows_and_takes_clicks(
    stacked_window: MainWindow, qtbot: QtBot
) -> None:
    window = stacked_window
    _opened(window, qtbot, "sheets.aorta", ThoracicAorta)
    qtbot.waitUntil(lambda: bool(window.sheet.readings), timeout=LONG_MS)
    assert "no aorta" in window.sheet.readings[0].why_not
    profile = window.sheet.pictures.profile
    points = np.stack([np.zeros(101), np.zeros(101), np.arange(101.0)], axis=1)
    profile.show_curve(Curve(np.arange(101.0), np.full(101, 30.0), points), np.array([3.0, 0.0, 40.2]))
    assert profile.at_mm == 40.0
    at = profile.place_of(70.0, 30.0)
    assert at.y() < profile.place_of(70.0, 10.0).y()
    with qtbot.waitSignal(profile.sought) as sought:
        qtbot.mouseClick(profile, LEFT, pos=QPointF(at.x(), 60.0).toPoint())
    assert sought.args[0] == pytest.approx((0.0, 0.0, 70.0), abs=1.0)
    assert window.session.state.crosshair_mm == pytest.approx((0.0, 0.0, 70.0), abs=1.0)
    profile.follow(np.array([200.0, 0.0, 0.0]))
    assert profile.at_mm is None

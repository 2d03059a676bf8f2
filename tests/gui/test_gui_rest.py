"""What is rough while a hand moves becomes exact when it rests: thick slices, boxes and curves of large surfaces."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.viewing import slab_steps
from app.views import cut_maker
from app.views.main_window import MainWindow
from plan import edits
from plan.items import CutBox
from tests.support.ball_patient import CENTRE_MM
from tests.support.gui import LONG_MS, trigger


def box(reach_mm: float) -> CutBox:
    return CutBox("Box", CENTRE_MM - reach_mm, CENTRE_MM + reach_mm, item_id="box")


def test_a_thick_slice_is_rough_while_one_scrolls_and_full_when_one_rests(
    ball_window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slab_steps, "MOST_SAMPLES", 5_000)
    view = ball_window.planning.slices["axial"]
    pictures = view._pictures
    trigger(ball_window, "view.slab_max")
    qtbot.waitUntil(lambda: pictures.is_rough, timeout=LONG_MS)
    qtbot.waitUntil(lambda: not pictures.is_rough, timeout=LONG_MS)
    ball_window.session.look_at(CENTRE_MM + [0.0, 0.0, 4.0])
    qtbot.waitUntil(lambda: pictures.is_rough, timeout=LONG_MS)
    ball_window.planning.show_state(ball_window.session.state)
    qtbot.waitUntil(lambda: not pictures.is_rough, timeout=LONG_MS)


def test_a_box_through_a_large_surface_is_shown_at_once_and_exact_a_moment_later(
    heart_window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut_maker, "MOST_AT_ONCE", 10)
    scene, session = heart_window.planning.scene, heart_window.session
    session.apply(edits.add(session.state.plan, box(12.0)))
    qtbot.waitUntil(lambda: not scene.cut_maker.jobs.is_busy, timeout=LONG_MS)
    session.drag(box(9.0))
    assert not scene.cut_maker.jobs.is_busy, "nothing is made while the box is held"
    rough = scene.renderer.scene.surfaces
    assert all(not surface.mesh.is_closed for surface in rough)
    session.drop()
    assert scene.cut_maker.jobs.is_busy
    qtbot.waitUntil(lambda: not scene.cut_maker.jobs.is_busy, timeout=LONG_MS)
    exact = scene.renderer.scene.surfaces
    assert all(surface.mesh.is_closed and surface.n_cap_faces for surface in exact)
    over_camera = heart_window.ar._scene.surfaces
    assert [one.mesh for one in over_camera] == [one.mesh for one in exact], (
        "and so is the heart over the camera"
    )
    reach = max(float(np.abs(surface.mesh.vertices - CENTRE_MM).max()) for surface in exact)
    assert reach == pytest.approx(9.0, abs=1e-6)


def test_after_turned_slices_are_straightened_the_crosshair_is_where_it_was(ball_window: MainWindow) -> None:
    session, view = ball_window.session, ball_window.planning.slices["coronal"]
    session.viewing.turn_by("axial", 40.0)
    view.framing = view.framing.zoomed(3.0).panned(12.0, -7.0)
    before = view.position_of(np.array(session.state.crosshair_mm))
    trigger(ball_window, "view.straighten")
    after = view.position_of(np.array(session.state.crosshair_mm))
    assert (after - before).manhattanLength() <= 2

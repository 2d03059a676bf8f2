"""A surgeon plans a myectomy: outline, depth, what is taken and left; too deep is refused; a restart keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.labels.edited import stale_keys
from app.views.main_window import MainWindow
from app.views.resection_dialog import ResectionDialog
from plan.items import Contour, Resection
from tests.support.ball_patient import CENTRE_MM
from tests.support.gui import LONG_MS, trigger
from tests.support.shell_patient import CAVITY_MM, GRID_MM, OFFSET_MM, THINNEST_MM, make_shell

HOLE_MM, DEPTH_MM = 7.0, 3.0


def open_shell(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    window.open_folder(folder)
    qtbot.waitUntil(lambda: window.session.state.scan is not None, timeout=LONG_MS)
    window.browser.series_chosen.emit(window.session.state.scan.series[0])
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=LONG_MS)


def draw_outline(window: MainWindow) -> None:
    """Around the thinnest place, on the inner side."""
    trigger(window, "plan.contour")
    for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        along = np.sqrt(CAVITY_MM**2 - HOLE_MM**2)
        window.planning.placed.emit(
            CENTRE_MM + OFFSET_MM + [along, HOLE_MM * np.cos(turn), HOLE_MM * np.sin(turn)]
        )
    trigger(window, "plan.finish")


def ask(window: MainWindow, qtbot: QtBot) -> ResectionDialog:
    trigger(window, "plan.resect")
    qtbot.waitUntil(lambda: bool(window.findChildren(ResectionDialog)), timeout=LONG_MS)
    return window.findChildren(ResectionDialog)[-1]


def taken_ml() -> float:
    """Cylinder and balls: what lies in the outline between the inner side and so deep below it."""

    def half_ml(radius_mm: float) -> float:
        return 2.0 / 3.0 * np.pi * (radius_mm**3 - (radius_mm**2 - HOLE_MM**2) ** 1.5) / 1000.0

    return half_ml(CAVITY_MM + DEPTH_MM) - half_ml(CAVITY_MM)


def test_a_myectomy_is_planned_refused_when_too_deep_undone_and_kept_over_a_restart(
    open_window: Callable[[], MainWindow], study_folder: Path, qtbot: QtBot
) -> None:
    window = open_window()
    open_shell(window, study_folder, qtbot)
    session, state = window.session, lambda: window.session.state
    session.show_anatomy(make_shell(state().volume.frame_of_reference_uid))
    labels = state().anatomy.labels.labels.copy()
    assert not window.actions_.by_key["plan.resect"].isEnabled()
    assert "contour" in window.actions_.by_key["plan.resect"].toolTip()
    draw_outline(window)

    dialog = ask(window, qtbot)
    dialog.depth_spin.setValue(DEPTH_MM)
    qtbot.waitUntil(lambda: f"leaves {THINNEST_MM - DEPTH_MM:.1f} mm" in dialog.told.text(), timeout=LONG_MS)
    # Too deep for what is to be left: nothing changes, and the reason is told.
    dialog.depth_spin.setValue(DEPTH_MM)
    dialog.least_spin.setValue(6.0)
    dialog.buttons.accepted.emit()
    assert "6.0 mm were asked for" in state().notices[-1].why
    np.testing.assert_array_equal(state().anatomy.labels.labels, labels)

    dialog = ask(window, qtbot)
    dialog.depth_spin.setValue(DEPTH_MM)
    dialog.least_spin.setValue(3.5)
    dialog.buttons.accepted.emit()
    (item,) = state().plan.of_type(Resection)
    assert state().plan.of_type(Contour) == ()
    assert item.volume_ml == pytest.approx(taken_ml(), rel=0.05), "by the surfaces, not by whole voxels"
    assert item.wall_left_mm == pytest.approx(THINNEST_MM - DEPTH_MM, abs=0.1)
    np.testing.assert_allclose(item.thinnest_mm, CENTRE_MM + [25.0, 0, 0], atol=1.5)
    taken = (labels == 2) & (state().anatomy.labels.labels == 200)
    assert taken.sum() * GRID_MM**3 / 1000.0 == pytest.approx(item.voxels_ml, rel=1e-6)
    assert state().history.undo_name.startswith("Resect")
    qtbot.waitUntil(lambda: not stale_keys(state().anatomy), timeout=LONG_MS)
    row = window.structures.rows["resected"]
    assert row.title.text() == "Resected muscle"
    assert row.volume.text() == f"{item.voxels_ml:.1f} ml"
    assert "Thinnest wall left 4.0 mm, no band" in window.plan_list.details.text()
    assert dict(window.plan_list.texts())[item.name].startswith(f"{item.volume_ml:.1f} ml, no band")

    trigger(window, "edit.undo")
    np.testing.assert_array_equal(state().anatomy.labels.labels, labels)
    assert "resected" not in state().anatomy.surfaces
    assert len(state().plan.of_type(Contour)) == 1
    trigger(window, "edit.redo")
    np.testing.assert_array_equal(state().anatomy.labels.labels == 200, taken)
    window.close()

    again = open_window()
    open_shell(again, study_folder, qtbot)
    assert again.session.state.plan.of_type(Resection) == (item,)
    assert again.session.state.anatomy.labels.names[200] == "resected"
    np.testing.assert_array_equal(again.session.state.anatomy.labels.labels == 200, taken)
    qtbot.waitUntil(lambda: not stale_keys(again.session.state.anatomy), timeout=LONG_MS)

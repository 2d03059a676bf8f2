"""A surgeon measures on surfaces: along them, between them, through the wall, in grey values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from app.views.table_dialog import TableDialog
from plan.items import Ball, Distance, Gap, StructureVolume, SurfacePath
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM
from tests.support.gui import LONG_MS, trigger
from tests.support.shell_patient import CAVITY_MM, THINNEST_MM, make_shell


@pytest.fixture
def shell_window(ball_window: MainWindow) -> MainWindow:
    session = ball_window.session
    shell = make_shell(session.state.volume.frame_of_reference_uid)
    session.show_anatomy(replace(shell, landmarks={"mitral_valve": CENTRE_MM + [0, 0, 15.0]}))
    return ball_window


def item_of(window: MainWindow, kind: type, qtbot: QtBot) -> object:
    qtbot.waitUntil(lambda: bool(window.session.state.plan.of_type(kind)), timeout=LONG_MS)
    return window.session.state.plan.of_type(kind)[-1]


def test_lengths_on_the_surface_through_the_wall_and_between_structures_are_those_of_the_balls(
    shell_window: MainWindow, qtbot: QtBot
) -> None:
    window, session = shell_window, shell_window.session
    trigger(window, "plan.surface_path")
    window.planning.placed.emit(CENTRE_MM + [0, 0, RADIUS_MM])
    window.planning.placed.emit(CENTRE_MM + [0, -RADIUS_MM, 0])
    path = item_of(window, SurfacePath, qtbot)
    assert path.structure == "lv_myocardium"
    assert "Length on the surface" in window.plan_list.details.text()
    length = float(dict(window.plan_list.texts())[path.name].split()[0])
    assert length == pytest.approx(RADIUS_MM * np.pi / 2, rel=5e-3)

    trigger(window, "plan.wall")
    window.planning.placed.emit(CENTRE_MM + [RADIUS_MM, 0, 0])
    wall = item_of(window, Distance, qtbot)
    assert wall.name == "Wall thickness 1"
    assert np.linalg.norm(np.subtract(wall.end_mm, wall.start_mm)) == pytest.approx(THINNEST_MM, abs=0.1)

    trigger(window, "plan.gap")
    gap = item_of(window, Gap, qtbot)
    assert np.linalg.norm(np.subtract(gap.end_mm, gap.start_mm)) == 0.0, "a wall touches its cavity"
    session.look(session.state.view.with_structure("lv", is_visible=False))
    assert "Show the two structures alone" in window.actions_.by_key["plan.gap"].toolTip()
    trigger(window, "plan.navigate")
    n_steps = session.state.history.n_done
    trigger(window, "plan.volumes")
    assert session.state.history.n_done == n_steps + 1
    assert [item.structure for item in session.state.plan.of_type(StructureVolume)] == ["lv_myocardium"]


def test_points_beside_all_surfaces_measure_nothing_and_say_why(shell_window: MainWindow, qtbot: QtBot) -> None:
    window = shell_window
    trigger(window, "plan.surface_path")
    n_told = len(window.session.state.notices)
    for _ in range(2):
        window.planning.placed.emit(CENTRE_MM + [0, 0, RADIUS_MM + 20.0])
    qtbot.waitUntil(lambda: len(window.session.state.notices) > n_told, timeout=LONG_MS)
    assert "one structure" in window.session.state.notices[-1].why


def test_the_seventeen_segments_are_shown_as_a_table(shell_window: MainWindow, qtbot: QtBot) -> None:
    window = shell_window
    anatomy = window.session.state.anatomy
    septum = replace(anatomy.surfaces["lv"], vertices=anatomy.surfaces["lv"].vertices - [40.0 - 1.0, 0, 0])
    window.session.show_anatomy(replace(anatomy, surfaces={**anatomy.surfaces, "rv": septum}))
    trigger(window, "plan.segments")
    qtbot.waitUntil(lambda: bool(window.findChildren(TableDialog)), timeout=LONG_MS)
    (dialog,) = window.findChildren(TableDialog)
    assert "no band" in dialog.windowTitle()
    said = [dialog.table.item(n, 0).text() for n in range(17, dialog.table.rowCount())]
    assert [text.partition(": ")[2].split()[0] for text in said] == ["apex", "septum"], "no landmark tells them"
    # The septum is on the right of the patient, where the wall is thick; the lateral wall is thin.
    lateral, septal = (float(dialog.table.item(n, 1).text()) for n in (15, 13))
    assert THINNEST_MM <= lateral < 10.0 < septal <= RADIUS_MM - CAVITY_MM + 3.0
    dialog.close()


def test_grey_values_in_a_ball_are_told_with_their_unit(ball_window: MainWindow) -> None:
    window = ball_window
    trigger(window, "plan.ball")
    window.planning.placed.emit(CENTRE_MM)
    window.planning.placed.emit(CENTRE_MM + [10.0, 0, 0])
    (ball,) = window.session.state.plan.of_type(Ball)
    assert ball.radius_mm == pytest.approx(10.0)
    assert "Density 300 ± 0 SD HU, 300 to 300" in window.plan_list.details.text()

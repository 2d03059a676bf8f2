"""A surgeon looks where the muscle is thick and thin: painted in millimetres, read under the pointer, by segment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from app.measures.wall import known_wall
from app.views.main_window import MainWindow
from app.views.slices.hover_readout import painted_text
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM
from tests.support.gui import LONG_MS, trigger
from tests.support.shell_patient import CAVITY_MM, OFFSET_MM, make_shell


@pytest.fixture
def shell_window(heart_window: MainWindow) -> MainWindow:
    session = heart_window.session
    session.show_anatomy(make_shell(session.state.volume.frame_of_reference_uid))
    return heart_window


def wall_is_known(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: known_wall(window.session.state.anatomy) is not None, timeout=LONG_MS)
    qtbot.waitUntil(lambda: not window.wall_updater.jobs.is_busy, timeout=LONG_MS)


def test_the_wall_is_painted_by_its_thickness_and_the_pointer_reads_millimetres(
    shell_window: MainWindow, qtbot: QtBot
) -> None:
    window = shell_window
    trigger(window, "view.thickness")
    wall_is_known(window, qtbot)
    scene = window.planning.scene
    painted = {one.key: one.painted_by for one in scene.renderer.scene.surfaces if one.is_painted}
    assert painted == {"lv_myocardium": "thickness_mm"}
    assert scene.renderer.scene.legend.painted_by == "thickness_mm"
    middle = QPoint(scene.interactor.width() // 2, scene.interactor.height() // 2)
    key, read_mm = scene.steadiness(middle)
    # Seen from the front: the place nearest to the viewer.
    place = CENTRE_MM + [0.0, -RADIUS_MM, 0.0]
    exact_mm = np.linalg.norm(place - CENTRE_MM - OFFSET_MM) - CAVITY_MM
    assert read_mm == pytest.approx(exact_mm, abs=0.3)
    assert painted_text("thickness_mm", key, read_mm) == f"LV myocardium: {read_mm:.1f} mm thick"
    trigger(window, "view.thickness")
    assert not any(one.is_painted for one in scene.renderer.scene.surfaces)


def test_one_paint_takes_the_place_of_the_other(shell_window: MainWindow, qtbot: QtBot) -> None:
    window, session = shell_window, shell_window.session
    trigger(window, "view.thickness")
    session.look(replace(session.state.view, paint_uncertainty=True))
    assert window.planning.scene.painted_by == "thickness_mm"
    wall_is_known(window, qtbot)
    trigger(window, "view.uncertainty")
    assert not session.state.view.paint_thickness


def test_without_a_wall_it_is_not_offered_and_the_tip_says_why(ball_window: MainWindow) -> None:
    action = ball_window.actions_.by_key["view.thickness"]
    assert not action.isEnabled()
    assert "reconstruct" in action.toolTip()

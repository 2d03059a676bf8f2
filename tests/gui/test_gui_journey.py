"""The whole way as a user goes it, in one window and then in a new one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from plan.items import CutPlane, Distance
from plan.measure import distance_mm
from plan.schema import read_plan
from tests.support.ball_patient import CENTRE_MM, make_anatomy
from tests.support.gui import LONG_MS, SlowReconstruction, trigger


def leaves(window: MainWindow) -> list[str]:
    return [item.text(0) for item in window.browser._items.values()]


def click(qtbot: QtBot, window: MainWindow, orientation: str, at_mm: np.ndarray) -> None:
    view = window.planning.slices[orientation]
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.position_of(at_mm))


def test_from_a_folder_to_a_saved_plan_and_back(
    open_window: Callable[[], MainWindow],
    study_folder: Path,
    slow: SlowReconstruction,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = open_window()
    state = lambda: window.session.state  # noqa: E731

    # A folder is opened: its series are listed.
    monkeypatch.setattr(window.desk, "ask_folder", lambda title: study_folder)
    trigger(window, "file.open")
    qtbot.waitUntil(lambda: len(leaves(window)) == 2, timeout=LONG_MS)
    assert leaves(window)[0].splitlines() == ["CT  Ball 1", "40 × 40 × 20", "2.00 × 2.00 × 4.00 mm"]

    # A series is opened: all slices show it.
    item = next(iter(window.browser._items.values()))
    window.browser.tree.itemActivated.emit(item, 0)
    qtbot.waitUntil(lambda: state().volume is not None, timeout=LONG_MS)
    for view in window.planning.slices.values():
        centre = view.position_of(CENTRE_MM + [3, 3, 3])
        assert view.grab().toImage().pixelColor(centre).lightness() > 100

    # Reconstruct, and change one's mind.
    slow.n_steps = 3000
    trigger(window, "reconstruct.heart")
    qtbot.waitUntil(lambda: window.progress.bar.value() > 0, timeout=LONG_MS)
    assert window.progress.isVisible()
    assert not window.actions_.by_key["reconstruct.heart"].isEnabled()
    asked = time.monotonic()
    qtbot.mouseClick(window.progress.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.desk.is_busy and not window.progress.isVisible(), timeout=1000)
    assert time.monotonic() - asked < 1.0
    qtbot.waitUntil(lambda: all(job.wait(0) for job in window.desk.jobs._leaving), timeout=LONG_MS)
    assert (slow.n_started, slow.n_finished, state().anatomy) == (1, 0, None)

    # Reconstruct: the structures are listed with their volume.
    slow.n_steps = 3
    trigger(window, "reconstruct.heart")
    qtbot.waitUntil(lambda: state().anatomy is not None, timeout=LONG_MS)
    anatomy = make_anatomy()
    listed = {key: (row.title.text(), row.volume.text()) for key, row in window.structures.rows.items()}
    assert listed == {
        "lv": ("Left ventricle", f"{anatomy.surfaces['lv'].volume_ml:.1f} ml"),
        "lv_myocardium": ("LV myocardium", f"{anatomy.surfaces['lv_myocardium'].volume_ml:.1f} ml"),
    }

    # Plan: a cut plane, and a distance clicked on a slice.
    trigger(window, "plan.cut_coronal")
    trigger(window, "plan.distance")
    start, end = CENTRE_MM + [-12, 0, 0], CENTRE_MM + [12, 9, 0]
    click(qtbot, window, "axial", start)
    assert window.planning.hint_label.text() == "Distance: click the second point"
    click(qtbot, window, "axial", end)
    (item,) = state().plan.of_type(Distance)
    frame = window.planning.slices["axial"].frame()
    assert distance_mm(item) == pytest.approx(np.linalg.norm(end - start), abs=2 * frame.spacing_mm)
    assert item.start_mm[2] == pytest.approx(CENTRE_MM[2])
    plane, (name, text) = window.plan_list.texts()
    assert (plane, name) == (("Cut plane 1", ""), "Distance 1")
    assert text.startswith(f"{distance_mm(item):.1f} ± ")

    # Undo and redo say what they do.
    actions = window.actions_.by_key
    assert actions["edit.undo"].text() == "Undo add distance"
    trigger(window, "edit.undo")
    assert (actions["edit.undo"].text(), actions["edit.redo"].text()) == (
        "Undo add cut plane",
        "Redo add distance",
    )
    assert state().plan.of_type(Distance) == ()
    trigger(window, "edit.redo")
    assert state().plan.of_type(Distance) == (item,)

    # Save, close, and open the case in a new window.
    case = tmp_path / "ball.auricle"
    monkeypatch.setattr(window.desk, "ask_new_folder", lambda title, name: case)
    trigger(window, "file.save")
    qtbot.waitUntil(lambda: state().case == case, timeout=LONG_MS)
    plan = state().plan
    assert read_plan(case / "plan.json") == plan
    window.close()

    again = open_window()
    assert [Path(folder) for folder in again.session.settings.recent_studies] == [study_folder.resolve()]
    again.open_folder(case)
    qtbot.waitUntil(lambda: again.session.state.case == case, timeout=LONG_MS)
    assert again.session.state.plan == plan
    assert again.session.state.volume is not None
    assert list(again.structures.rows) == ["lv", "lv_myocardium"]
    assert again.session.state.is_saved
    # The steps survived too.
    assert again.actions_.by_key["edit.undo"].text() == "Undo add distance"
    assert len(again.session.state.plan.of_type(CutPlane)) == 1


def test_the_window_stays_alive_while_it_reconstructs(
    ball_window: MainWindow, slow: SlowReconstruction, qtbot: QtBot
) -> None:
    slow.n_steps = 3000
    trigger(ball_window, "reconstruct.heart")
    view = ball_window.planning.slices["axial"]
    answered = 0
    while ball_window.desk.is_busy and answered < 8:
        before = ball_window.session.state.crosshair_mm
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(40 + answered, 60))
        answered += ball_window.session.state.crosshair_mm != before
        qtbot.wait(10)
    assert answered == 8
    assert slow.n_finished == 0
    trigger(ball_window, "reconstruct.cancel")


def test_closing_the_window_stops_the_work(
    ball_window: MainWindow, slow: SlowReconstruction, qtbot: QtBot
) -> None:
    slow.n_steps = 3000
    trigger(ball_window, "reconstruct.heart")
    qtbot.waitUntil(lambda: slow.n_reports > 2, timeout=LONG_MS)
    ball_window.close()
    assert slow.n_reports < 3000
    assert slow.n_finished == 0


def test_a_window_may_close_before_its_3d_view_is_there(open_window: Callable[[], MainWindow]) -> None:
    window = open_window()
    window.close()
    assert window.planning.scene.renderer is None or not window.isVisible()

"""A moving heart in the window: reconstructed from a cine, played in step with its slices, its curve beside them."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from pytestqt.qtbot import QtBot

from app.labels.editing import LabelBrush, Touch
from app.tools import Tool
from app.views.main_window import MainWindow
from core.motion import MovingAnatomy
from core.progress import Progress
from recon.cine.planes import CineSeries
from tests.support.gui import LONG_MS, trigger
from tests.support.moving_ball import moving_ball
from tests.support.small_dicom import FRAME_UID, N_PHASES, write_cine


class SlowCycle:
    """Reads every phase as the real one does, 20 ms each, and returns a ball that beats."""

    def __init__(self) -> None:
        self.n_read = self.n_finished = 0

    def __call__(
        self, key: str, series: Sequence[CineSeries], device: str, progress: Progress
    ) -> MovingAnatomy:
        for phase in range(series[0].n_phases):
            progress.report("reconstructing the cycle", phase / series[0].n_phases)
            (plane,) = series[0].read_planes(phase)
            self.n_read += 1
            time.sleep(0.02)
        self.n_finished += 1
        middle = plane.centre_mm
        return moving_ball(plane.frame_of_reference_uid, series[0].n_phases, tuple(middle))


@pytest.fixture(scope="module")
def cine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cine(tmp_path_factory.mktemp("moving"), slices=1)


@pytest.fixture
def cycle() -> SlowCycle:
    return SlowCycle()


@pytest.fixture
def cine_window(window: MainWindow, cycle: SlowCycle, cine_folder: Path, qtbot: QtBot) -> MainWindow:
    window.desk.reconstruct_cine = cycle
    window.open_folder(cine_folder)
    qtbot.waitUntil(lambda: window.session.state.scan is not None and not window.desk.is_busy, timeout=LONG_MS)
    if window.session.state.series is None:
        window.browser.series_chosen.emit(window.session.state.scan.series[0])
    qtbot.waitUntil(lambda: len(window.player.cache.kept) == N_PHASES, timeout=LONG_MS)
    return window


@pytest.fixture
def moving_window(cine_window: MainWindow, qtbot: QtBot) -> MainWindow:
    trigger(cine_window, "reconstruct.cycle")
    qtbot.waitUntil(lambda: cine_window.session.state.moving is not None, timeout=LONG_MS)
    qtbot.waitUntil(lambda: cine_window.planning.scene.renderer is not None, timeout=LONG_MS)
    return cine_window


def drawn_lv(window: MainWindow) -> np.ndarray:
    renderer = window.planning.scene.renderer
    assert renderer is not None
    return next(surface.mesh.vertices for surface in renderer.scene.surfaces if surface.key == "lv")


def test_the_surfaces_move_with_the_slices_as_it_plays(moving_window: MainWindow, qtbot: QtBot) -> None:
    session = moving_window.session
    moving = session.state.moving
    assert moving is not None
    assert moving.frame_of_reference_uid == FRAME_UID
    seen: dict[int, bool] = {}

    def note(before: object, after: object) -> None:
        state = session.state
        is_same = np.array_equal(drawn_lv(moving_window), moving.at(state.phase).surfaces["lv"].vertices)
        seen[state.phase] = is_same and state.anatomy is moving.at(state.phase)

    unwatch = session.watch(note)
    trigger(moving_window, "view.play")
    qtbot.waitUntil(lambda: len(seen) > 3, timeout=LONG_MS)
    trigger(moving_window, "view.play")
    unwatch()
    assert all(seen.values())


def test_the_curve_shows_what_is_ejected_and_leads_to_a_phase(moving_window: MainWindow, qtbot: QtBot) -> None:
    curve = moving_window.planning.curve
    assert curve.isVisible()
    assert curve.lines()[0].startswith("LV  EF 58 %")
    assert curve.lines()[1].startswith("RV  EF 58 %")
    x = round(curve.place_of(7))
    qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=QPoint(x, 40))
    assert moving_window.session.state.phase == 7
    picture = curve.grab().toImage()
    colours = {
        picture.pixelColor(column, row).name() for column in range(0, picture.width(), 2) for row in range(96)
    }
    assert len(colours) > 8


def test_labels_edited_at_one_phase_are_told_on_the_curve(moving_window: MainWindow, qtbot: QtBot) -> None:
    session, curve = moving_window.session, moving_window.planning.curve
    assert curve.note == ""
    before = curve.grab().toImage()
    moving = session.state.moving
    assert moving is not None
    session.take(Tool.PAINT)
    session.labels.use(LabelBrush("lv", radius_mm=8.0))
    beside = moving.at(session.state.phase).surfaces["lv"].bounds_mm.mean(axis=0) + [22.0, 0.0, 0.0]
    session.labels.press(Touch(beside, np.array((0.0, 0.0, 1.0))))
    session.labels.release()
    assert f"phase {session.state.phase + 1} were edited by hand" in curve.note
    assert curve.note in curve.toolTip()
    figures = QRect(curve.width() - 262, 54, 258, 40)
    assert before.copy(figures) != curve.grab().toImage().copy(figures), "the note is painted beside the curve"


def test_the_curve_takes_no_room_where_nothing_moves(cine_window: MainWindow) -> None:
    assert not cine_window.planning.curve.isVisible()
    assert cine_window.minimumSizeHint().width() <= 1280


def test_cancelled_it_stops_at_its_next_report_and_nothing_is_shown(
    cine_window: MainWindow, cycle: SlowCycle, qtbot: QtBot
) -> None:
    trigger(cine_window, "reconstruct.cycle")
    qtbot.waitUntil(lambda: cycle.n_read > 1, timeout=LONG_MS)
    trigger(cine_window, "reconstruct.cancel")
    qtbot.waitUntil(lambda: not cine_window.desk.is_busy, timeout=LONG_MS)
    assert cycle.n_finished == 0
    assert cine_window.session.state.moving is None


def test_played_round_and_round_it_keeps_no_more_than_one_phase_in_the_scene(moving_window: MainWindow) -> None:
    renderer = moving_window.planning.scene.renderer
    assert renderer is not None
    session, kept = moving_window.session, moving_window.player.cache.kept

    def turn() -> int:
        for phase in range(N_PHASES):
            session.show_moment(phase, kept[phase])
        return int(renderer._renderer.GetViewProps().GetNumberOfItems())

    n_props = turn()
    gc.collect()
    n_objects = len(gc.get_objects())
    assert [turn() for _ in range(3)] == [n_props] * 3
    gc.collect()
    assert len(gc.get_objects()) - n_objects < 500


def test_another_study_takes_the_moving_heart_off_the_views(
    moving_window: MainWindow, study_folder: Path, qtbot: QtBot
) -> None:
    moving_window.open_folder(study_folder)
    qtbot.waitUntil(lambda: moving_window.session.state.moving is None, timeout=LONG_MS)
    qtbot.waitUntil(lambda: not moving_window.planning.curve.isVisible(), timeout=LONG_MS)
    assert moving_window.session.state.anatomy is None

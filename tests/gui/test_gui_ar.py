"""The AR tab on a small video of the printed board, its poses known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from ar.board import default_board, write_board
from ar.calibration import write_camera
from ar.loop import ArFrame
from ar.synthetic import look_at_board, make_video
from core.projection import CameraModel
from tests.support.ball_patient import make_anatomy
from tests.support.gui import LONG_MS, trigger

N_SEEN, N_LOST = 3, 14


@pytest.fixture(scope="module")
def ar_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video in which the board is seen, then long gone; its camera and its board."""
    folder = tmp_path_factory.mktemp("ar")
    matrix = np.array([[420.0, 0, 199.5], [0, 420.0, 149.5], [0, 0, 1]])
    camera = CameraModel(400, 300, matrix, np.zeros(5))
    board = default_board()
    poses = [look_at_board(board, 520, 25, 20 + i) for i in range(N_SEEN)]
    make_video(folder / "board.avi", board, camera, [*poses, *[None] * N_LOST], frames_per_s=10.0)
    write_camera(camera, folder / "camera.json")
    write_board(board, folder / "board.json")
    return folder


def fill(window: MainWindow, folder: Path) -> None:
    # Wide enough for a picture beside the panels: what is counted in it is more than the words on its strip.
    window.resize(1500, 800)
    window.tabs.setCurrentWidget(window.ar)
    window.ar.fields.show_texts(*(str(folder / name) for name in ("board.avi", "board.json", "camera.json")))


def reddish(image: QImage) -> int:
    """How many pixels have the colours of the ball's structures; board and table are grey."""
    colours = [image.pixelColor(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    return sum(colour.red() > colour.blue() + 40 and colour.red() > 60 for colour in colours)


def test_the_planned_heart_is_held_while_tracked_and_not_drawn_when_lost(
    ball_window: MainWindow, ar_files: Path, qtbot: QtBot
) -> None:
    ball_window.session.show_anatomy(make_anatomy("2.25.11"))
    trigger(ball_window, "plan.cut_axial")
    fill(ball_window, ar_files)
    view = ball_window.ar
    seen: dict[str, tuple[int, str, str]] = {}

    def look(turn: ArFrame) -> None:
        n_reddish = reddish(view.canvas.grabFramebuffer())
        seen.setdefault(turn.pose.state.value, (n_reddish, view.state_label.text(), view.stages_label.text()))

    view.frame_shown.connect(look)
    view.toggle()
    qtbot.waitUntil(lambda: {"TRACKED", "LOST"} <= set(seen), timeout=LONG_MS)
    n_reddish, state, stages = seen["TRACKED"]
    assert n_reddish > 100
    assert state.startswith("TRACKED")
    assert all(stage in stages for stage in ("read", "detect", "pose", "draw", "ms"))
    # The words of the strip are coloured too; the heart would be far more.
    assert seen["LOST"][0] < n_reddish / 4
    assert seen["LOST"][1].startswith("LOST")
    qtbot.waitUntil(lambda: not view.is_running, timeout=LONG_MS)
    assert view.state_label.text() == "Stopped"
    assert ball_window.session.settings.ar_camera == str(ar_files / "camera.json")


def test_stopping_ends_the_thread_and_it_can_start_again(
    window: MainWindow, ar_files: Path, qtbot: QtBot
) -> None:
    fill(window, ar_files)
    for _ in range(2):
        shown: list[int] = []
        window.ar.frame_shown.connect(lambda turn, shown=shown: shown.append(turn.frame.index))
        window.ar.toggle()
        qtbot.waitUntil(lambda shown=shown: len(shown) > 0, timeout=LONG_MS)
        assert window.ar.stop()
        assert not window.ar.is_running


@pytest.mark.parametrize("missing", ["board.avi", "board.json", "camera.json"])
def test_what_is_missing_is_named_in_a_notice(
    window: MainWindow, ar_files: Path, missing: str, qtbot: QtBot
) -> None:
    names = ["board.avi", "board.json", "camera.json"]
    window.ar.fields.show_texts(*(str(ar_files / name) + ("x" if name == missing else "") for name in names))
    window.ar.toggle()
    qtbot.waitUntil(window.notices.isVisible, timeout=LONG_MS)
    assert missing in window.notices.text.text()
    qtbot.waitUntil(lambda: not window.ar.is_running, timeout=LONG_MS)


def test_without_a_calibration_nothing_starts(window: MainWindow, ar_files: Path) -> None:
    window.ar.fields.show_texts(str(ar_files / "board.avi"), "", "")
    window.ar.toggle()
    assert not window.ar.is_running
    assert "calibration" in window.notices.text.text()

"""A live camera in the AR tab: one that its calibration does not hold for, and one that is pulled out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.cli import REFUSED, main
from app.views.main_window import MainWindow
from ar.board import default_board, write_board
from ar.calibration import CameraRecord, write_camera
from ar.synthetic import look_at_board, render_board_frame
from core.projection import CameraModel
from tests.support.ball_patient import make_anatomy
from tests.support.fake_camera import FakeCamera
from tests.support.gui import LONG_MS

CAMERA = CameraModel(400, 300, np.array([[420.0, 0, 199.5], [0, 420.0, 149.5], [0, 0, 1]]), np.zeros(5))
RECORD = CameraRecord(CAMERA, "camera 0", 12.0, True)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    board = default_board()
    return [render_board_frame(board, CAMERA, look_at_board(board, 520, 25, 20 + i), i) for i in range(2)]


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[FakeCamera]:
    """Those that are opened one after the other."""
    waiting: list[FakeCamera] = []
    opened: Iterator[FakeCamera] = iter(lambda: waiting.pop(0), None)
    monkeypatch.setattr("ar.source.camera._open", lambda place: next(opened))
    return waiting


def fill(window: MainWindow, folder: Path, record: CameraRecord) -> None:
    write_camera(record, folder / "camera.json")
    write_board(default_board(), folder / "board.json")
    window.tabs.setCurrentWidget(window.ar)
    window.ar.fields.show_texts("0", str(folder / "board.json"), str(folder / "camera.json"))


def reddish(image: QImage) -> int:
    colours = [image.pixelColor(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    return sum(colour.red() > colour.blue() + 40 and colour.red() > 60 for colour in colours)


def test_a_camera_that_is_pulled_out_is_lost_without_a_heart_and_goes_on_when_it_is_back(
    ball_window: MainWindow, cameras: list[FakeCamera], pictures: list[np.ndarray], tmp_path: Path, qtbot: QtBot
) -> None:
    cameras += [FakeCamera(pictures, 12), FakeCamera(pictures, is_there=False), FakeCamera(pictures)]
    ball_window.session.show_anatomy(make_anatomy("2.25.11"))
    fill(ball_window, tmp_path, RECORD)
    ball_window.resize(1500, 800)
    view = ball_window.ar
    view.toggle()
    qtbot.waitUntil(lambda: view.state_label.text().startswith("TRACKED"), timeout=LONG_MS)
    n_reddish = reddish(view.canvas.grabFramebuffer())
    assert n_reddish > 100
    qtbot.waitUntil(lambda: view.state_label.text().startswith("LOST"), timeout=LONG_MS)
    assert "camera 0 sends no picture" in view.state_label.text()
    assert reddish(view.canvas.grabFramebuffer()) < n_reddish / 10
    assert view.stages_label.text() == ""
    assert view.is_running
    qtbot.waitUntil(lambda: view.state_label.text().startswith("TRACKED"), timeout=LONG_MS)
    assert view.stop(30.0)


@pytest.mark.parametrize(
    ("record", "focus", "reason"),
    [
        (replace(RECORD, camera=replace(CAMERA, width=640)), 12.0, "400x300"),
        (replace(RECORD, device="camera 7"), 12.0, "camera 7"),
    ],
)
def test_a_calibration_that_does_not_hold_for_the_camera_is_refused_and_said_in_the_view(
    window: MainWindow,
    cameras: list[FakeCamera],
    pictures: list[np.ndarray],
    record: CameraRecord,
    focus: float,
    reason: str,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    cameras.append(FakeCamera(pictures, focus=focus))
    fill(window, tmp_path, record)
    window.ar.toggle()
    qtbot.waitUntil(window.notices.isVisible, timeout=LONG_MS)
    assert "calibration does not fit" in window.notices.text.text()
    assert reason in window.notices.text.text()
    qtbot.waitUntil(lambda: not window.ar.is_running, timeout=LONG_MS)
    assert reason in window.ar.canvas.words


def test_the_calibrated_focus_is_set_and_a_camera_at_another_one_is_refused(
    cameras: list[FakeCamera],
    pictures: list[np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_camera(RECORD, tmp_path / "camera.json")
    write_board(default_board(), tmp_path / "board.json")
    words = ["track", "--live", "0", "--seconds", "0.2", "--no-overlay", "--out", str(tmp_path / "out")]
    words += ["--board", str(tmp_path / "board.json"), "--camera", str(tmp_path / "camera.json")]
    obeying = FakeCamera(pictures, focus=40.0)
    cameras.append(obeying)
    assert main(words) == 0
    stubborn = FakeCamera(pictures, focus=40.0)
    monkeypatch.setattr(stubborn, "set", lambda prop, value: False)
    cameras.append(stubborn)
    assert main(words) == REFUSED
    assert "focus" in capsys.readouterr().err

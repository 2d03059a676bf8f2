"""The guided calibration in the window, on pictures of the printed board through a known lens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from ar.board import default_board, write_board
from ar.calibration import read_camera_record
from ar.synthetic import look_at_board, render_board_frame
from core.projection import CameraModel
from tests.support.fake_camera import FakeCamera
from tests.support.gui import LONG_MS

LENS = CameraModel(640, 480, np.array([[560.0, 0, 319.5], [0, 560.0, 239.5], [0, 0, 1]]), np.zeros(5))
VIEWS = ((420, 35, 0, 0), (420, 35, 90, 15), (420, 35, 180, 0), (420, 35, 270, -15), (380, 20, 45, 90))
VIEWS += ((500, 40, 135, 60), (460, 30, 225, 45), (400, 25, 315, 0))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Each way of holding the board twice: a picture that differs from the one before is taken as moving."""
    board, found = default_board(), []
    for n, view in enumerate(VIEWS):
        picture = render_board_frame(board, LENS, look_at_board(board, *view), n)
        found += [picture, picture]
    return found


def test_a_calibration_from_the_camera_is_saved_for_it_and_used(
    window: MainWindow,
    pictures: list[np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    monkeypatch.setattr("ar.source.camera._open", lambda place: FakeCamera(pictures, interval_s=0.3))
    view, page = window.ar, window.ar.calibrating
    write_board(default_board(), tmp_path / "board.json")
    window.tabs.setCurrentWidget(view)
    view.fields.show_texts("0", str(tmp_path / "board.json"), "")
    view.calibrate_button.click()
    assert page.isVisible()
    page.size_box.setCurrentIndex(2)
    seen: list[str] = []
    page.start_button.click()

    def has_enough() -> bool:
        judged = page.picture.judged
        advice = judged.advice if judged is not None else None
        if advice is not None and advice.wanted is not None:
            seen.append(page.wanted.text())
        return advice is not None and advice.n_views >= 6

    qtbot.waitUntil(has_enough, timeout=LONG_MS)
    assert "pictures taken" in page.numbers.text()
    assert "mm of depth at 700 mm" in page.numbers.text()
    assert any(seen)
    page.finish_button.click()
    qtbot.waitUntil(lambda: not page.is_running, timeout=LONG_MS)
    path = Path(view.fields.texts[2])
    assert path.parent == window.session.data_folder / "cameras"
    assert path.name == "camera-0-640x480-focus12.json"
    record = read_camera_record(path)
    assert (record.device, record.focus, record.is_focus_locked) == ("camera 0", 12.0, True)
    assert record.camera.camera_matrix[0, 0] == pytest.approx(560.0, rel=0.006)
    assert "Expected focal error" in page.result.text()
    page.back_button.click()
    assert not page.isVisible()


def test_too_few_pictures_are_refused_and_nothing_is_saved(
    window: MainWindow,
    pictures: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    monkeypatch.setattr("ar.source.camera._open", lambda place: FakeCamera(pictures[:2]))
    view, page = window.ar, window.ar.calibrating
    window.tabs.setCurrentWidget(view)
    view.fields.show_texts("0", "", "")
    view.calibrate_button.click()
    page.start_button.click()
    qtbot.waitUntil(lambda: "1 pictures taken" in page.numbers.text(), timeout=LONG_MS)
    page.drop_button.click()
    qtbot.waitUntil(lambda: "pictures taken" in page.numbers.text(), timeout=LONG_MS)
    page.finish_button.click()
    qtbot.waitUntil(lambda: not page.is_running, timeout=LONG_MS)
    assert "6 are needed" in page.result.text()
    assert view.fields.texts[2] == ""
    assert not (window.session.data_folder / "cameras").exists()

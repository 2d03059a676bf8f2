"""A second series is blended as a user does it: marked, registered, mixed, saved, and there again in a new window."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.fusion import making as fusion
from app.fusion.making import shown_fusion
from app.identity import Sameness
from app.views.main_window import MainWindow
from app.views.same_patient import make_question
from core.anatomy import Anatomy
from core.frames import Transform
from core.fusion import FIXED, MOVING, ImageKey, ImageRegistration, RegistrationError
from core.progress import Progress
from core.study import Patient
from tests.support.ball_patient import CENTRE_MM
from tests.support.gui import LONG_MS, SlowReconstruction, trigger

SHIFT_MM = np.array([20.0, 0.0, 0.0])


def register_quickly(
    fixed: Anatomy,
    moving: Anatomy,
    fixed_key: ImageKey,
    moving_key: ImageKey,
    device: str,
    identity: str,
    progress: Progress,
) -> ImageRegistration:
    """In the place of the registration itself: the moving image lies 20 mm too far to the patient's right."""
    for step in range(400 if register_quickly.is_slow else 3):  # type: ignore[attr-defined]
        progress.report("laying the surfaces over each other", step / 400)
        time.sleep(0.01)
    pose = np.eye(4)
    pose[:3, 3] = SHIFT_MM
    error = RegistrationError({"lv": 0.4}, {"lv": 0.9}, {"lv": 1.0}, 1.7)
    facts = {"identity": identity}
    return ImageRegistration(fixed_key, moving_key, Transform(FIXED, MOVING, pose), None, error, "rigid", facts)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    register_quickly.is_slow = False  # type: ignore[attr-defined]
    monkeypatch.setattr(fusion, "register_anatomies", register_quickly)


def mark_second(window: MainWindow) -> None:
    items = list(window.browser._items.values())
    window.browser.tree.clearSelection()
    items[1].setSelected(True)


def colour_at(window: MainWindow, at_mm: np.ndarray) -> tuple[int, int, int]:
    view = window.planning.slices["axial"]
    colour = view.grab().toImage().pixelColor(view.position_of(at_mm))
    return colour.red(), colour.green(), colour.blue()


def test_a_second_series_is_blended_mixed_saved_and_shown_again(
    open_window: Callable[[], MainWindow],
    ball_window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window, bar = ball_window, ball_window.planning.fusion
    assert not bar.isVisible()
    mark_second(window)
    trigger(window, "reconstruct.fuse")
    qtbot.waitUntil(lambda: shown_fusion(window.session.state) is not None, timeout=LONG_MS)
    assert bar.isVisible()
    assert bar.error.text().startswith("estimated error 1.7 mm")
    # What is shown is on the disk already: a killed program loses nothing.
    assert len(list((tmp_path / "data").glob("fusions/*/registration.json"))) == 1
    # One ID and one name: nobody had to be asked.
    assert window.session.state.fusion.registration.provenance["identity"] == Sameness.SAME.value

    # The moving ball lies 20 mm further to the left of the patient, which is to the right of the picture.
    bar.slider.setValue(100)
    beside = CENTRE_MM + [36.0, 3.0, 3.0]
    red, green, blue = colour_at(window, beside)
    assert red > green > blue > 40
    bar.slider.setValue(0)
    red, green, blue = colour_at(window, beside)
    assert max(red, green, blue) - min(red, green, blue) < 4

    # Its window is its own.
    before = window.session.state.window
    qtbot.mouseClick(bar.window_mine, Qt.MouseButton.LeftButton)
    window.planning.window_dragged.emit(0.1, 0.1)
    assert window.session.state.window == before
    assert window.session.state.fusion.window != before

    case = tmp_path / "fused.auricle"
    monkeypatch.setattr(window.desk, "ask_new_folder", lambda title, name: case)
    trigger(window, "file.save")
    qtbot.waitUntil(lambda: window.session.state.case == case, timeout=LONG_MS)
    window.close()
    again = open_window()
    again.open_folder(case)
    qtbot.waitUntil(lambda: shown_fusion(again.session.state) is not None, timeout=LONG_MS)
    assert again.planning.fusion.isVisible()
    trigger(again, "view.fused")
    assert shown_fusion(again.session.state) is None
    trigger(again, "view.fused")
    qtbot.waitUntil(lambda: shown_fusion(again.session.state) is not None, timeout=LONG_MS)


def test_registering_can_be_cancelled_and_leaves_nothing(
    ball_window: MainWindow, slow: SlowReconstruction, qtbot: QtBot, tmp_path: Path
) -> None:
    register_quickly.is_slow = True  # type: ignore[attr-defined]
    mark_second(ball_window)
    trigger(ball_window, "reconstruct.fuse")
    qtbot.waitUntil(lambda: slow.n_finished == 2, timeout=LONG_MS)
    trigger(ball_window, "reconstruct.cancel")
    qtbot.waitUntil(lambda: all(job.wait(0) for job in ball_window.desk.jobs._leaving), timeout=LONG_MS)
    assert ball_window.session.state.fusion is None
    assert not list((tmp_path / "data").glob("fusions/*/registration.json"))


def test_series_that_may_be_of_two_patients_are_joined_only_on_a_yes(
    ball_window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("app.commands.fusing.sameness", lambda *_: Sameness.DIFFERENT)
    monkeypatch.setattr(ball_window.desk, "confirm_same_patient", lambda *seen: bool(asked.append(seen)))
    mark_second(ball_window)
    trigger(ball_window, "reconstruct.fuse")
    assert [found for _, _, found in asked] == [Sameness.DIFFERENT]
    assert not ball_window.desk.is_busy
    assert ball_window.session.state.fusion is None


def test_the_question_shows_both_identities_as_plain_text_and_joins_nothing_by_default(qtbot: QtBot) -> None:
    box = make_question(None, Patient("<b>Ball</b>^Bea", "P-1"), Patient("", "P-2"), Sameness.DIFFERENT)
    qtbot.addWidget(box)
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert "name <b>Ball</b> Bea, ID P-1" in box.informativeText()
    assert "name not given, ID P-2" in box.informativeText()
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.No)

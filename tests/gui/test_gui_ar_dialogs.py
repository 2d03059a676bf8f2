"""Boards and headsets from the AR tab."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from ar.board import read_board
from ar.board.kinds import make_board
from tests.support.gui import LONG_MS
from tests.support.headset import Browser, browse, small_page


def test_boards_are_saved_with_the_size_that_was_measured_and_used(window: MainWindow, tmp_path: Path) -> None:
    window.tabs.setCurrentWidget(window.ar)
    window.ar.board_button.click()
    dialog = window.ar_desk.boards
    assert dialog.isVisible()
    assert dialog.chosen == ["charuco"]
    for n in range(dialog.kinds.count()):
        item = dialog.kinds.item(n)
        is_wanted = item.data(Qt.ItemDataRole.UserRole) in ("grid", "pointer", "wand")
        item.setCheckState(Qt.CheckState.Checked if is_wanted else Qt.CheckState.Unchecked)
    dialog.paper.setCurrentText("Letter")
    dialog.path.setText(str(tmp_path / "board.pdf"))
    dialog.measured.setValue(98.0)
    dialog.save_button.click()
    assert b"/MediaBox [ 0 0 612 792 ]" in (tmp_path / "board.pdf").read_bytes()
    board = read_board(tmp_path / "board.json")
    assert [body.name for body in board.bodies] == ["reference", "pointer", "wand"]
    wanted = make_board("pointer").bodies[0].corners_mm * 0.98
    np.testing.assert_allclose(board.body("pointer").corners_mm, wanted)
    assert window.ar.fields.texts[1] == str(tmp_path / "board.json")


@pytest.mark.parametrize(
    ("name", "measured_mm", "ticks", "reason"),
    [
        ("board.txt", 100.0, True, "is a PDF"),
        ("b.pdf", 85.0, True, "far from 100"),
        ("b.pdf", 100.0, False, "no board"),
    ],
)
def test_what_cannot_be_printed_is_said_in_the_dialog(
    window: MainWindow, tmp_path: Path, name: str, measured_mm: float, ticks: bool, reason: str
) -> None:
    window.ar.board_button.click()
    dialog = window.ar_desk.boards
    if not ticks:
        dialog.kinds.item(0).setCheckState(Qt.CheckState.Unchecked)
    dialog.path.setText(str(tmp_path / name))
    dialog.measured.setValue(measured_mm)
    dialog.save_button.click()
    assert reason in dialog.words.text()
    assert list(tmp_path.glob("*board*")) == []


def test_a_headset_pairs_is_listed_and_is_shut_out(
    heart_window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr("ar.headset.files.DIST", small_page(tmp_path))
    heart_window.ar.headset_button.click()
    dialog = heart_window.ar_desk.headset
    dialog.start_button.click()
    assert dialog.words.text() == ""
    assert dialog.url.text().startswith("https://127.0.0.1:")
    assert dialog.code.renderer().isValid()
    assert "this machine only" in dialog.fingerprint.text()
    first_url = dialog.url.text()
    server = dialog.headset._server
    token = first_url.split("#")[1]
    statuses: list[int] = []

    async def pair(browser: Browser) -> None:
        statuses.append(await browser.pair(token))

    browse(server, pair)
    assert statuses[0] in (200, 204)
    qtbot.waitUntil(lambda: dialog.viewers.count() == 1, timeout=LONG_MS)
    assert "Viewer 1" in dialog.viewers.item(0).text()
    assert dialog.url.text() != first_url
    dialog.show_picture(QImage(8, 8, QImage.Format.Format_RGB32))
    dialog.viewers.setCurrentRow(0)
    dialog.revoke_button.click()
    assert dialog.viewers.count() == 0
    dialog.start_button.click()
    assert not dialog.headset.is_running
    assert "nobody can join" in dialog.fingerprint.text()


def test_a_page_that_was_not_built_is_said_in_the_dialog(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ar.headset.files.DIST", tmp_path)
    window.ar.headset_button.click()
    dialog = window.ar_desk.headset
    dialog.start_button.click()
    assert not dialog.headset.is_running
    assert "Node.js" in dialog.words.text()
    assert "make headset-page" in dialog.words.text()

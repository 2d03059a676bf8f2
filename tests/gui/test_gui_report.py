"""A surgeon's story: copy the plan, write a note, compare, and take the report along."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtPdf import QPdfDocument
from PyQt6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.views.main_window import MainWindow
from app.views.report_dialog import REPLACES, ReportDialog
from app.views.table_dialog import TableDialog
from app.views.text_dialog import TextDialog
from plan import edits
from plan.items import Distance
from plan.readings import readings
from plan.versions import name_of
from tests.support.ball_patient import CENTRE_MM
from tests.support.gui import LONG_MS, trigger


def test_two_plans_a_note_and_a_report(heart_window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window, session = heart_window, heart_window.session
    line = Distance("Width", tuple(CENTRE_MM), tuple(CENTRE_MM + [10, 0, 0]), "d1")
    session.apply(edits.add(session.state.plan, line))
    assert not window.actions_.by_key["plan.compare"].isEnabled()
    trigger(window, "plan.duplicate")
    longer = Distance("Width", line.start_mm, tuple(CENTRE_MM + [14, 0, 0]), "d1")
    session.apply(edits.change(session.state.plan, longer))
    trigger(window, "plan.compare")
    (table,) = window.findChildren(TableDialog)
    table.close()

    trigger(window, "plan.notes")
    (notes,) = window.findChildren(TextDialog)
    edit = notes.findChild(QPlainTextEdit)
    assert edit is not None
    edit.setPlainText("Mrs Ball: ask for the gradient")
    notes.keep()
    assert session.state.plan.notes.endswith("gradient")
    trigger(window, "edit.undo")
    assert session.state.plan.notes == ""
    trigger(window, "edit.redo")
    trigger(window, "plan.switch")
    assert (name_of(session.state.plan), session.state.plan.find("d1")) == ("Plan 1", line)
    trigger(window, "plan.switch")
    assert session.state.plan.find("d1") == longer

    trigger(window, "file.report")
    (dialog,) = window.findChildren(ReportDialog)
    path = tmp_path / "r.pdf"
    path.write_bytes(b"")
    dialog.path.setText(str(tmp_path / "r"))
    assert REPLACES in dialog.consequence.text()
    assert dialog.with_patient.isEnabled()
    assert not dialog.with_patient.isChecked()
    dialog.write_button.click()
    qtbot.waitUntil(lambda: path.stat().st_size > 0 and not window.desk.is_busy, timeout=LONG_MS)
    document = QPdfDocument(None)
    assert document.load(str(path)) == QPdfDocument.Error.None_
    text = " ".join(" ".join(document.getAllText(n).text().split()) for n in range(document.pageCount()))
    document.close()
    (reading,) = readings(longer, session.state.plan, session.settings.landmark_sd_mm)
    assert f"Length {reading.text}" in text
    assert "ask for the gradient" in text
    assert "Ball" not in text


def test_pictures_and_a_video_are_written_and_a_stopped_video_is_not(
    heart_window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = heart_window
    for key, name in (("file.picture_view", "heart.png"), ("file.picture_slices", "slices.png")):
        monkeypatch.setattr(window.desk, "ask_new_file", lambda *_, name=name: tmp_path / name)
        trigger(window, key)
        assert (tmp_path / name).read_bytes()[1:4] == b"PNG"
    monkeypatch.setattr(window.desk, "ask_new_file", lambda *_: tmp_path / "t.mp4")
    trigger(window, "file.turntable")
    qtbot.waitUntil(lambda: window.desk.is_busy, timeout=LONG_MS)
    trigger(window, "reconstruct.cancel")
    qtbot.waitUntil(lambda: not window.desk.is_busy, timeout=LONG_MS)
    assert not (tmp_path / "t.mp4").exists()


def test_names_of_plans_stay_apart(heart_window: MainWindow) -> None:
    trigger(heart_window, "plan.duplicate")
    trigger(heart_window, "plan.rename_plan")
    (dialog,) = heart_window.findChildren(TextDialog)
    edit = dialog.findChild(QPlainTextEdit)
    assert edit is not None
    edit.setPlainText("Plan 1")
    dialog.keep()
    assert name_of(heart_window.session.state.plan) == "Plan 2"
    assert any("another one is called" in notice.why for notice in heart_window.session.state.notices)

"""Export from the window: what is offered, what is written, and that the patient leaves only when told to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.exporting import FORMATS, ExportChoice
from app.views.export_dialog import NO_DICOM, WITH_PATIENT, WITHOUT_PATIENT, ExportDialog
from app.views.main_window import MainWindow
from tests.support.gui import LONG_MS, trigger


def test_the_dialog_asks_for_a_format_and_a_folder_and_says_what_becomes_of_the_patient(
    qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = ExportDialog(tuple(FORMATS))
    qtbot.addWidget(dialog)
    assert not dialog.export_button.isEnabled()
    dialog.boxes["stl"].click()
    dialog.folder.setText(str(tmp_path))
    assert dialog.export_button.isEnabled()
    assert dialog.consequence.text() == NO_DICOM
    dialog.boxes["seg"].click()
    assert dialog.consequence.text() == WITH_PATIENT
    dialog.deidentify.click()
    assert dialog.consequence.text() == WITHOUT_PATIENT
    assert dialog.choice == ExportChoice(("seg", "stl"), tmp_path, True)
    dialog.folder.setText("  ")
    assert not dialog.export_button.isEnabled()


def test_export_writes_what_was_chosen_with_the_patient_of_the_open_series(
    heart_window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ExportDialog)
        for key in ("seg", "sr", "sc", "3mf"):
            dialog.boxes[key].click()
        dialog.folder.setText(str(tmp_path / "out"))
        dialog.accept()

    QTimer.singleShot(200, answer)
    trigger(heart_window, "file.export")
    session = heart_window.session
    qtbot.waitUntil(lambda: any(n.code == "exported" for n in session.state.notices), timeout=LONG_MS)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"segmentation.dcm", "measurements.dcm", "view.dcm", "anatomy.3mf"}
    made = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm")
    assert str(made.PatientName) == "<b>Ball</b>^Bea"
    assert made.FrameOfReferenceUID == session.state.volume.frame_of_reference_uid
    picture = pydicom.dcmread(tmp_path / "out" / "view.dcm").pixel_array
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50
    assert "4 files were written" in heart_window.notices.text.text()


def test_a_cancelled_export_says_nothing_and_leaves_the_window_alive(
    heart_window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = ExportChoice(("dicom", "seg", "stl"), tmp_path / "out", True)
    monkeypatch.setattr(heart_window.desk, "ask_export", lambda formats: choice)
    trigger(heart_window, "file.export")
    heart_window.desk.cancel()
    qtbot.waitUntil(lambda: not heart_window.desk.is_busy, timeout=LONG_MS)
    assert not any(notice.code == "exported" for notice in heart_window.session.state.notices)


def test_with_nothing_open_there_is_nothing_to_export(window: MainWindow) -> None:
    assert not window.actions_.by_key["file.export"].isEnabled()

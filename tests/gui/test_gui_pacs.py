"""The window on archives: search, retrieve and send with a real Orthanc; nothing of it stops the window."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.commands.pacs import date_range, folder_of, name_pattern
from app.settings import load_settings
from app.views.main_window import MainWindow
from app.views.pacs.dialog import PacsDialog
from app.views.pacs.node_dialog import NodeDialog
from core.errors import PlannerError
from imaging.network.node import WEB, Node
from tests.support.gui import LONG_MS, trigger
from tests.support.orthanc import Orthanc
from tests.support.pacs import SERIES, STUDY, Caller, caller_of, data_sets, silent_peer, write_study


@pytest.fixture
def caller(orthanc: Orthanc) -> Caller:
    return caller_of(orthanc)


def open_pacs(window: MainWindow, node: Node) -> PacsDialog:
    window.session.remember(window.session.settings.with_node(node))
    trigger(window, "file.pacs")
    dialog = window.pacs_desk.dialog
    assert dialog.isVisible()
    assert dialog.node == node
    return dialog


def click(qtbot: QtBot, button: object) -> None:
    assert button.isEnabled(), f"{button.text()} is not offered"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def find(qtbot: QtBot, dialog: PacsDialog, name: str = "") -> list[str]:
    dialog.name.setText(name)
    click(qtbot, dialog.search)
    qtbot.waitUntil(lambda: "found" in dialog.message.text(), timeout=LONG_MS)
    return [dialog.results.topLevelItem(row).text(0) for row in range(dialog.results.topLevelItemCount())]


@pytest.mark.parametrize("method", ["get", "move"])
def test_a_study_is_searched_unfolded_retrieved_and_opened(
    window: MainWindow, qtbot: QtBot, caller: Caller, tmp_path: Path, method: str
) -> None:
    files = write_study(tmp_path / "out", 3, "Müller^Jörg")
    for file in (*files, *write_study(tmp_path / "b", 1, "<b>Doe</b>^Jane", "P-2", "2.25.1", "2.25.2")):
        caller.orthanc.upload(file)
    dialog = open_pacs(window, caller.node)
    assert sorted(find(qtbot, dialog)) == ["<b>Doe</b> Jane", "Müller Jörg"]
    assert find(qtbot, dialog, "Müller") == ["Müller Jörg"]
    study = dialog.results.topLevelItem(0)
    assert [study.text(column) for column in range(1, 6)] == ["P-1", "2026-01-02", "CT", "Chest", "3"]
    study.setExpanded(True)
    qtbot.waitUntil(lambda: study.childCount() == 1, timeout=LONG_MS)
    assert [study.child(0).text(c) for c in (0, 4, 5)] == ["Series 3", "Heart", "3"]
    study.child(0).setSelected(True)
    dialog.method.setCurrentIndex(dialog.method.findData(method))
    qtbot.waitUntil(dialog.retrieve.isEnabled, timeout=LONG_MS)
    click(qtbot, dialog.retrieve)
    qtbot.waitUntil(lambda: window.session.state.scan is not None, timeout=LONG_MS)
    assert [series.series_uid for series in window.session.state.scan.series] == [SERIES]
    assert data_sets(list(folder_of(window.session, STUDY).rglob("*.dcm"))) == data_sets(files)
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in dialog.findChildren(QLabel))


def test_the_window_lives_on_while_an_archive_is_silent_and_a_cancel_is_felt(
    window: MainWindow, qtbot: QtBot
) -> None:
    with silent_peer() as port:
        dialog = open_pacs(window, Node("Silent", port=port))
        ticks: list[float] = []
        timer = QTimer()
        timer.timeout.connect(lambda: ticks.append(time.monotonic()))
        timer.start(20)
        click(qtbot, dialog.test)
        qtbot.waitUntil(lambda: len(ticks) > 20, timeout=LONG_MS)
        assert not dialog.search.isEnabled()
        assert dialog.progress.isVisible()
        began_s = time.monotonic()
        click(qtbot, dialog.progress.cancel)
        qtbot.waitUntil(lambda: dialog.message.text() == "Cancelled.", timeout=LONG_MS)
        assert time.monotonic() - began_s < 1.0
        timer.stop()
        assert dialog.search.isEnabled()
        assert window.pacs_desk.jobs.close(5.0)


def test_what_an_archive_refuses_is_said_in_its_window(
    window: MainWindow, qtbot: QtBot, caller: Caller
) -> None:
    dialog = open_pacs(window, caller.node)
    click(qtbot, dialog.test)
    qtbot.waitUntil(lambda: "answers" in dialog.message.text(), timeout=LONG_MS)
    dialog.first.setText("yesterday")
    click(qtbot, dialog.search)
    assert dialog.message.text() == "Cannot search: 'yesterday' is no date. Write it as 2024-01-31."
    dialog.first.setText("")
    stranger = Node("Stranger", port=caller.node.port, aet="ORTHANC", calling_aet="STRANGER")
    window.pacs_desk.dialog.show_nodes([stranger])
    click(qtbot, dialog.test)
    qtbot.waitUntil(lambda: "does not know our AE title" in dialog.message.text(), timeout=LONG_MS)


def test_the_open_series_is_sent_as_it_lies_on_the_disk(
    ball_window: MainWindow, qtbot: QtBot, caller: Caller
) -> None:
    dialog = open_pacs(ball_window, caller.node)
    dialog.send_series.trigger()
    session = ball_window.session
    qtbot.waitUntil(lambda: any(n.code == "sent" for n in session.state.notices), timeout=LONG_MS)
    files = list(session.state.series.phases[0])
    assert caller.orthanc.stored_sop_uids() == set(data_sets(files))


def test_a_password_is_asked_once_and_kept_nowhere(
    window: MainWindow, qtbot: QtBot, caller: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not caller.web.url:
        pytest.skip("no DICOMweb: install the Debian package orthanc-dicomweb")
    answers = ["wrong", caller.orthanc.password]
    monkeypatch.setattr(window.pacs_desk, "ask_secret", lambda node: answers.pop(0))
    dialog = open_pacs(window, caller.web)
    click(qtbot, dialog.test)
    qtbot.waitUntil(lambda: "HTTP 401" in dialog.message.text(), timeout=LONG_MS)
    for _ in range(2):
        click(qtbot, dialog.test)
        qtbot.waitUntil(lambda: "answers" in dialog.message.text(), timeout=LONG_MS)
    assert answers == []
    assert caller.orthanc.password not in (tmp_path / "settings.json").read_text(encoding="utf-8")


def test_archives_are_added_changed_and_forgotten(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    trigger(window, "file.pacs")
    dialog = window.pacs_desk.dialog
    assert not dialog.search.isEnabled()

    def fill() -> None:
        form = QApplication.activeModalWidget()
        assert isinstance(form, NodeDialog)
        form.accept()
        assert form.problem.text() == "It has no name."
        form.inputs["name"].setText("Archive")
        form.inputs["aet"].setText("A TITLE THAT IS TOO LONG")
        form.accept()
        assert "is no AE title" in form.problem.text()
        form.inputs["aet"].setText("PACS")
        form.inputs["port"].setValue(4242)
        form.accept()

    QTimer.singleShot(200, fill)
    click(qtbot, dialog.add)
    saved = load_settings(tmp_path / "settings.json").pacs_nodes
    assert saved == (Node("Archive", aet="PACS", port=4242),)

    def turn_to_web() -> None:
        form = QApplication.activeModalWidget()
        form.kind.setCurrentIndex(1)
        assert form.inputs["url"].isVisible()
        assert not form.inputs["aet"].isVisible()
        form.inputs["url"].setText("https://pacs.example/dicom-web")
        form.accept()

    QTimer.singleShot(200, turn_to_web)
    click(qtbot, dialog.edit)
    (node,) = load_settings(tmp_path / "settings.json").pacs_nodes
    assert (node.kind, node.url) == (WEB, "https://pacs.example/dicom-web")
    assert [dialog.method.itemData(i) for i in range(dialog.method.count())] == ["wado"]
    click(qtbot, dialog.remove)
    assert load_settings(tmp_path / "settings.json").pacs_nodes == ()


def test_what_a_person_types_becomes_what_an_archive_understands() -> None:
    assert name_pattern("Doe, Jane") == "Doe^Jane*"
    assert name_pattern(" Doe* ") == "Doe*"
    assert name_pattern("") == ""
    assert date_range("2024-01-31", "") == "20240131-"
    assert date_range("", "20240229") == "-20240229"
    assert date_range("", "") == ""
    with pytest.raises(PlannerError, match="is no date"):
        date_range("31.1.2024", "")

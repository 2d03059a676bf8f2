"""The case library in the window: in, found, labelled, opened, deleted and taken back; hostile names stay text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QLineEdit, QWidgetAction
from pytestqt.qtbot import QtBot

from app.library.entry import Storage
from app.library.importing import import_folder, import_scan
from app.library.library import Library
from app.library.search import Query
from app.views.library.page import LibraryPage
from app.views.library.table import COLUMNS
from app.views.main_window import MainWindow
from core.progress import Silent
from tests.support.gui import LONG_MS, trigger
from tests.support.library_studies import bytes_of, bytes_scan, write_dicom_study

HOSTILE = "<b>Ball</b>^Bea"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """The library of the window that `open_window` opens."""
    return Library(tmp_path / "data")


@pytest.fixture
def page(library: Library, tmp_path: Path, open_window: Callable[[], MainWindow], qtbot: QtBot) -> LibraryPage:
    """Two copies and a link, in view."""
    write_dicom_study(tmp_path / "disc", name=HOSTILE)
    import_folder(library, tmp_path / "disc", Storage.COPIED)
    for number, (name, storage) in enumerate((("Cube^Cid", Storage.LINKED), ("Doe^Jane", Storage.COPIED))):
        scan = bytes_scan(tmp_path / name, uid=f"2.25.7{number}", name=name)
        import_scan(library, scan, storage, Silent())
    window = open_window()
    trigger(window, "file.library")
    qtbot.waitUntil(lambda: len(names(window.library)) == 3, timeout=LONG_MS)
    return window.library


def window_of(page: LibraryPage) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


def column(page: LibraryPage, name: str) -> list[str]:
    model = page.table.model()
    return [model.index(row, COLUMNS.index(name)).data() for row in range(model.rowCount())]


def names(page: LibraryPage) -> list[str]:
    return column(page, "Patient")


def mark(page: LibraryPage, name: str) -> None:
    page.table.clearSelection()
    page.table.selectRow(names(page).index(name))


def listed(qtbot: QtBot, page: LibraryPage, wanted: set[str]) -> None:
    qtbot.waitUntil(lambda: set(names(page)) == wanted, timeout=LONG_MS)


def test_a_copied_study_opens_with_a_double_click_and_its_name_stays_text(
    page: LibraryPage, library: Library, qtbot: QtBot
) -> None:
    window = window_of(page)
    assert set(names(page)) == {"<b>Ball</b> Bea", "Cube Cid", "Doe Jane"}
    mark(page, "<b>Ball</b> Bea")
    row = page.table.visualRect(page.table.selectionModel().selectedRows()[0]).center()
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=row)
    qtbot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=row)
    qtbot.waitUntil(lambda: window.session.state.scan is not None, timeout=LONG_MS)
    assert [s.series_uid for s in window.session.state.scan.series] == ["2.25.1.1"]
    assert window.tabs.currentWidget() is window.planning
    assert window.windowTitle().startswith("20240312-CT-")
    (opened,) = (entry for entry in library.entries() if entry.opened_utc)
    assert opened.patient_name == HOSTILE
    assert library.header_index().get(str(opened.place / "000001.dcm"), *_stamp(opened.place / "000001.dcm"))


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def test_the_list_follows_what_is_typed_and_what_is_pressed(
    page: LibraryPage, library: Library, qtbot: QtBot
) -> None:
    qtbot.keyClicks(page.search.field, "jane")
    listed(qtbot, page, {"Doe Jane"})
    qtbot.keyClick(page.search.field, Qt.Key.Key_Escape)
    listed(qtbot, page, {"<b>Ball</b> Bea", "Cube Cid", "Doe Jane"})
    library.add_tag([e.entry_id for e in library.entries() if e.patient_id == "P-7"], "TAVI & more")
    window_of(page).library_desk.refresh()
    qtbot.waitUntil(lambda: "TAVI & more" in page.search.tags.buttons, timeout=LONG_MS)
    page.search.tags.buttons["TAVI & more"].click()
    listed(qtbot, page, {"Cube Cid", "Doe Jane"})
    page.search.period.setCurrentText("Last 7 days")
    qtbot.waitUntil(lambda: page.empty.isVisible() and page.empty.text() == "Nothing matches.", timeout=LONG_MS)


def test_deleting_is_taken_back_and_never_touches_linked_originals(
    page: LibraryPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    before = bytes_of(tmp_path / "Cube^Cid")
    page.table.selectAll()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    listed(qtbot, page, set())
    assert page.undo_text.text() == "3 studies moved to the trash. Linked images stay where they are."
    qtbot.mouseClick(page.undo, Qt.MouseButton.LeftButton)
    listed(qtbot, page, {"<b>Ball</b> Bea", "Cube Cid", "Doe Jane"})
    assert not page.undo.isVisible()
    mark(page, "Cube Cid")
    page.delete.click()
    listed(qtbot, page, {"<b>Ball</b> Bea", "Doe Jane"})
    page.search.trash.click()
    listed(qtbot, page, {"Cube Cid"})
    assert page.restore.isVisible()
    assert not page.open.isVisible()
    page.empty_trash.click()
    listed(qtbot, page, set())
    assert library.entries(Query(is_deleted=True)) == ()
    assert bytes_of(tmp_path / "Cube^Cid") == before


def test_marked_studies_are_tagged_together_and_a_wrong_tag_is_a_notice(
    page: LibraryPage, library: Library, qtbot: QtBot
) -> None:
    window = window_of(page)
    page.table.selectAll()
    menu = page.tag.menu()
    (holder,) = (action for action in menu.actions() if isinstance(action, QWidgetAction))
    field = holder.defaultWidget()
    assert isinstance(field, QLineEdit)
    field.setText("TAVI")
    field.returnPressed.emit()
    qtbot.waitUntil(lambda: "TAVI" in page.search.tags.buttons, timeout=LONG_MS)
    assert library.tags() == {"TAVI": 3}
    page.tag_requested.emit(page.table.marked[:1], "TAVI", False)
    assert library.tags() == {"TAVI": 2}
    page.tag_requested.emit(page.table.marked, "a,b", True)
    assert window.session.state.notices[-1].code == "refused"
    assert library.tags() == {"TAVI": 2}


def test_notes_are_kept_and_found(page: LibraryPage, library: Library, qtbot: QtBot) -> None:
    mark(page, "Doe Jane")
    page.notes.setFocus()
    qtbot.keyClicks(page.notes, "bicuspid")
    qtbot.keyClick(page.notes, Qt.Key.Key_Return)
    assert [entry.notes for entry in library.entries(Query("bicuspid"))] == ["bicuspid"]


def test_missing_originals_are_offline_and_located_again(
    page: LibraryPage, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    window = window_of(page)
    source = write_dicom_study(tmp_path / "stick", study=5, name="Link^Lea")
    import_folder(library, source, Storage.LINKED)
    source.rename(tmp_path / "elsewhere")
    window.library_desk.refresh()
    listed(qtbot, page, {"<b>Ball</b> Bea", "Cube Cid", "Doe Jane", "Link Lea"})
    mark(page, "Link Lea")
    assert column(page, "Stored")[names(page).index("Link Lea")] == "offline"
    assert not page.open.isEnabled()
    monkeypatch.setattr(window.desk, "ask_folder", lambda title: tmp_path / "elsewhere")
    page.locate.click()
    qtbot.waitUntil(lambda: column(page, "Stored")[names(page).index("Link Lea")] == "link", timeout=LONG_MS)


def test_a_folder_is_imported_from_the_menu_and_a_case_is_found_with_its_study(
    page: LibraryPage, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    window = window_of(page)
    write_dicom_study(tmp_path / "new", n_slices=4, study=9, name="New^Nora")
    monkeypatch.setattr(window.desk, "ask_folder", lambda title: tmp_path / "new")
    trigger(window, "file.import_copy")
    listed(qtbot, page, {"<b>Ball</b> Bea", "Cube Cid", "Doe Jane", "New Nora"})
    mark(page, "New Nora")
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.state.scan is not None, timeout=LONG_MS)
    window.browser.series_chosen.emit(window.session.state.scan.series[0])
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=LONG_MS)
    monkeypatch.setattr(window.desk, "ask_new_folder", lambda title, name: tmp_path / "mine.auricle")
    trigger(window, "file.save")
    qtbot.waitUntil(lambda: window.session.state.case is not None, timeout=LONG_MS)
    (entry,) = library.entries(Query("nora"))
    assert entry.cases == (tmp_path / "mine.auricle",)
    trigger(window, "file.library")
    qtbot.waitUntil(lambda: any(e.cases for e in page.table.entries.entries), timeout=LONG_MS)
    mark(page, "New Nora")
    assert [action.text() for action in page.cases.menu().actions()] == ["mine"]


def test_the_study_that_is_open_is_copied_into_the_library(
    tmp_path: Path, open_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = open_window()
    assert not window.actions_.by_key["file.import_open"].isEnabled()
    window.open_folder(write_dicom_study(tmp_path / "disc"))
    qtbot.waitUntil(lambda: window.session.state.scan is not None and not window.desk.is_busy, timeout=LONG_MS)
    trigger(window, "file.import_open")
    listed(qtbot, window.library, {"Ball Bea"})
    assert column(window.library, "Stored") == ["copy"]


def test_the_keyboard_goes_from_the_search_to_the_list(page: LibraryPage, qtbot: QtBot) -> None:
    page.search.field.setFocus()
    qtbot.keyClick(page.search.field, Qt.Key.Key_Down)
    assert [entry.patient_name for entry in page.table.marked] == [
        page.table.model().index(0, 0).data().replace(" ", "^")
    ]
    above = page.table.horizontalHeader()
    place = QPoint(above.sectionViewportPosition(COLUMNS.index("Images")) + 10, above.height() // 2)
    qtbot.mouseClick(above.viewport(), Qt.MouseButton.LeftButton, pos=place)
    images = [int(text) for text in column(page, "Images")]
    assert images == sorted(images)


def test_a_damaged_library_is_a_notice_and_the_window_goes_on(
    library: Library, tmp_path: Path, open_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    import_scan(library, bytes_scan(tmp_path / "in"), Storage.COPIED, Silent())
    library.database.path.write_bytes(b"no database" * 1000)
    window = open_window()
    trigger(window, "file.library")
    listed(qtbot, window.library, {"Ball Bea"})
    assert [finding.code for finding in window.session.state.notices] == ["library_damaged"]
    assert window.notices.isVisible()

"""Headers that were read once: a folder that did not change opens without opening a file of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.library.header_index import MOST_FOLDERS_AT_HAND, HeaderIndex
from app.library.library import Library
from imaging.find.scan import scan_folder
from tests.support.library_studies import write_dicom_study


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "data")


def test_an_unchanged_folder_is_listed_without_opening_a_file(library: Library, tmp_path: Path) -> None:
    folder = write_dicom_study(tmp_path / "disc", n_slices=4)
    first = scan_folder(folder, cache=library.header_index())
    for path in folder.iterdir():
        times = path.stat()
        # As long and as old, but no DICOM any more: who opens it now finds nothing.
        path.write_bytes(b"\0" * times.st_size)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert scan_folder(folder, cache=library.header_index()) == first
    assert scan_folder(folder).series == ()


def test_a_file_that_changed_is_read_again(library: Library, tmp_path: Path) -> None:
    folder = write_dicom_study(tmp_path / "disc", n_slices=4, date="20240312")
    scan_folder(folder, cache=library.header_index())
    write_dicom_study(folder, n_slices=4, date="20250101")
    (patient,) = scan_folder(folder, cache=library.header_index()).patients
    assert [study.date for study in patient.studies] == ["20250101"]


def test_size_and_time_both_have_to_fit(library: Library) -> None:
    index = library.header_index()
    index.put_many([("/a/b", 5, 7, "text"), ("/a/é", 1, 1, "x\ud800"), ("/a/b/c", 1, 1, "deeper")])
    for fresh in (index, library.header_index()):
        assert fresh.get("/a/b", 5, 7) == "text"
        assert fresh.get("/a/b", 5, 8) is fresh.get("/a/b", 6, 7) is fresh.get("/a/c", 5, 7) is None
        assert fresh.get("/a/é", 1, 1) == "x\ud800"
        assert fresh.get("/a/b/c", 1, 1) == "deeper"
    index.put_many([("/a/b", 6, 8, "newer")])
    assert index.get("/a/b", 6, 8) == library.header_index().get("/a/b", 6, 8) == "newer"


def test_one_query_brings_in_a_whole_folder(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.header_index().put_many([(f"/a/{n}", 1, 1, str(n)) for n in range(500)])
    asked: list[str] = []
    fetch = HeaderIndex._fetch
    monkeypatch.setattr(HeaderIndex, "_fetch", lambda self, folder: asked.append(folder) or fetch(self, folder))
    index = library.header_index()
    assert [index.get(f"/a/{n}", 1, 1) for n in range(500)] == [str(n) for n in range(500)]
    assert asked == ["/a"]


def test_the_index_stays_below_its_size_and_drops_what_was_not_used_for_longest(library: Library) -> None:
    index = HeaderIndex(library.database, most_bytes=10_000)
    for folder in range(30):
        index.put_many([(f"/{folder}/{n}", 1, 1, "x" * 500) for n in range(4)])
    fresh = library.header_index()
    kept = [folder for folder in range(30) if fresh.get(f"/{folder}/0", 1, 1) is not None]
    assert kept == [25, 26, 27, 28, 29]


def test_many_folders_do_not_fill_the_memory(library: Library) -> None:
    index = library.header_index()
    for folder in range(MOST_FOLDERS_AT_HAND + 20):
        index.get(f"/{folder}/a", 1, 1)
    assert len(index._at_hand) == MOST_FOLDERS_AT_HAND


def test_an_index_that_cannot_be_kept_never_stops_a_scan(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    library = Library(tmp_path / "file")
    folder = write_dicom_study(tmp_path / "disc")
    assert len(scan_folder(folder, cache=library.header_index()).series) == 1

"""A folder that was scanned before opens from what was kept of its headers, and only from what still holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.formats.nifti import write_volume


class Table:
    """A header cache in memory that counts what it is asked to keep."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, int, str]] = {}
        self.n_put = 0

    def get(self, path: str, size: int, mtime_ns: int) -> str | None:
        known = self.rows.get(path)
        return known[2] if known is not None and known[:2] == (size, mtime_ns) else None

    def put_many(self, rows: Sequence[tuple[str, int, int, str]]) -> None:
        self.n_put += len(rows)
        self.rows.update({path: (size, mtime_ns, text) for path, size, mtime_ns, text in rows})


@pytest.fixture
def folder(oblique: Volume, write_dicom, tmp_path: Path) -> Path:
    """Five DICOM slices, a NIfTI file and a text."""
    write_dicom(oblique, change=lambda i, d: d.update({"PatientName": "Müller^Jörg"}))
    write_volume(oblique, tmp_path / "series" / "v.nii.gz")
    (tmp_path / "series" / "notes.txt").write_text("no image")
    return tmp_path / "series"


def test_a_second_scan_finds_the_same_and_parses_nothing(folder: Path) -> None:
    table = Table()
    first = scan_folder(folder, cache=table)
    assert table.n_put == 7
    second = scan_folder(folder, cache=table)
    assert table.n_put == 7
    assert second == first
    assert second.patients[0].name == "Müller^Jörg"


def test_a_file_that_changed_is_read_again(folder: Path) -> None:
    table = Table()
    scan_folder(folder, cache=table)
    path = next(folder.glob("*.dcm"))
    os.utime(path, (1, 1))
    scan_folder(folder, cache=table)
    assert table.n_put == 8


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:16] + "[" * 100_000,
        lambda text: text.replace("]", "", 1),
        lambda text: "0" * 16 + text[16:],
        lambda text: text.replace("[6,7]", '["6","7"]'),
        lambda text: text.replace("[6,7]", "[6,NaN]"),
        lambda text: text.replace("[6,7]", "[6,7,8]"),
    ],
    ids=["empty", "deep", "cut", "version", "texts", "nan", "long"],
)
def test_kept_text_that_is_damaged_or_outdated_counts_as_none(folder: Path, damage) -> None:
    table = Table()
    first = scan_folder(folder, cache=table)
    kept = {path: row[2] for path, row in table.rows.items() if path.endswith(".dcm")}
    for path, text in kept.items():
        size, mtime_ns, _ = table.rows[path]
        assert damage(text) != text
        table.rows[path] = (size, mtime_ns, damage(text))
    assert scan_folder(folder, cache=table) == first
    assert table.n_put == 7 + len(kept)


def test_what_is_kept_names_no_path_in_its_text(folder: Path) -> None:
    table = Table()
    scan_folder(folder, cache=table)
    assert not any(str(folder) in text or "v.nii" in text for _, _, text in table.rows.values())

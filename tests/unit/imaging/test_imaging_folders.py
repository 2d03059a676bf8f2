"""Folders as discs, users and networks leave them: contents lists, links, pipes, strange names, empty files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.fileset import FileSet
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from core.errors import PlannerError
from core.study import ScanResult
from core.volume import Volume
from imaging.find import files as walking
from imaging.find.inputs import choose_input
from imaging.find.scan import scan_folder
from imaging.slices.load import load_path

Listing = Callable[[list[list[str]]], Path]


def codes(scan: ScanResult) -> list[str]:
    return [finding.code for finding in scan.findings]


@pytest.fixture
def disc(oblique: Volume, write_dicom, tmp_path: Path) -> Path:
    """A disc as pydicom writes one: five slices and their DICOMDIR."""
    contents = FileSet()
    for path in write_dicom(oblique):
        dataset = pydicom.dcmread(path)
        dataset.update({"StudyDate": "20200102", "StudyTime": "101112", "StudyID": "1", "InstanceNumber": 1})
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        contents.add(dataset)
    contents.write(tmp_path / "disc")
    contents._stage["t"].cleanup()  # it would be left to chance, with a warning
    shutil.rmtree(tmp_path / "series")
    return tmp_path / "disc"


@pytest.fixture
def list_files(oblique: Volume, write_dicom) -> Listing:
    """Write a DICOMDIR with these paths beside five slices; returns the folder."""

    def write(names: list[list[str]]) -> Path:
        folder = write_dicom(oblique)[0].parent
        records = []
        for name in names:
            record = Dataset()
            record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", name
            records.append(record)
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MediaStorageDirectoryStorage, "1.2"
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        directory = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
        directory.DirectoryRecordSequence = Sequence(records)
        directory.save_as(folder / "DICOMDIR", enforce_file_format=True)
        return folder

    return write


def test_a_disc_its_contents_list_and_its_folder_are_one_study(disc: Path, oblique: Volume) -> None:
    (by_list,), (by_folder,) = scan_folder(disc / "DICOMDIR").series, scan_folder(disc).series
    assert by_list == by_folder
    assert by_list.shape == (5, 6, 7)
    assert scan_folder(disc).findings == ()
    (volume,) = load_path(disc / "DICOMDIR")
    assert (volume.voxels == oblique.voxels).all()


def test_two_discs_and_other_files_in_one_folder_are_all_found(disc: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    for name in ("one", "two"):
        shutil.copytree(disc, both / name)
    (both / "readme.txt").write_text("not an image")
    scan = scan_folder(both)
    assert sum(series.n_images for series in scan.series) == 5  # copies of each other
    assert "missing_files" not in {finding.code for finding in scan.findings}


def test_a_disc_copied_with_small_letters_lacks_nothing(disc: Path) -> None:
    for path in sorted(disc.rglob("*"), reverse=True):
        path.rename(path.with_name(path.name.lower()))
    scan = scan_folder(disc)
    assert scan.findings == ()
    assert scan.series[0].n_images == 5


def test_a_file_that_is_listed_and_not_there_is_told(disc: Path) -> None:
    next(path for path in disc.rglob("*") if path.is_file() and path.name != "DICOMDIR").unlink()
    (finding,) = scan_folder(disc).findings
    assert finding.code == "missing_files"
    assert finding.what.startswith("1 files")


def test_files_that_are_not_listed_are_found_too(list_files: Listing) -> None:
    folder = list_files([])
    assert scan_folder(folder).series[0].n_images == 5


def test_a_list_that_leads_out_of_its_folder_opens_nothing(
    list_files: Listing, tmp_path: Path, write_dicom
) -> None:
    folder = list_files([["..", "other", "x.dcm"], ["", "etc", "passwd"], ["/etc/passwd"]])
    (tmp_path / "other").mkdir()
    shutil.copy(next(folder.glob("*.dcm")), tmp_path / "other" / "x.dcm")
    scan = scan_folder(folder)
    assert {path.parent for path in scan.series[0].phases[0]} == {folder}
    assert codes(scan) == ["missing_files"]


@pytest.mark.parametrize("content", [b"", b"junk", bytes(128) + b"DICM" + b"\xff" * 500])
def test_a_damaged_list_is_told_and_the_folder_walked(list_files: Listing, content: bytes) -> None:
    folder = list_files([])
    (folder / "DICOMDIR").write_bytes(content)
    scan = scan_folder(folder / "DICOMDIR")
    assert scan.series[0].n_images == 5
    assert codes(scan) == ["damaged_dicomdir"]


def test_links_to_folders_are_told_and_not_followed(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    folder = write_dicom(oblique)[0].parent
    (folder / "loop").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    (folder / "nowhere").symlink_to(tmp_path / "gone")
    scan = scan_folder(folder)
    assert scan.series[0].n_images == 5
    assert [finding.what.split()[0] for finding in scan.findings] == ["2"]
    assert codes(scan) == ["folder_links"]


def test_a_pipe_among_the_images_is_not_waited_for(oblique: Volume, write_dicom) -> None:
    folder = write_dicom(oblique)[0].parent
    os.mkfifo(folder / "pipe.dcm")
    assert scan_folder(folder).series[0].n_images == 5
    with pytest.raises(PlannerError, match="cannot open pipe"):
        choose_input(folder / "pipe.dcm")


def test_a_name_in_no_known_letters_is_read(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique)
    folder = os.fsencode(paths[0].parent) + b"/M\xfcller\xff"
    os.mkdir(folder)
    os.rename(paths[0], folder + b"/\xe9t\xe9")
    (series,) = scan_folder(paths[0].parent).series
    assert series.shape == (5, 6, 7)
    (volume,) = load_path(paths[0].parent)
    assert (volume.voxels == oblique.voxels).all()


def test_empty_files_and_empty_folders_are_told(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert scan_folder(tmp_path).findings == ()
    (tmp_path / "deep" / "a.dcm").touch()
    scan = scan_folder(tmp_path)
    assert codes(scan) == ["empty_files"]
    assert scan.series == ()


def test_a_folder_that_may_not_be_read_is_counted(
    oblique: Volume, write_dicom, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dicom(oblique)[0].parent
    (folder / "closed").mkdir()
    look = os.scandir

    def scandir(place: Path):
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied")
        return look(place)

    monkeypatch.setattr(walking.os, "scandir", scandir)
    scan = scan_folder(folder)
    assert scan.series[0].n_images == 5
    assert codes(scan) == ["closed_folders"]


def test_a_damaged_file_that_was_chosen_is_refused_with_its_own_reason(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique)
    paths[2].write_bytes(bytes(128) + b"DICM" + b"\xff" * 64)
    with pytest.raises(PlannerError, match="damaged"):
        load_path(paths[2])

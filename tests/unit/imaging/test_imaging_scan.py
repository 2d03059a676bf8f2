"""A folder is told as patients, studies and series; nothing in it stops the scan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.formats.nifti import write_volume
from imaging.slices.load import load_series


def test_patients_studies_and_series_are_told_apart(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    write_dicom(oblique, "a", series_uid="1.1")
    write_dicom(replace(oblique, modality="MR"), "b/deep/er", series_uid="1.2")
    write_dicom(oblique, "c", lambda i, d: d.update({"StudyInstanceUID": "1.7"}), series_uid="1.3")
    write_dicom(oblique, "d", lambda i, d: d.update({"PatientID": "other"}), series_uid="1.4")
    first, second = scan_folder(tmp_path).patients
    assert [[s.series_uid for s in study.series] for study in first.studies] == [["1.1", "1.2"], ["1.3"]]
    assert [s.modality for s in first.studies[0].series] == ["CT", "MR"]
    assert [s.series_uid for study in second.studies for s in study.series] == ["1.4"]


def test_series_come_in_the_order_of_the_scanner(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    for place, number in (("a", 12), ("b", 3), ("c", None), ("d", 1)):
        write_dicom(oblique, place, lambda i, d, n=number: d.update({"SeriesNumber": n}), f"1.{number or 99}")
    assert [series.series_uid for series in scan_folder(tmp_path).series] == ["1.1", "1.3", "1.12", "1.99"]


def test_a_name_with_umlauts_scans_and_loads(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    paths = write_dicom(oblique, change=lambda i, d: d.update({"PatientName": "Müller^Jörg"}))
    result = scan_folder(tmp_path)
    assert result.patients[0].name == "Müller^Jörg"
    assert load_series(result.series[0]).shape == (5, 6, 7)
    assert len(paths) == 5


def test_no_name_and_no_id_of_a_patient_is_in_the_repr(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    write_dicom(oblique)
    result = scan_folder(tmp_path)
    assert result.patients[0].name == "Doe^Jane"
    assert "Doe" not in repr(result)
    assert "secret" not in repr(result)


def test_two_orientations_under_one_uid_are_two_series(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    def turn(index: int, dataset: pydicom.Dataset) -> None:
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        dataset.ImagePositionPatient = [0, 5 * index, 0]
        dataset.SOPInstanceUID = f"1.2.5.{index}"

    write_dicom(oblique, "a")
    write_dicom(oblique, "b", turn)
    series = scan_folder(tmp_path).series
    assert [s.series_uid for s in series] == ["1.2.3.4#1", "1.2.3.4#2"]
    assert [s.shape for s in series] == [(5, 6, 7), (5, 6, 7)]
    assert series[1].spacing_mm == pytest.approx((5.0, 0.7, 0.9))


def test_cosines_that_differ_in_the_last_digit_are_one_orientation(oblique: Volume, write_dicom) -> None:
    def jitter(index: int, dataset: pydicom.Dataset) -> None:
        dataset.ImageOrientationPatient = [0.7920499 + 2e-7 * index, 0, 0.6104628, 0, 1, 0]
        dataset.ImagePositionPatient = [-0.6104628 * 3 * index, 0, 0.79205 * 3 * index]

    (series,) = scan_folder(write_dicom(oblique, change=jitter)[0].parent).series
    assert series.shape == (5, 6, 7)


def test_broken_files_and_no_images_are_counted_never_named(
    oblique: Volume, write_dicom, tmp_path: Path
) -> None:
    folder = write_dicom(oblique)[0].parent
    (folder / "Doe_Jane.txt").write_text("hello")
    (folder / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM" + b"junk")
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 64)
    (folder / "broken.nii.gz").write_bytes(b"no gzip")
    (folder / "broken.nrrd").write_bytes(b"NRRD0004\n")
    result = scan_folder(tmp_path)
    assert len(result.series) == 1
    assert {finding.code: finding.what.split()[0] for finding in result.findings} == {
        "unreadable": "3",
        "no_image": "1",
        "damaged_dicomdir": "the",
    }
    assert "Doe" not in str(result.findings)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("has_meta", [True, False])
def test_dicom_files_without_a_preamble_scan_and_load(
    oblique: Volume, write_dicom, syntax: pydicom.uid.UID, has_meta: bool
) -> None:
    paths = write_dicom(oblique)
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = syntax
        pydicom.dcmwrite(path, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=True)
        content = path.read_bytes()[132:]
        meta_bytes = 12 + int.from_bytes(content[8:12], "little")
        path.write_bytes(content if has_meta else content[meta_bytes:])
    result = scan_folder(paths[0].parent)
    assert result.findings == ()
    assert np.array_equal(load_series(result.series[0]).voxels, oblique.voxels)


@pytest.mark.parametrize("element", [b"\x08\0\x05\0\x04\0\0\0", b"\x08\0\x18\0UI\x04\0", b"\x02\0\0\0UL\x04\0"])
def test_files_that_only_begin_like_a_data_set_are_no_images(tmp_path: Path, element: bytes) -> None:
    noise = np.random.default_rng(7).bytes(20000)
    (tmp_path / "noise").write_bytes(element + noise)
    (tmp_path / "zeros").write_bytes(element + bytes(20000))
    (tmp_path / "short").write_bytes(element)
    result = scan_folder(tmp_path)
    assert result.series == ()
    assert sum(int(finding.what.split()[0]) for finding in result.findings) == 3


def test_a_sequence_nested_a_thousand_deep_does_not_stop_the_scan(
    oblique: Volume, write_dicom, tmp_path: Path
) -> None:
    paths = write_dicom(oblique)
    opening = bytes.fromhex("30003100") + b"SQ\0\0" + b"\xff" * 4 + bytes.fromhex("feff00e0") + b"\xff" * 4
    content = paths[0].read_bytes()
    paths[0].with_name("deep.dcm").write_bytes(content[: content.index(b"\xe0\x7f\x10\x00")] + opening * 5000)
    (series,) = scan_folder(tmp_path).series
    assert series.n_images == 5


def test_a_nifti_file_is_a_series_described_by_its_place(oblique: Volume, tmp_path: Path) -> None:
    write_volume(oblique, tmp_path / "sub" / "v.nii.gz")
    (series,) = scan_folder(tmp_path).series
    assert (series.description, series.modality, series.shape) == ("sub/v.nii.gz", "CT", (5, 6, 7))
    assert pydicom.uid.UID(series.series_uid).is_valid
    assert series.series_uid.startswith("2.25.")
    assert series.spacing_mm == pytest.approx((2.5, 0.7, 0.9))


def uid_of_only(folder: Path) -> str:
    (series,) = scan_folder(folder).series
    return series.series_uid


@pytest.mark.parametrize("name", ["heart.nii", "heart.nii.gz", "heart.nrrd"])
def test_files_of_one_name_and_one_content_in_two_folders_are_two_series(
    oblique: Volume, tmp_path: Path, name: str
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        if name.endswith("nrrd"):
            image = sitk.GetImageFromArray(oblique.voxels)
            sitk.WriteImage(image, tmp_path / folder / name)
        else:
            write_volume(oblique, tmp_path / folder / name)
    assert uid_of_only(tmp_path / "a") != uid_of_only(tmp_path / "b")


def test_a_file_is_the_same_series_from_wherever_it_is_opened_and_after_it_was_touched(
    oblique: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_volume(oblique, tmp_path / "a" / "heart.nii")
    uid = uid_of_only(tmp_path / "a")
    assert uid_of_only(tmp_path) == uid
    os.utime(tmp_path / "a" / "heart.nii", (1, 1))
    monkeypatch.chdir(tmp_path / "a")
    assert uid_of_only(Path()) == uid


@pytest.mark.parametrize("slices", [5, 3000])
def test_another_image_of_the_same_size_in_the_same_place_is_another_series(
    oblique: Volume, tmp_path: Path, slices: int
) -> None:
    path = tmp_path / "heart.nii"
    values = np.random.default_rng(3).integers(-900, 900, (2, slices, 20, 20), dtype=np.int16)
    uids = []
    for voxels in values:
        write_volume(replace(oblique, voxels=voxels), path)
        os.utime(path, (1, 1))
        uids.append(uid_of_only(tmp_path))
    assert len(set(uids)) == 2


def test_dicom_images_without_a_series_uid_are_known_by_their_files(
    oblique: Volume, write_dicom, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        write_dicom(
            oblique, folder, lambda i, d: d.update({"SeriesInstanceUID": "", "FrameOfReferenceUID": ""})
        )
    uids = [uid_of_only(tmp_path / folder) for folder in ("a", "b")]
    assert "" not in uids
    assert len(set(uids)) == 2


def test_slices_many_thicknesses_apart_are_told_to_be_sparse(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique, change=lambda i, dataset: setattr(dataset, "SliceThickness", "1"))
    (series,) = scan_folder(paths[0].parent).series
    assert [finding.code for finding in series.findings] == ["sparse_slices"]
    assert series.spacing_mm == pytest.approx((2.5, 0.7, 0.9))


def test_control_characters_in_a_description_never_reach_the_terminal(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique, change=lambda i, d: setattr(d, "SeriesDescription", "a\x1b[2Jb"))
    (series,) = scan_folder(paths[0].parent).series
    assert series.description == "a[2Jb"


def test_a_scan_stops_at_the_report_after_a_cancel(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    write_dicom(oblique)
    with pytest.raises(Cancelled):
        scan_folder(tmp_path, Reporting(lambda stage, done: None, is_cancelled=lambda: True))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="not there"):
        scan_folder(tmp_path / "nowhere")


def test_a_slice_cut_short_in_its_header_is_damaged_and_not_no_image(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique)
    content = paths[-1].read_bytes()
    rows = content.index(b"\x28\x00\x10\x00US")
    paths[-1].write_bytes(content[:rows])
    result = scan_folder(paths[0].parent)
    assert [finding.code for finding in result.findings] == ["unreadable"]

"""Every object of a study is told as what it is; stacks that only share a UID are told apart."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.study import SeriesKind
from imaging.dicom.kinds import kind_of
from imaging.find.scan import scan_folder
from imaging.slices.load import load_path, load_series
from tests.support.slices import SHAPE, Slices, slices_along, write_slices

STORAGE = "1.2.840.10008.5.1.4.1.1."
AXIAL = np.eye(3)
CORONAL = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
SAGITTAL = np.array([[0, 0, -1.0], [1.0, 0, 0], [0, -1.0, 0]])
GREY = [np.full(SHAPE, float(value)) for value in range(40)]


def described(sop_class: str, modality: str, **values: object) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.Modality = STORAGE + sop_class, modality
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


PLACED = {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}


@pytest.mark.parametrize(
    ("dataset", "kind"),
    [
        (described("2", "CT", **PLACED), SeriesKind.STACK),
        (described("2", "CT", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], **PLACED), SeriesKind.LOCALISER),
        (described("2", "CT", ImageType=["DERIVED", "SECONDARY", "REFORMATTED"], **PLACED), SeriesKind.STACK),
        (described("2", "CT", ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"], **PLACED), SeriesKind.CAPTURE),
        (described("2", "CT", ImageType=["DERIVED", "SECONDARY", "OTHER"]), SeriesKind.CAPTURE),
        (described("2", "XA", **PLACED), SeriesKind.STACK),
        (described("4.1", "MR"), SeriesKind.STACK),
        (described("7", "OT"), SeriesKind.CAPTURE),
        (described("7", "CT", **PLACED), SeriesKind.STACK),
        (described("7", "CT", SamplesPerPixel=3, **PLACED), SeriesKind.CAPTURE),
        (described("12.1", "XA"), SeriesKind.PROJECTION),
        (described("1.1", "DX"), SeriesKind.PROJECTION),
        (described("13.1.1", "XA"), SeriesKind.STACK),
        (described("6.1", "US"), SeriesKind.CLIP),
        (described("3.1", "US"), SeriesKind.CLIP),
        (described("66.4", "SEG"), SeriesKind.SEGMENTATION),
        (described("481.3", "RTSTRUCT"), SeriesKind.CONTOURS),
        (described("88.33", "SR"), SeriesKind.REPORT),
        (described("104.3", "M3D"), SeriesKind.SURFACE),
        (described("104.4", "M3D"), SeriesKind.SURFACE),
        (described("88.59", "KO"), None),
        (described("481.2", "RTDOSE"), None),
        (described("104.1", "DOC"), None),
    ],
)
def test_the_class_the_modality_and_the_image_type_say_what_an_object_is(
    dataset: Dataset, kind: SeriesKind | None
) -> None:
    assert kind_of(dataset) is kind


@pytest.mark.parametrize(
    ("sop_class", "modality", "kind"),
    [("88.33", "SR", SeriesKind.REPORT), ("481.3", "RTSTRUCT", SeriesKind.CONTOURS)],
)
def test_objects_without_a_picture_are_series_of_their_files_and_no_volumes(
    tmp_path: Path, sop_class: str, modality: str, kind: SeriesKind
) -> None:
    for number in range(3):
        dataset = described(sop_class, modality, SeriesInstanceUID="1.2.5", PatientID="1")
        dataset.SOPInstanceUID = f"1.2.5.{number}"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    (series,) = scan_folder(tmp_path).series
    assert (series.kind, series.n_images, series.n_phases) == (kind, 3, 1)
    with pytest.raises(PlannerError, match="it is a"):
        load_series(series)


def test_three_planes_of_few_slices_are_a_localiser(tmp_path: Path) -> None:
    for number, rotation in enumerate((AXIAL, CORONAL, SAGITTAL)):
        stack = slices_along(rotation, np.arange(2) * 20.0)
        write_slices(tmp_path / str(number), stack, GREY, modality="MR", series_uid="1.2.9")
    series = scan_folder(tmp_path).series
    assert [one.kind for one in series] == [SeriesKind.LOCALISER] * 3
    assert [one.series_uid for one in series] == ["1.2.9#1", "1.2.9#2", "1.2.9#3"]
    assert load_series(series[1]).shape == (2, *SHAPE)


def test_a_scout_among_the_slices_is_a_series_of_its_own_and_a_projection(tmp_path: Path) -> None:
    write_slices(tmp_path / "a", slices_along(AXIAL, np.arange(4) * 2.0), GREY)
    scout = slices_along(CORONAL, np.zeros(1))
    write_slices(
        tmp_path / "b", scout, GREY, lambda i, d: setattr(d, "ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"])
    )
    stack, found = scan_folder(tmp_path).series
    assert (stack.kind, found.kind) == (SeriesKind.STACK, SeriesKind.LOCALISER)
    assert load_series(stack).shape == (4, *SHAPE)
    with pytest.raises(PlannerError, match="localiser radiograph"):
        load_series(found)


def test_a_folder_stands_for_its_only_stack_among_localisers_and_reports(tmp_path: Path) -> None:
    write_slices(tmp_path / "a", slices_along(AXIAL, np.array([0.0, 2.0, 4.0, 30.0, 32.0])), GREY)
    scout = slices_along(CORONAL, np.arange(3) * 20.0)
    write_slices(
        tmp_path / "b", scout, GREY, lambda i, d: setattr(d, "ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"]),
        series_uid="1.2.78",
    )  # fmt: skip
    with pytest.raises(PlannerError, match=r"across 26\.0 mm"):
        load_path(tmp_path)


def test_a_copy_of_an_image_among_others_still_stands_for_itself(tmp_path: Path) -> None:
    paths = write_slices(tmp_path / "s", slices_along(AXIAL, np.zeros(1)), GREY)
    copy = paths[0].with_name("z-copy.dcm")
    copy.write_bytes(paths[0].read_bytes())
    write_slices(tmp_path / "t", slices_along(AXIAL, np.arange(2) * 2.0), GREY, series_uid="1.2.78")
    for path in (tmp_path / "t").iterdir():
        path.rename(paths[0].with_name(f"other-{path.name}"))
    (volume,) = load_path(copy)
    assert volume.shape == (1, *SHAPE)


def siemens_header(count: str) -> bytes:
    name = b"NumberOfImagesInMosaic".ljust(64, b"\0")
    entry = name + struct.pack("<i4siii", 1, b"US\0\0", 1, 1, 77)
    return (
        b"SV10\4\3\2\1"
        + struct.pack("<ii", 1, 77)
        + entry
        + struct.pack("<4i", len(count), 0, 77, 0)
        + count.encode()
    )


@pytest.mark.parametrize("told_by", ["image type", "private number", "private header"])
def test_a_mosaic_is_refused_by_name(tmp_path: Path, told_by: str) -> None:
    def change(index: int, dataset: Dataset) -> None:
        if told_by == "image type":
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
        elif told_by == "private number":
            dataset.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
            dataset.add_new(0x0019100A, "US", 36)
        else:
            dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
            dataset.add_new(0x00291010, "OB", siemens_header("36      "))

    write_slices(tmp_path / "s", slices_along(AXIAL, np.arange(3) * 2.0), GREY, change, "MR")
    (series,) = scan_folder(tmp_path).series
    assert [finding.code for finding in series.findings] == ["mosaic"]
    assert series.spacing_mm is None
    with pytest.raises(PlannerError, match="Siemens mosaics"):
        load_series(series)


def test_a_siemens_header_of_a_single_slice_is_no_mosaic(tmp_path: Path) -> None:
    def change(index: int, dataset: Dataset) -> None:
        dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
        dataset.add_new(0x00291010, "OB", siemens_header("1 "))

    write_slices(tmp_path / "s", slices_along(AXIAL, np.arange(3) * 2.0), GREY, change, "MR")
    (series,) = scan_folder(tmp_path).series
    assert series.findings == ()


def test_two_stacks_side_by_side_under_one_uid_are_two_series(tmp_path: Path) -> None:
    rotation = rotation_from_vector(np.array([0.2, 0.5, -0.3]))
    left = slices_along(rotation, np.arange(4) * 3.0)
    right = Slices(rotation, left.positions_mm + 30.0 * rotation[:, 0])
    write_slices(tmp_path / "a", left, GREY[:4])
    write_slices(tmp_path / "b", right, GREY[10:], lambda i, d: setattr(d, "SOPInstanceUID", f"1.2.6.{i}"))
    found = scan_folder(tmp_path).series
    assert [series.shape for series in found] == [(4, *SHAPE)] * 2
    for series, slices, first in zip(found, (left, right), (0, 10), strict=True):
        volume = load_series(series)
        np.testing.assert_allclose(volume.origin_mm, slices.positions_mm[0], atol=1e-6)
        assert volume.voxels[:, 0, 0].tolist() == list(range(first, first + 4))


def test_acquisitions_that_overlap_are_not_taken_for_phases_of_a_heart(tmp_path: Path) -> None:
    for number, (start, n) in enumerate(((0.0, 6), (12.0, 5))):
        slices = slices_along(AXIAL, start + np.arange(n) * 3.0)

        def change(index: int, dataset: Dataset, number: int = number) -> None:
            dataset.AcquisitionNumber = number + 1
            dataset.SOPInstanceUID = f"1.2.6.{number}.{index}"

        write_slices(tmp_path / str(number), slices, GREY[10 * number :], change)
    found = scan_folder(tmp_path).series
    assert [(series.shape[0], series.n_phases, series.findings) for series in found] == [(6, 1, ()), (5, 1, ())]
    assert load_series(found[1]).voxels[:, 0, 0].tolist() == [10, 11, 12, 13, 14]


def test_two_patient_spaces_under_one_uid_are_never_one_volume(tmp_path: Path) -> None:
    slices = slices_along(AXIAL, np.arange(6) * 3.0)
    write_slices(tmp_path / "s", slices, GREY, lambda i, d: setattr(d, "FrameOfReferenceUID", f"1.2.{i % 2}"))
    assert [series.shape[0] for series in scan_folder(tmp_path).series] == [3, 3]


def test_positions_beyond_any_scanner_are_no_positions(tmp_path: Path) -> None:
    def change(index: int, dataset: Dataset) -> None:
        dataset.ImagePositionPatient = ["0", "0", "1e300"]

    write_slices(tmp_path / "s", slices_along(AXIAL, np.arange(3) * 3.0), GREY, change)
    (series,) = scan_folder(tmp_path).series
    assert [finding.code for finding in series.findings] == ["missing_orientation"]


def test_acquisitions_that_lie_between_each_other_in_a_part_are_stacks_of_their_own(
    oblique, write_dicom
) -> None:
    """A second scan that begins within the first, half a step off: blended they would show two breaths at once."""
    step = oblique.patient_from_index[:3, 0]
    for number, start in ((1, 0.0), (2, 3.5)):
        moved = oblique.patient_from_index.copy()
        moved[:3, 3] += start * step

        def change(index: int, dataset: Dataset, number: int = number) -> None:
            dataset.AcquisitionNumber = number

        paths = write_dicom(replace(oblique, patient_from_index=moved), f"both/{number}", change)
    series = scan_folder(paths[0].parent.parent).series
    assert [(one.shape[0], one.n_phases, one.findings) for one in series] == [(5, 1, ()), (5, 1, ())]


@pytest.mark.parametrize(
    "types",
    [
        [["DERIVED", "PRIMARY", "DIXON", kind] for kind in ("WATER", "FAT")],
        [["DERIVED", "PRIMARY", "M", "ND", "DIXON", kind] for kind in ("IN_PHASE", "OPP_PHASE")],
        [["ORIGINAL", "PRIMARY", kind, "ND"] for kind in ("M", "P")],
    ],
)
def test_mr_images_of_two_kinds_are_two_stacks_and_no_phases(oblique, write_dicom, types) -> None:
    still = replace(oblique, modality="MR", unit="arbitrary")
    for number, words in enumerate(types):
        paths = write_dicom(still, f"both/{number}", lambda i, d, words=words: setattr(d, "ImageType", words))
    series = scan_folder(paths[0].parent.parent).series
    assert [(one.n_phases, one.n_images) for one in series] == [(1, 5), (1, 5)]

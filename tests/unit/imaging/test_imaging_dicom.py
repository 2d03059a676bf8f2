"""A DICOM series comes back in its place with its values, or is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.outputs.series import PatientModule, write_series
from imaging.slices.load import load_path, load_planes, load_series


def only_series(folder: Path):
    (series,) = scan_folder(folder).series
    return series


def drop(*names: str):
    def change(index: int, dataset: pydicom.Dataset) -> None:
        for name in names:
            del dataset[name]

    return change


def test_a_written_series_comes_back_in_place_and_value(oblique: Volume, write_dicom) -> None:
    folder = write_dicom(oblique)[0].parent
    volume = load_series(only_series(folder))
    np.testing.assert_allclose(volume.patient_from_index, oblique.patient_from_index, atol=1e-6)
    assert np.array_equal(volume.voxels, oblique.voxels)
    assert (volume.unit, volume.modality, volume.frame_of_reference_uid) == ("HU", "CT", "1.2.826.1")


def test_simpleitk_places_each_written_slice_where_the_volume_says(oblique: Volume, write_dicom) -> None:
    for index, path in enumerate(write_dicom(oblique)):
        image = sitk.ReadImage(str(path))
        ours = oblique.patient_from_indices(
            np.array([[index, 0, 0], [index, 5, 0], [index, 0, 6], [index, 5, 6]])
        )
        theirs = [image.TransformIndexToPhysicalPoint(p) for p in ((0, 0, 0), (0, 5, 0), (6, 0, 0), (6, 5, 0))]
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert np.array_equal(sitk.GetArrayFromImage(image)[0], oblique.voxels[index])


def test_names_and_instance_numbers_do_not_decide_the_order(oblique: Volume, write_dicom) -> None:
    numbers = [3, 5, 1, 4, 2]
    paths = write_dicom(oblique, change=lambda i, dataset: setattr(dataset, "InstanceNumber", numbers[i]))
    for path, name in zip(paths, ("e", "b", "d.dcm", "a", "c.IMA"), strict=True):
        path.rename(path.with_name(name))
    volume = load_series(only_series(paths[0].parent))
    assert np.array_equal(volume.voxels, oblique.voxels)
    np.testing.assert_allclose(volume.patient_from_index, oblique.patient_from_index, atol=1e-6)


def test_the_step_between_slices_is_measured_not_read_from_the_thickness(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique, change=lambda i, dataset: setattr(dataset, "SliceThickness", "9"))
    assert load_series(only_series(paths[0].parent)).spacing_mm == pytest.approx([2.5, 0.7, 0.9])


def test_each_slice_is_rescaled_by_its_own_factors(oblique: Volume, write_dicom) -> None:
    def change(index: int, dataset: pydicom.Dataset) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = index + 1, -10 * index

    volume = load_series(only_series(write_dicom(oblique, change=change)[0].parent))
    for index in range(5):
        assert np.array_equal(volume.voxels[index], oblique.voxels[index] * (index + 1) - 10 * index)


def test_a_single_slice_takes_its_thickness_and_not_the_spacing_between_slices(
    oblique: Volume, write_dicom
) -> None:
    one = replace(oblique, voxels=oblique.voxels[:1])
    paths = write_dicom(one, change=lambda i, dataset: setattr(dataset, "SpacingBetweenSlices", "11"))
    assert load_series(only_series(paths[0].parent)).spacing_mm == pytest.approx([2.5, 0.7, 0.9])


def test_a_single_slice_without_thickness_is_refused(oblique: Volume, write_dicom) -> None:
    one = replace(oblique, voxels=oblique.voxels[:1])
    series = only_series(write_dicom(one, change=drop("SliceThickness"))[0].parent)
    assert series.spacing_mm is None
    with pytest.raises(PlannerError, match="slice thickness"):
        load_series(series)


def test_monochrome1_of_an_mr_is_turned_bright_side_up(oblique: Volume, write_dicom) -> None:
    def change(index: int, dataset: pydicom.Dataset) -> None:
        dataset.PhotometricInterpretation = "MONOCHROME1"

    mr = replace(oblique, modality="MR", unit="arbitrary")
    volume = load_series(only_series(write_dicom(mr, change=change)[0].parent))
    assert np.array_equal(volume.voxels, -1 - oblique.voxels)


def test_hounsfield_units_do_not_turn_with_the_display(oblique: Volume, write_dicom) -> None:
    def change(index: int, dataset: pydicom.Dataset) -> None:
        dataset.PhotometricInterpretation = "MONOCHROME1"

    volume = load_series(only_series(write_dicom(oblique, change=change)[0].parent))
    assert np.array_equal(volume.voxels, oblique.voxels)


def test_a_missing_slice_is_told_and_bridged_in_the_volume_but_left_out_of_the_planes(
    oblique: Volume, write_dicom
) -> None:
    paths = write_dicom(oblique)
    paths[2].unlink()
    series = only_series(paths[0].parent)
    (finding,) = series.findings
    assert finding.code == "missing_slices"
    assert "1 of 5 slices" in finding.why
    assert "interpolated" in finding.why
    volume = load_series(series)
    np.testing.assert_allclose(volume.patient_from_index, oblique.patient_from_index, atol=1e-6)
    # The values of the fixture grow evenly, so that what lies between two slices is known.
    assert np.array_equal(volume.voxels, oblique.voxels)
    planes = load_planes(series)
    assert [plane.shape for plane in planes] == [(1, 6, 7)] * 4
    for plane, index in zip(planes, (0, 1, 3, 4), strict=True):
        expected = oblique.patient_from_indices(np.array([[index, 0, 0], [index, 5, 6]]))
        np.testing.assert_allclose(
            plane.patient_from_indices(np.array([[0, 0, 0], [0, 5, 6]])), expected, atol=1e-6
        )
        assert plane.spacing_mm == pytest.approx([2.5, 0.7, 0.9])
        assert np.array_equal(plane.voxels[0], oblique.voxels[index])


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("ImageOrientationPatient", "where they lie"),
        ("ImagePositionPatient", "where they lie"),
        ("PixelSpacing", "pixel spacing"),
        ("RescaleSlope", "Hounsfield"),
        ("PixelData", "no whole-number pixels"),
    ],
)
def test_a_missing_fact_is_refused_by_name(oblique: Volume, write_dicom, missing: str, message: str) -> None:
    series = only_series(write_dicom(oblique, change=drop(missing))[0].parent)
    with pytest.raises(PlannerError, match=message):
        load_series(series)


def test_pixels_that_are_cut_short_are_refused(oblique: Volume, write_dicom) -> None:
    def change(index: int, dataset: pydicom.Dataset) -> None:
        dataset.PixelData = dataset.PixelData[:-4]

    with pytest.raises(PlannerError, match="4 of 84 bytes"):
        load_series(only_series(write_dicom(oblique, change=change)[0].parent))


def test_a_file_cut_short_is_refused(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique)
    paths[3].write_bytes(paths[3].read_bytes()[:-20])
    with pytest.raises(PlannerError, match=r"pixels are absent|damaged"):
        load_series(only_series(paths[0].parent))


def test_a_colour_picture_is_refused(oblique: Volume, write_dicom) -> None:
    def change(index: int, dataset: pydicom.Dataset) -> None:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"

    with pytest.raises(PlannerError, match="colour"):
        load_series(only_series(write_dicom(oblique, change=change)[0].parent))


def test_loading_stops_at_the_report_after_a_cancel(oblique: Volume, write_dicom) -> None:
    series = only_series(write_dicom(oblique)[0].parent)
    seen: list[float] = []
    progress = Reporting(lambda stage, done: seen.append(done), is_cancelled=lambda: len(seen) >= 2)
    with pytest.raises(Cancelled):
        load_series(series, progress=progress)
    assert len(seen) == 2


def test_a_given_series_uid_makes_every_uid_of_the_series_the_same_again(oblique: Volume, write_dicom) -> None:
    first = [pydicom.dcmread(path).SOPInstanceUID for path in write_dicom(oblique, "a")]
    again = [pydicom.dcmread(path).SOPInstanceUID for path in write_dicom(oblique, "b")]
    other = [pydicom.dcmread(path).SOPInstanceUID for path in write_dicom(oblique, "c", series_uid="1.2.3.5")]
    assert first == again
    assert len(set(first + other)) == 10


REQUIRED = {
    "both": "SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID Modality ImageType "
    "PixelSpacing ImageOrientationPatient ImagePositionPatient SamplesPerPixel PhotometricInterpretation Rows Columns "
    "BitsAllocated BitsStored HighBit PixelRepresentation PixelData",
    "CT": "RescaleIntercept RescaleSlope",
    "MR": "ScanningSequence SequenceVariant",
}
MAY_BE_EMPTY = {
    "both": "PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime ReferringPhysicianName StudyID "
    "AccessionNumber SeriesNumber PositionReferenceIndicator Manufacturer InstanceNumber SliceThickness",
    "CT": "KVP AcquisitionNumber",
    "MR": "ScanOptions MRAcquisitionType EchoTime EchoTrainLength",
}


@pytest.mark.parametrize(("modality", "name"), [("CT", "CT Image Storage"), ("MR", "MR Image Storage")])
def test_a_written_file_has_every_attribute_its_class_demands(
    oblique: Volume, write_dicom, modality: str, name: str
) -> None:
    """DICOM PS3.3 A.3.3 and A.4.3: type 1 attributes have a value, type 2 attributes are there."""
    dataset = pydicom.dcmread(write_dicom(replace(oblique, modality=modality))[0])
    assert dataset.SOPClassUID.name == dataset.file_meta.MediaStorageSOPClassUID.name == name
    for keyword in (REQUIRED["both"] + " " + REQUIRED[modality]).split():
        assert dataset.get(keyword) not in (None, ""), keyword
    for keyword in (MAY_BE_EMPTY["both"] + " " + MAY_BE_EMPTY[modality]).split():
        assert keyword in dataset, keyword
    assert all(len(text) <= 16 for text in map(str, dataset.ImagePositionPatient))


def test_values_that_rounding_would_flatten_are_refused(oblique: Volume, tmp_path: Path) -> None:
    faint = replace(oblique, voxels=np.linspace(0, 1, 210, dtype=np.float32).reshape(5, 6, 7), modality="MR")
    with pytest.raises(PlannerError, match="contrast"):
        write_series(
            faint, tmp_path, patient=PatientModule("A", "1"), study_uid="1.2", modality="MR", description="",
            series_number=1,
        )  # fmt: skip


def test_left_stays_left_from_dicom_through_nifti(tmp_path: Path, write_dicom) -> None:
    """A bright voxel at the patient's left, back and head is still there for nibabel, whose axes are RAS."""
    import nibabel

    from imaging.formats.nifti import write_volume

    voxels = np.zeros((8, 9, 10), dtype=np.int16)
    affine = np.array([[0, 0, 2.0, -9], [0, 2.0, 0, -8], [3.0, 0, 0, -10], [0, 0, 0, 1]])
    voxels[7, 8, 9] = 500
    (volume,) = load_path(write_dicom(Volume(voxels, affine, "1.9", "HU", "CT"))[0].parent)
    write_volume(volume, tmp_path / "v.nii.gz")
    image = nibabel.load(tmp_path / "v.nii.gz")
    place = np.unravel_index(np.argmax(image.get_fdata()), image.shape)
    assert nibabel.affines.apply_affine(image.affine, place).tolist() == [-9.0, -8.0, 11.0]
    assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")

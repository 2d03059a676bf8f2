"""NIfTI files say the same place and values to Auricle, nibabel and SimpleITK."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from core.anatomy import HEART_NAMES
from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.volume import LabelMap, Volume
from imaging.formats.nifti import read_grid, read_labels, read_volume, write_labels, write_volume
from imaging.slices.load import load_path

CORNERS = np.array([[0, 0, 0], [4, 0, 0], [0, 5, 0], [0, 0, 6], [4, 5, 6]])


def test_nibabel_places_every_corner_where_the_volume_says(oblique: Volume, tmp_path: Path) -> None:
    write_volume(oblique, tmp_path / "v.nii.gz")
    image = nibabel.load(tmp_path / "v.nii.gz")
    ras = nibabel.affines.apply_affine(image.affine, CORNERS[:, ::-1])
    np.testing.assert_allclose(ras * (-1, -1, 1), oblique.patient_from_indices(CORNERS), atol=1e-4)
    for corner in CORNERS:
        assert image.get_fdata()[tuple(corner[::-1])] == oblique.voxels[tuple(corner)]
    np.testing.assert_allclose(image.get_qform(), image.get_sform(), atol=1e-4)


def test_simpleitk_places_every_corner_where_the_volume_says(oblique: Volume, tmp_path: Path) -> None:
    write_volume(oblique, tmp_path / "v.nii")
    image = sitk.ReadImage(str(tmp_path / "v.nii"))
    lps = [image.TransformIndexToPhysicalPoint([int(i) for i in corner[::-1]]) for corner in CORNERS]
    np.testing.assert_allclose(lps, oblique.patient_from_indices(CORNERS), atol=1e-3)
    assert np.array_equal(sitk.GetArrayFromImage(image), oblique.voxels)


@given(
    vector=st.tuples(*[st.floats(-3, 3)] * 3),
    spacing=st.tuples(*[st.floats(0.3, 8.0)] * 3),
    origin=st.tuples(*[st.floats(-400, 400)] * 3),
    mirror=st.booleans(),
)
def test_any_grid_comes_back_within_a_thousandth_of_a_millimetre(
    vector, spacing, origin, mirror, tmp_path_factory
):
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_vector(np.array(vector)) * np.array(spacing) * (-1 if mirror else 1, 1, 1)
    matrix[:3, 3] = origin
    volume = Volume(np.arange(24, dtype=np.uint8).reshape(2, 3, 4), matrix)
    path = tmp_path_factory.getbasetemp() / "any.nii"
    write_volume(volume, path)
    back = read_volume(path)
    np.testing.assert_allclose(back.patient_from_index, matrix, atol=1e-3)
    assert np.array_equal(back.voxels, volume.voxels)


def test_frame_of_reference_unit_and_modality_come_back(oblique: Volume, tmp_path: Path) -> None:
    write_volume(oblique, tmp_path / "v.nii.gz")
    back = read_volume(tmp_path / "v.nii.gz")
    assert (back.frame_of_reference_uid, back.unit, back.modality) == ("1.2.826.1", "HU", "CT")
    assert back.voxels.dtype == np.int16


def test_scaled_values_of_other_programs_are_read_as_they_mean(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.set_slope_inter(0.5, -3.0)
    nibabel.save(image, tmp_path / "v.nii")
    np.testing.assert_allclose(read_volume(tmp_path / "v.nii").voxels[3, 2, 1], 23 * 0.5 - 3.0)


def test_each_phase_of_a_four_dimensional_file_is_its_own_volume(tmp_path: Path) -> None:
    values = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "v.nii.gz")
    assert read_grid(tmp_path / "v.nii.gz").n_phases == 5
    assert np.array_equal(read_volume(tmp_path / "v.nii.gz", 3).voxels, values[..., 3].transpose(2, 1, 0))
    with pytest.raises(PlannerError, match="5 phases"):
        read_volume(tmp_path / "v.nii.gz", 5)


def test_metres_become_millimetres(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), np.diag([0.001, 0.002, 0.003, 1.0]))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "v.nii")
    np.testing.assert_allclose(read_volume(tmp_path / "v.nii").spacing_mm, [3.0, 2.0, 1.0], rtol=1e-6)


def spoiled(tmp_path: Path, **fields: object) -> Path:
    """A good file with header fields overwritten on disk, as nibabel itself would not write them."""
    path = tmp_path / "spoiled.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), np.eye(4)), path)
    header = nibabel.load(path).header.copy()
    for name, value in fields.items():
        header[name] = value
    path.write_bytes(header.binaryblock + path.read_bytes()[348:])
    return path


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pixdim": [1, 0, 1, 1, 0, 0, 0, 0]}, "zero or not a number"),
        ({"pixdim": [1, 1, np.nan, 1, 0, 0, 0, 0]}, "zero or not a number"),
        ({"srow_x": [np.nan, 0, 0, 0]}, "not finite"),
        ({"srow_x": [0, 0, 0, 0]}, "spacing of zero"),
        ({"srow_x": [1, 0.3, 0, 0]}, "sheared"),
        ({"sform_code": 0, "qform_code": 0}, "neither sform nor qform"),
    ],
)
def test_a_place_that_would_be_made_up_is_refused(
    tmp_path: Path, fields: dict[str, object], message: str
) -> None:
    path = spoiled(tmp_path, **fields)
    with pytest.raises(PlannerError, match=message):
        read_volume(path)
    assert read_grid(path).spacing_mm is None
    assert [finding.code for finding in read_grid(path).findings] == ["missing_orientation"]


def test_voxels_cut_short_are_refused(oblique: Volume, tmp_path: Path) -> None:
    write_volume(oblique, tmp_path / "v.nii")
    (tmp_path / "v.nii").write_bytes((tmp_path / "v.nii").read_bytes()[:-30])
    with pytest.raises(PlannerError, match="cut short"):
        read_volume(tmp_path / "v.nii")


def test_a_changed_byte_in_a_gzip_is_noticed_by_its_checksum(oblique: Volume, tmp_path: Path) -> None:
    # Larger than what is read ahead of the header, as every real image is.
    large = replace(oblique, voxels=np.zeros((40, 64, 64), np.int16))
    write_volume(large, tmp_path / "v.nii")
    content = (tmp_path / "v.nii").read_bytes()
    packed = bytearray(gzip.compress(content, compresslevel=0))
    packed[-30] ^= 1
    (tmp_path / "v.nii.gz").write_bytes(packed)
    with pytest.raises(PlannerError, match="damaged"):
        read_volume(tmp_path / "v.nii.gz")


def test_labels_keep_grid_values_and_names(oblique: Volume, tmp_path: Path) -> None:
    labels = (np.arange(210) % 8).astype(np.uint8).reshape(5, 6, 7)
    write_labels(LabelMap(labels, oblique.patient_from_index, HEART_NAMES, "1.9"), tmp_path / "labels.nii.gz")
    assert json.loads((tmp_path / "labels.json").read_text())["1"] == "lv"
    back = read_labels(tmp_path / "labels.nii.gz")
    assert np.array_equal(back.labels, labels)
    assert dict(back.names) == dict(HEART_NAMES)
    assert back.frame_of_reference_uid == "1.9"
    np.testing.assert_allclose(back.patient_from_index, oblique.patient_from_index, atol=1e-4)


def test_an_image_is_no_label_map(oblique: Volume, tmp_path: Path) -> None:
    write_volume(replace(oblique, voxels=oblique.voxels - 0.5), tmp_path / "v.nii.gz")
    with pytest.raises(PlannerError, match="whole numbers"):
        read_labels(tmp_path / "v.nii.gz")


def test_a_write_that_fails_leaves_the_old_file(oblique: Volume, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "v.nii.gz"
    write_volume(oblique, path)
    before = path.read_bytes()

    def full_disk(image: object, place: Path) -> None:
        Path(place).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nibabel, "save", full_disk)
    with pytest.raises(PlannerError, match="No space left"):
        write_volume(oblique, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["v.nii.gz"]


def test_voxels_that_hold_no_number_become_the_lowest_and_none_at_all_is_refused(tmp_path: Path) -> None:
    voxels = np.arange(24, dtype=np.float32).reshape(4, 3, 2) - 5.0
    for suffix in ("nii.gz", "nrrd"):
        path = tmp_path / f"v.{suffix}"
        gapped = voxels.copy()
        gapped[1, 1, 1], gapped[3, 2, 1] = np.nan, np.inf
        sitk.WriteImage(sitk.GetImageFromArray(gapped), str(path))
        filled = voxels.copy()
        filled[1, 1, 1] = filled[3, 2, 1] = -5.0
        np.testing.assert_array_equal(load_path(path)[0].voxels, filled)
        sitk.WriteImage(sitk.GetImageFromArray(np.full_like(voxels, np.nan)), str(path))
        with pytest.raises(PlannerError, match="none of its voxels holds a number"):
            load_path(path)

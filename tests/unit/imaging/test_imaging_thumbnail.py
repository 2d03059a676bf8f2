"""Thumbnails show the middle slice in its true shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import PlannerError
from core.volume import Volume
from imaging.nifti import write_volume
from imaging.scan import scan_folder
from imaging.thumbnail import thumbnail


@pytest.fixture
def half_bright() -> Volume:
    """3 slices of 40 x 20 pixels, 1 x 2 mm: square in space, its left half bright in the middle slice only."""
    voxels = np.full((3, 40, 20), -1000, dtype=np.int16)
    voxels[1, :, :10] = 1000
    affine = np.array([[0, 0, 2.0, 0], [0, 1.0, 0, 0], [5.0, 0, 0, 0], [0, 0, 0, 1]])
    return Volume(voxels, affine, "1.2", "HU", "CT")


def test_the_middle_slice_fills_a_square_when_it_is_square_in_millimetres(
    half_bright: Volume, write_dicom
) -> None:
    (series,) = scan_folder(write_dicom(half_bright)[0].parent).series
    picture = thumbnail(series, 64)
    assert picture.shape == (64, 64)
    assert picture.dtype == np.uint8
    assert (picture[:, :32] == 255).all()
    assert (picture[:, 32:] == 0).all()


def test_a_nifti_file_has_the_same_picture_as_its_dicom(half_bright: Volume, write_dicom, tmp_path) -> None:
    (series,) = scan_folder(write_dicom(half_bright)[0].parent).series
    write_volume(half_bright, tmp_path / "nifti" / "v.nii.gz")
    (same,) = scan_folder(tmp_path / "nifti").series
    assert np.array_equal(thumbnail(series, 50), thumbnail(same, 50))


def test_shrinking_averages_and_letterboxes(write_dicom, half_bright: Volume) -> None:
    voxels = np.zeros((1, 20, 80), dtype=np.int16)
    voxels[0, :, ::2] = 400
    stripes = replace(half_bright, voxels=voxels, modality="MR", patient_from_index=np.eye(4)[[2, 1, 0, 3]])
    (series,) = scan_folder(write_dicom(stripes)[0].parent).series
    picture = thumbnail(series, 40)
    assert np.unique(picture[15:25]).tolist() == [128]
    assert (picture[:15] == 0).all()
    assert (picture[25:] == 0).all()


def test_a_file_that_went_away_is_refused(half_bright: Volume, write_dicom) -> None:
    paths = write_dicom(half_bright)
    (series,) = scan_folder(paths[0].parent).series
    for path in paths:
        path.unlink()
    with pytest.raises(PlannerError):
        thumbnail(series)

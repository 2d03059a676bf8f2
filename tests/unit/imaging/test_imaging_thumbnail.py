"""Thumbnails show the middle slice in its true shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import PlannerError
from core.study import Series, SeriesKind
from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.formats.nifti import write_volume
from imaging.pictures.thumbnail import thumbnail
from tests.support.pixel_files import picture_header, write_picture


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


def test_padding_around_the_scan_is_black_as_air_is(half_bright: Volume, write_dicom) -> None:
    padded = half_bright.voxels.copy()
    padded[:, :, 15:] = -3024
    pictures = []
    for name, voxels in (("air", half_bright.voxels), ("padded", padded)):
        paths = write_dicom(replace(half_bright, voxels=voxels), name)
        pictures.append(thumbnail(scan_folder(paths[0].parent).series[0], 64))
    assert np.array_equal(*pictures)


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


def clip_series(path, kind: SeriesKind) -> Series:
    return Series("1.2.3.4", "US", "", ((path,),), (1, 40, 80), None, kind=kind)


@pytest.mark.parametrize("kind", [SeriesKind.CLIP, SeriesKind.PROJECTION, SeriesKind.CAPTURE])
def test_a_run_is_shown_by_its_middle_frame_in_its_own_window(tmp_path, kind: SeriesKind) -> None:
    frames = np.zeros((3, 40, 80), dtype=np.uint8)
    frames[1, :, :40] = 90
    header = picture_header((40, 80), NumberOfFrames=3, WindowCenter="100", WindowWidth="201")
    picture = thumbnail(clip_series(write_picture(tmp_path / "a", header, frames.tobytes()), kind), 40)
    shown = round(255 * (90 + 0.5) / 200)
    assert np.abs(picture[10:30, :20].astype(int) - shown).max() <= 1
    assert (picture[10:30, 20:] <= 1).all()
    assert (picture[:10] == 0).all()


def test_a_colour_picture_is_shown_by_its_brightness(tmp_path) -> None:
    picture = np.zeros((1, 40, 40, 3), dtype=np.uint8)
    picture[0, :20] = (255, 0, 0)
    picture[0, 20:] = (0, 255, 0)
    path = write_picture(tmp_path / "a", picture_header((40, 40, 3)), picture.tobytes())
    shown = thumbnail(clip_series(path, SeriesKind.CAPTURE), 40)
    assert np.unique(shown[:20]).tolist() == [76]
    assert np.unique(shown[20:]).tolist() == [150]


def test_a_kind_without_a_picture_is_refused_by_its_name(tmp_path) -> None:
    with pytest.raises(PlannerError, match="a report"):
        thumbnail(clip_series(tmp_path / "a", SeriesKind.REPORT))

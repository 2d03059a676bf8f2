"""A synthetic patient on disk opens through the same door as any study, and its truth lies where its images lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.phantom import PhantomFiles, write_phantom
from core.errors import PlannerError
from imaging.find.scan import scan_folder
from imaging.formats.nifti import read_labels
from imaging.slices.load import load_path, load_series


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> PhantomFiles:
    return write_phantom(tmp_path_factory.mktemp("phantom"), seed=2_000_005, spacing_mm=4.0)


def test_a_ct_and_an_mr_series_are_found(phantom: PhantomFiles) -> None:
    scan = scan_folder(phantom.study)
    assert sorted(series.modality for series in scan.series) == ["CT", "MR"]
    assert len(scan.patients) == 1
    assert not scan.findings


def test_images_and_truth_share_their_place(phantom: PhantomFiles) -> None:
    for series in scan_folder(phantom.study).series:
        volume, truth = load_series(series), phantom.truth[series.modality]
        assert volume.shape == truth.shape
        assert np.abs(volume.patient_from_index - truth.patient_from_index).max() < 1e-6
        blood, muscle = volume.voxels[truth.mask("lv")], volume.voxels[truth.mask("lv_myocardium")]
        assert np.median(blood) > np.median(muscle) + 100


def test_the_truth_file_is_the_truth(phantom: PhantomFiles) -> None:
    read = read_labels(phantom.study.parent / "truth" / "ct" / "labels.nii.gz")
    truth = phantom.truth["CT"]
    at = truth.indices_from_patient(read.patient_from_indices(np.argwhere(read.mask("rv"))))
    assert np.array_equal(np.sort(np.rint(at), axis=0), np.sort(np.argwhere(truth.mask("rv")), axis=0))


def test_the_same_seed_writes_the_same_uids(phantom: PhantomFiles, tmp_path: Path) -> None:
    again = write_phantom(tmp_path, seed=2_000_005, spacing_mm=5.0)
    uids = [{s.series_uid for s in scan_folder(files.study).series} for files in (phantom, again)]
    assert uids[0] == uids[1]


def test_a_cine_study_is_a_short_axis_stack_with_gaps_and_three_planes_of_one_patient_space(
    tmp_path: Path,
) -> None:
    files = write_phantom(tmp_path, seed=2_000_005, spacing_mm=5.0, modalities=("cine",))
    series = scan_folder(files.study).series
    assert sorted(s.shape[0] for s in series)[:3] == [1, 1, 1]
    assert len(series) == 4
    assert len({s.frame_of_reference_uid for s in series}) == 1
    (stack,) = load_path(files.study / "cine")
    assert stack.shape[0] >= 8
    assert stack.spacing_mm[0] > 5.0
    middle = stack.patient_from_indices((np.array([stack.shape], dtype=np.float64) - 1.0) / 2.0)[0]
    ventricle = files.truth["CINE"].patient_from_indices(np.argwhere(files.truth["CINE"].mask("lv")))
    assert np.linalg.norm(middle - ventricle.mean(axis=0)) < 30.0


def test_an_echo_is_a_fan_of_its_own_format_with_its_truth(tmp_path: Path) -> None:
    files = write_phantom(tmp_path, seed=2_000_005, spacing_mm=5.0, modalities=("echo",))
    (echo,) = load_path(files.study / "echo")
    assert echo.shape == files.truth["ECHO"].shape
    assert echo.modality == "US"
    assert (echo.voxels == 0).mean() > 0.3


def test_a_modality_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="no known modality"):
        write_phantom(tmp_path, seed=1, modalities=("pet",))

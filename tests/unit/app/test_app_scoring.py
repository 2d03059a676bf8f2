"""Scores against exact answers: shifts, other grids, other numbers for the same structures, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from app.cli import REFUSED, main
from app.scoring import LABEL_SETS, labels_on_grid_of, read_labels, score, score_unions
from core.anatomy import HEART_NAMES
from core.errors import PlannerError
from core.frames import Transform, rigid
from core.volume import LabelMap
from imaging.formats.nifti import write_labels
from recon.surface import conformal_surfaces_of_labels
from tests.support.ball_patient import make_anatomy


def _blocks(patient_from_index: np.ndarray | None = None) -> LabelMap:
    """Seven boxes of 6 x 6 x 6 voxels beside each other, one per structure, on a 1 mm grid."""
    labels = np.zeros((16, 16, 60), dtype=np.uint8)
    for value in HEART_NAMES:
        labels[5:11, 5:11, 8 * value - 4 : 8 * value + 2] = value
    affine = np.fliplr(np.eye(3))
    matrix = np.eye(4)
    matrix[:3, :3] = affine
    return LabelMap(labels, matrix if patient_from_index is None else patient_from_index, HEART_NAMES)


def _write_plain(path: Path, labels: LabelMap, values: dict[str, int]) -> None:
    """A NIfTI as a public set has it: its own numbers, nothing beside it. RAS is LPS turned about z."""
    coded = np.zeros(labels.shape, dtype=np.int16)
    for key, value in values.items():
        coded[labels.mask(key)] = value
    ras_from_index = np.diag([-1.0, -1.0, 1.0, 1.0]) @ labels.patient_from_index
    ras_from_ijk = ras_from_index[:, [2, 1, 0, 3]]
    image = nibabel.Nifti1Image(coded.transpose(2, 1, 0), ras_from_ijk)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def test_the_truth_itself_has_no_error() -> None:
    anatomy = make_anatomy()
    assert anatomy.labels is not None
    for error in score(anatomy.labels, anatomy.labels).values():
        assert error.dice == 1.0
        assert error.assd_mm == pytest.approx(0.0, abs=1e-3)
        assert error.volume_error_percent == pytest.approx(0.0)


def test_a_shift_of_two_millimetres_is_measured_on_the_surfaces_that_were_given() -> None:
    anatomy = make_anatomy()
    assert anatomy.labels is not None
    shift = Transform("patient", "patient", rigid(np.zeros(3), np.array((2.0, 0.0, 0.0))))
    moved = {key: mesh.transformed(shift) for key, mesh in conformal_surfaces_of_labels(anatomy.labels).items()}
    (error,) = score(anatomy.labels, anatomy.labels, moved).values()
    # Over a ball the mean of |cos| of a shift's angle to the normal is one half.
    assert error.assd_mm == pytest.approx(1.0, abs=0.1)


def test_one_voxel_of_shift_along_six_gives_dice_five_sixths() -> None:
    truth = _blocks()
    found = LabelMap(np.roll(truth.labels, 1, axis=1), truth.patient_from_index, HEART_NAMES)
    for error in score(found, truth).values():
        assert error.dice == pytest.approx(5.0 / 6.0)
        assert error.volume_error_percent == pytest.approx(0.0)


def test_labels_are_carried_to_a_mirrored_and_finer_grid_by_their_place() -> None:
    coarse = _blocks()
    fine = np.repeat(np.repeat(np.repeat(coarse.labels, 2, 0), 2, 1), 2, 2)[:, ::-1]
    matrix = np.array(coarse.patient_from_index)
    matrix[:3, :3] *= 0.5
    matrix[:3, 3] -= 0.25 * coarse.patient_from_index[:3, :3].sum(axis=1)
    matrix[:3, 3] += matrix[:3, 1] * (fine.shape[1] - 1)
    matrix[:3, 1] *= -1.0
    truth = LabelMap(np.ascontiguousarray(fine), matrix, HEART_NAMES)
    assert np.array_equal(labels_on_grid_of(coarse, truth).labels, truth.labels)


def test_grids_apart_or_of_two_patient_spaces_are_refused() -> None:
    truth = _blocks()
    far = np.array(truth.patient_from_index)
    far[:3, 3] += 500.0
    with pytest.raises(PlannerError, match="do not overlap"):
        score(LabelMap(truth.labels, far, HEART_NAMES), truth)
    here = LabelMap(truth.labels, truth.patient_from_index, HEART_NAMES, "1.2")
    there = LabelMap(truth.labels, truth.patient_from_index, HEART_NAMES, "1.3")
    with pytest.raises(PlannerError, match="different patient spaces"):
        score(here, there)


def test_unions_are_scored_where_the_truth_holds_all_their_structures() -> None:
    truth = _blocks()
    without_muscle = LabelMap(
        np.where(truth.labels == 2, 0, truth.labels).astype(np.uint8), truth.patient_from_index, HEART_NAMES
    )
    unions = score_unions(without_muscle, truth)
    assert unions["blood_pool"].dice == 1.0
    assert unions["whole_heart"].dice == pytest.approx(2 * 6 / (6 + 7))
    assert score_unions(truth, without_muscle).keys() == {"blood_pool"}


@pytest.mark.parametrize("name", sorted(LABEL_SETS))
def test_public_numbers_mean_the_structures_they_stand_for(name: str, tmp_path: Path) -> None:
    truth = _blocks()
    write_labels(truth, tmp_path / "ours.nii.gz")
    values = {key: value for value, key in LABEL_SETS[name].items()}
    _write_plain(tmp_path / "theirs.nii.gz", truth, values)
    errors = score(read_labels(tmp_path / "ours.nii.gz"), read_labels(tmp_path / "theirs.nii.gz", name))
    assert errors.keys() == values.keys()
    assert all(error.dice == 1.0 for error in errors.values())


def test_numbers_that_nobody_explains_are_refused_but_those_of_mm_whs_explain_themselves(
    tmp_path: Path,
) -> None:
    truth = _blocks()
    _write_plain(tmp_path / "a.nii.gz", truth, {"rv": 1, "lv_myocardium": 2, "lv": 3})
    with pytest.raises(PlannerError, match="nobody says what its values mean"):
        read_labels(tmp_path / "a.nii.gz")
    _write_plain(tmp_path / "b.nii.gz", truth, {key: value for value, key in LABEL_SETS["mm-whs"].items()})
    assert np.array_equal(read_labels(tmp_path / "b.nii.gz").mask("ra"), truth.mask("ra"))


def test_the_command_prints_and_writes_every_structure(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    truth = _blocks()
    write_labels(truth, tmp_path / "labels.nii.gz")
    _write_plain(tmp_path / "t.nii.gz", truth, {key: value for value, key in LABEL_SETS["mm-whs"].items()})
    assert main(["score", str(tmp_path), str(tmp_path / "t.nii.gz"), "--json", str(tmp_path / "s.json")]) == 0
    written = json.loads((tmp_path / "s.json").read_text())
    assert written.keys() == {*HEART_NAMES.values(), "whole_heart", "blood_pool"}
    assert "blood_pool" in capsys.readouterr().out
    assert main(["score", str(tmp_path / "nothing.nii.gz"), str(tmp_path / "t.nii.gz")]) == REFUSED

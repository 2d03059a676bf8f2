"""Diseases by name: what each changes can be measured in the painted patient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.anatomy import HEART_BY_KEY
from recon.anatomy.diseases import DISEASES
from recon.anatomy.heart_layers import heart_layers, sac_of
from recon.anatomy.layers import paint_layers
from recon.anatomy.patient import SyntheticPatient, grid_points, sample_patient, target_of
from recon.anatomy.tissues import VALUE
from recon.anatomy.training import sample_training_patient
from recon.sampling import patient_grid

N, SPACING_MM = 56, 3.0
MIDDLE_MM = np.array((-10.0, -15.0, 5.0))


def _heart_tissues(patient: SyntheticPatient) -> np.ndarray:
    points = grid_points(patient_grid(MIDDLE_MM, N, SPACING_MM), (N, N, N))
    heart = patient.heart
    parts = heart.parts(points)
    return (
        paint_layers(heart_layers(parts, heart.sizes, sac_of(parts, heart.sizes)), points)
        .numpy()
        .reshape(N, N, N)
    )


def _ml(patient: SyntheticPatient) -> dict[str, float]:
    structures = target_of(torch.from_numpy(_heart_tissues(patient))).numpy()
    return {
        key: float((structures == kind.value).sum()) * SPACING_MM**3 / 1000
        for key, kind in HEART_BY_KEY.items()
    }


def _borders(tissues: np.ndarray, first: str, second: str) -> int:
    structures = target_of(torch.from_numpy(tissues)).numpy()
    one, other = (structures == HEART_BY_KEY[key].value for key in (first, second))
    return int((ndimage.binary_dilation(one) & other).sum())


def test_a_patient_has_no_disease_unless_asked() -> None:
    for seed in range(40):
        heart = sample_patient(seed).heart
        assert heart.defects == ()
        assert heart.sizes["effusion"] == heart.sizes["aneurysm_radius"] == heart.sizes["septal_bulk"] == 0.0


def test_an_unknown_disease_is_refused() -> None:
    with pytest.raises(KeyError):
        sample_patient(1, disease="melancholy")


@pytest.mark.parametrize("disease", DISEASES)
def test_every_disease_leaves_a_heart_with_every_structure(disease: str) -> None:
    volumes = _ml(sample_patient(3, disease=disease))
    assert min(volumes.values()) > 1.0, volumes


@pytest.mark.parametrize(
    ("disease", "key", "low", "high"),
    [
        ("concentric_hypertrophy", "lv_myocardium", 1.2, 3.0),
        ("septal_hypertrophy", "lv_myocardium", 1.03, 2.0),
        ("dilated_lv", "lv", 1.3, 3.0),
        ("dilated_rv", "rv", 1.15, 3.0),
        ("dilated_atria", "la", 1.2, 3.5),
        ("lv_aneurysm", "lv", 1.01, 1.8),
        ("aortic_aneurysm", "aorta", 1.15, 5.0),
        ("hypoplastic_lv", "lv", 0.1, 0.6),
        ("hypoplastic_rv", "rv", 0.1, 0.8),
    ],
)
def test_a_disease_of_size_changes_its_structure(disease: str, key: str, low: float, high: float) -> None:
    assert low < _ml(sample_patient(8, disease=disease))[key] / _ml(sample_patient(8))[key] < high


@pytest.mark.parametrize(
    ("disease", "first", "second"), [("vsd", "lv", "rv"), ("asd", "la", "ra"), ("tetralogy", "lv", "rv")]
)
def test_a_hole_in_a_septum_lets_blood_meet_blood(disease: str, first: str, second: str) -> None:
    for seed in (21, 22):
        healthy, ill = (_heart_tissues(sample_patient(seed, disease=name)) for name in (None, disease))
        assert _borders(ill, first, second) > _borders(healthy, first, second)


def test_in_transposition_the_arteries_leave_the_wrong_ventricles() -> None:
    tissues = _heart_tissues(sample_patient(23, disease="transposition"))
    assert _borders(tissues, "rv", "aorta") > _borders(tissues, "lv", "aorta")
    assert _borders(tissues, "lv", "pulmonary_artery") > _borders(tissues, "rv", "pulmonary_artery")


def test_with_two_outlets_both_arteries_leave_the_right_ventricle() -> None:
    tissues = _heart_tissues(sample_patient(24, disease="double_outlet_rv"))
    assert _borders(tissues, "rv", "aorta") > 0
    assert _borders(tissues, "rv", "pulmonary_artery") > 0


def test_an_effusion_surrounds_a_heart_that_it_does_not_change() -> None:
    healthy, ill = (sample_patient(25, disease=name) for name in (None, "effusion"))
    assert _ml(ill) == _ml(healthy)
    fluid = _heart_tissues(ill) == VALUE["effusion"]
    assert fluid.sum() * SPACING_MM**3 / 1000 > 40.0
    assert not (_heart_tissues(healthy) == VALUE["effusion"]).any()


def test_training_draws_diseases_by_seed_and_the_same_again() -> None:
    kinds = [sample_training_patient(seed).heart for seed in range(60)]
    again = [sample_training_patient(seed).heart for seed in range(60)]
    assert [heart.sizes for heart in kinds] == [heart.sizes for heart in again]
    with_holes = sum(bool(heart.defects) for heart in kinds)
    assert 1 <= with_holes <= 20

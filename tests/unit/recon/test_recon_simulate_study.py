"""Named modalities and artefacts of one patient: deterministic, on their own grids, with truth that fits."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import PlannerError
from recon.anatomy.patient import SyntheticPatient, sample_patient
from recon.simulate.defects import DEFECTS
from recon.simulate.study import MODALITIES, SimulatedImage, simulate_study


@pytest.fixture(scope="module")
def patient() -> SyntheticPatient:
    return sample_patient(12)


@pytest.fixture(scope="module")
def clean(patient: SyntheticPatient) -> SimulatedImage:
    return simulate_study(patient, "ct_arterial", "1.2", spacing_mm=5.0)


@pytest.mark.parametrize("modality", [name for name in MODALITIES if name != "ct_arterial"])
def test_every_modality_shows_the_same_heart(
    patient: SyntheticPatient, clean: SimulatedImage, modality: str
) -> None:
    study = simulate_study(patient, modality, "1.2", spacing_mm=5.0)
    assert study.image.shape == study.truth.shape
    assert study.image.modality == MODALITIES[modality]
    assert study.image.unit == ("HU" if modality.startswith("ct_") else "arbitrary")
    assert np.array_equal(study.truth.labels, clean.truth.labels)
    assert study.image.voxels.std() > 0


@pytest.mark.parametrize("artefact", list(DEFECTS))
def test_every_artefact_changes_the_image_and_keeps_the_truth_in_its_place(
    patient: SyntheticPatient, clean: SimulatedImage, artefact: str
) -> None:
    study = simulate_study(patient, "ct_arterial", "1.2", spacing_mm=5.0, artefact=artefact)
    assert study.image.shape == study.truth.shape
    assert np.array_equal(study.image.patient_from_index, study.truth.patient_from_index)
    if study.image.shape == clean.image.shape:
        assert not np.array_equal(study.image.voxels, clean.image.voxels)
        assert np.array_equal(study.truth.labels, clean.truth.labels)
    middle = np.argwhere(study.truth.mask("lv")).mean(axis=0)
    where = study.truth.patient_from_index[:3, :3] @ middle + study.truth.patient_from_index[:3, 3]
    expected = np.argwhere(clean.truth.mask("lv")).mean(axis=0)
    there = clean.truth.patient_from_index[:3, :3] @ expected + clean.truth.patient_from_index[:3, 3]
    assert np.linalg.norm(where - there) < 2.5


def test_thick_slices_are_means_of_thin_ones_at_their_middle(patient: SyntheticPatient) -> None:
    study = simulate_study(patient, "mr_bssfp", "1.2", spacing_mm=2.5, size_mm=120.0, artefact="thick")
    assert study.image.spacing_mm == pytest.approx((7.5, 2.5, 2.5))


def test_a_truncated_view_lacks_the_top_and_the_patients_right(
    patient: SyntheticPatient, clean: SimulatedImage
) -> None:
    study = simulate_study(patient, "ct_arterial", "1.2", spacing_mm=5.0, artefact="truncated")
    assert study.image.shape[0] == round(0.8 * clean.image.shape[0])
    assert study.image.patient_from_index[0, 3] > clean.image.patient_from_index[0, 3]
    low = study.image.patient_from_index[:3, 3]
    assert low[1:] == pytest.approx(clean.image.patient_from_index[1:3, 3])


def test_the_same_seeds_give_the_same_study_and_another_contrast_another(patient: SyntheticPatient) -> None:
    first, again, other = (
        simulate_study(patient, "any", "1.2", spacing_mm=8.0, contrast_seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.image.voxels, again.image.voxels)
    assert not np.array_equal(first.image.voxels, other.image.voxels)


def test_an_unknown_modality_or_artefact_is_refused(patient: SyntheticPatient) -> None:
    with pytest.raises(PlannerError, match="modality"):
        simulate_study(patient, "pet", "1.2")
    with pytest.raises(PlannerError, match="artefact"):
        simulate_study(patient, "mr_t1", "1.2", artefact="ghosts")

"""A network that answered with a synthetic patient's truth would give that patient's heart; no weights are needed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.anatomy import HEART, LANDMARKS
from core.volume import Volume
from recon.anatomy.patient import SyntheticPatient, paint_grid, paint_with_distances, sample_patient, target_of
from recon.findings import topology_findings
from recon.inference import RegionLogits, region_of
from recon.labelling import labels_on
from recon.landmarks import told_landmarks
from recon.networks.landmarks import directed, patient_from_half
from recon.networks.output import NetworkOutput
from recon.sampling import patient_grid
from recon.scores import refined, scored, without_islands

pytestmark = pytest.mark.slow

N, SPACING_MM, SEED = 48, 4.0, 2_000_600
KEYS = tuple(kind.key for kind in LANDMARKS)


@pytest.fixture(scope="module")
def patient() -> SyntheticPatient:
    return sample_patient(SEED)


@pytest.fixture(scope="module")
def grid(patient: SyntheticPatient) -> np.ndarray:
    return patient_grid(patient.landmarks()["region_centre"], N, SPACING_MM)


@pytest.fixture(scope="module")
def region(patient: SyntheticPatient, grid: np.ndarray) -> RegionLogits:
    """The truth in the form of a network's output, through the door that a network's output takes."""
    _, distances = paint_with_distances(patient, grid, (N, N, N))
    logits = torch.cat([distances.amin(dim=0, keepdim=True), -distances])
    output = NetworkOutput(logits[None], distances[None], *_maps(patient, grid))
    return region_of(output, torch.ones(N, N, N), grid, KEYS)


@pytest.fixture(scope="module")
def stack(patient: SyntheticPatient) -> Volume:
    affine = patient_grid(patient.landmarks()["region_centre"], 60, 3.0)
    return Volume(np.zeros((60, 60, 60), dtype=np.int16), affine, "1.2.3")


def _maps(patient: SyntheticPatient, grid: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Gaussian heat and constant directions on the half grid."""
    half = N // 2
    index = np.indices((half, half, half)).reshape(3, -1).T
    affine = patient_from_half(grid)
    points = index @ affine[:3, :3].T + affine[:3, 3]
    at, ways = patient.landmarks(), patient.directions()
    width_mm = 2.0 * SPACING_MM
    heat = [-0.5 * (((points - at[key]) / width_mm) ** 2).sum(axis=1) for key in KEYS]
    directions = np.concatenate([ways[KEYS[i]] for i in directed(KEYS)])
    return (
        torch.from_numpy(np.array(heat, dtype=np.float32)).reshape(1, len(KEYS), half, half, half),
        torch.from_numpy(directions.astype(np.float32))
        .reshape(1, -1, 1, 1, 1)
        .expand(-1, -1, half, half, half),
    )


def test_labels_on_a_stack_are_the_painted_truth(
    region: RegionLogits, patient: SyntheticPatient, stack: Volume
) -> None:
    labels = labels_on(refined(without_islands(scored(region))), stack).labels
    truth = target_of(paint_grid(patient, stack.patient_from_index, stack.shape)).numpy()
    for kind in HEART:
        found, true = labels == kind.value, truth == kind.value
        assert 2.0 * (found & true).sum() / (found.sum() + true.sum()) > 0.93, kind.key
        assert found.sum() == pytest.approx(true.sum(), rel=0.06), kind.key


def test_landmarks_that_are_told_lie_where_the_patient_has_them(
    region: RegionLogits, patient: SyntheticPatient, grid: np.ndarray
) -> None:
    told = told_landmarks(region.landmarks, _labels(region), np.ones((N, N, N), dtype=bool), grid)
    at, ways = patient.landmarks(), patient.directions()
    assert {"mitral_valve", "aortic_valve", "tricuspid_valve", "pulmonary_valve"} <= set(told.positions)
    for key, place in told.positions.items():
        assert np.linalg.norm(place - at[key]) < 1.0, key
    for key, way in told.directions.items():
        assert np.dot(way, ways[key]) > 0.999, key


def test_a_heart_painted_whole_has_nothing_torn_bare_or_apart(region: RegionLogits) -> None:
    codes = {finding.code for finding in topology_findings(_labels(region), SPACING_MM)}
    assert not codes & {"pieces", "hollow", "wall-open", "not-connected"}


def _labels(region: RegionLogits) -> np.ndarray:
    return scored(region).scores.argmax(dim=0).numpy().astype(np.uint8)

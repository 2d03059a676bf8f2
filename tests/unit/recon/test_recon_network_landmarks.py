"""Landmarks read from heat: at the right place of the patient, with an honest spread and the right direction."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.anatomy import LANDMARKS
from recon.anatomy.patient import sample_patient
from recon.networks.landmarks import ALL_LANDMARKS, LEAST_SD, decode_landmarks, directed, patient_from_half
from recon.networks.output import NetworkOutput
from recon.registry import find_task
from recon.sampling import patient_grid
from recon.train.losses import gaussians
from recon.train.samples import paint_sample, truth_of
from recon.train.truth import Truth

N = 32
KEYS = ("mitral_valve", "lv_apex")


def _output(heat: torch.Tensor, directions: torch.Tensor | None = None) -> NetworkOutput:
    return NetworkOutput(torch.zeros(1, 2, N, N, N), None, heat, directions)


def _heat(places: torch.Tensor, n: int = N // 2) -> torch.Tensor:
    return torch.einsum("bkz,bky,bkx->bkzyx", *gaussians(places, (n, n, n)))


def test_a_place_between_voxels_is_found_to_a_tenth_of_a_voxel() -> None:
    affine = patient_grid(np.array((10.0, -20.0, 30.0)), N, 2.0)
    half = patient_from_half(affine)
    rng = np.random.default_rng(0)
    for _ in range(20):
        place = rng.uniform(3.0, 12.0, (2, 3))
        heat = _heat(torch.as_tensor(place[None], dtype=torch.float32))
        found = decode_landmarks(_output((heat + 1e-12).log()), affine, KEYS)
        for key, where in zip(KEYS, place, strict=True):
            true_mm = half[:3, :3] @ where + half[:3, 3]
            assert np.linalg.norm(found[key].position_mm - true_mm) < 0.1 * 4.0
            assert found[key].sd_mm == pytest.approx(LEAST_SD * 4.0, rel=0.05)


def test_a_voxel_of_the_half_grid_lies_in_the_middle_of_the_eight_it_covers() -> None:
    affine = patient_grid(np.array((1.0, 2.0, 3.0)), N, 3.0)
    eight = np.stack(np.meshgrid((6, 7), (10, 11), (0, 1), indexing="ij"), axis=-1).reshape(-1, 3)
    middle_mm = (eight @ affine[:3, :3].T + affine[:3, 3]).mean(axis=0)
    half = patient_from_half(affine)
    assert half[:3, :3] @ (3, 5, 0) + half[:3, 3] == pytest.approx(middle_mm)


def test_heat_at_two_places_or_everywhere_says_that_it_does_not_know() -> None:
    affine = patient_grid(np.zeros(3), N, 2.0)
    two = _heat(torch.tensor([[[4.0, 4.0, 4.0], [4.0, 4.0, 4.0]]]))
    two = 0.6 * two + 0.4 * _heat(torch.tensor([[[4.0, 4.0, 12.0], [4.0, 4.0, 12.0]]]))
    half = patient_from_half(affine)
    found = decode_landmarks(_output((two + 1e-12).log()), affine, KEYS)["lv_apex"]
    # It stays at the stronger place; the other one, 8 voxels of 4 mm away with 0.4 of the heat, is in the spread.
    assert found.position_mm == pytest.approx(half[:3, :3] @ (4, 4, 4) + half[:3, 3], abs=0.4)
    assert found.sd_mm == pytest.approx(np.sqrt(0.4) * 8 * 4.0, rel=0.03)
    nowhere = decode_landmarks(_output(torch.zeros(1, 2, 16, 16, 16)), affine, KEYS)["lv_apex"]
    assert nowhere.sd_mm > 30.0


def test_a_direction_is_the_one_found_where_the_landmark_lies() -> None:
    affine = patient_grid(np.zeros(3), N, 2.0)
    heat = _heat(torch.tensor([[[4.0, 4.0, 4.0], [10.0, 10.0, 10.0]]]))
    field = torch.zeros(1, 3, 16, 16, 16)
    field[:, 0] = -2.0
    field[:, :, 1:8, 1:8, 1:8] = torch.tensor((0.0, 3.0, 4.0)).reshape(1, 3, 1, 1, 1)
    found = decode_landmarks(_output((heat + 1e-12).log(), field), affine, KEYS)
    direction = found["mitral_valve"].direction
    assert direction is not None
    assert direction == pytest.approx((0.0, 0.6, 0.8), abs=1e-6)
    assert found["lv_apex"].direction is None


def test_a_network_without_heat_finds_no_landmarks() -> None:
    assert decode_landmarks(NetworkOutput(torch.zeros(1, 2, 4, 4, 4)), np.eye(4)) == {}


def test_directed_landmarks_are_those_that_the_anatomy_names() -> None:
    assert [ALL_LANDMARKS[i] for i in directed(ALL_LANDMARKS)] == [k.key for k in LANDMARKS if k.has_direction]
    assert directed(("lv_apex", "aortic_valve")) == (1,)


def _perfect(truth: Truth) -> NetworkOutput:
    """What a network without error would say."""
    n = truth.classes.shape[-1] // 2
    which = list(directed(ALL_LANDMARKS))
    vectors = truth.directions[:, which].reshape(1, -1, 1, 1, 1).expand(-1, -1, n, n, n)
    return _output((_heat(truth.places, n) + 1e-12).log(), vectors)


def test_the_truth_of_a_painted_patient_decodes_to_that_patients_landmarks_and_valve_normals() -> None:
    from dataclasses import replace

    spec = replace(find_task("heart").region, n=48, spacing_mm=4.0, negatives=0.0, has_distances=False)
    painted = paint_sample(spec, 11, "cpu")
    truth = truth_of(spec, painted, torch.ones(48, 48, 48))
    found = decode_landmarks(_perfect(truth), painted.patient_from_index, spec.landmarks)
    patient = sample_patient(11)
    at, towards = patient.landmarks(), patient.directions()
    assert truth.visible.sum() == len(LANDMARKS)
    for key, mark in found.items():
        assert np.linalg.norm(mark.position_mm - at[key]) < 0.8, key
        if mark.direction is not None:
            assert mark.direction == pytest.approx(towards[key], abs=1e-4), key
    # Left and right: the tricuspid valve lies to the patient's right of the mitral valve, LPS x grows leftwards.
    assert found["tricuspid_valve"].position_mm[0] < found["mitral_valve"].position_mm[0] - 10.0

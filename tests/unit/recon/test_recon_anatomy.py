"""Synthetic patients: reproducible, credible, and exact at any resolution."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.anatomy import HEART
from recon.anatomy.patient import grid_points, paint, paint_grid, sample_patient, target_of, truth_label_map
from recon.anatomy.shapes import egg, half_space, spline, tube
from recon.anatomy.tissues import VALUE
from recon.sampling import patient_grid


def _truth_ml(seed: int, n: int = 56, spacing_mm: float = 4.0) -> dict[str, float]:
    patient = sample_patient(seed)
    grid = patient_grid(patient.landmarks()["region_centre"], n, spacing_mm)
    return truth_label_map(paint_grid(patient, grid, (n, n, n)), grid, "1.2").volumes_ml()


def test_tube_distance_is_exact_beside_a_straight_tube() -> None:
    line = np.array([(0.0, 0.0, 0.0), (0.0, 0.0, 50.0)])
    points = torch.tensor([(8.0, 0.0, 20.0), (0.0, 3.0, 10.0), (0.0, 0.0, 57.0)])
    assert tube(points, line, np.array([5.0, 5.0])).numpy() == pytest.approx([3.0, -2.0, 2.0], abs=1e-5)


def test_a_point_far_from_a_tube_is_never_said_to_be_nearer_than_it_is_inside() -> None:
    line = np.array([(0.0, 0.0, 0.0), (30.0, 0.0, 0.0)])
    points = torch.from_numpy(np.random.default_rng(0).uniform(-80, 80, (500, 3)).astype(np.float32))
    along = np.clip(points.numpy()[:, 0], 0, 30)
    exact = np.linalg.norm(points.numpy() - np.stack([along, 0 * along, 0 * along], axis=1), axis=1) - 6.0
    found = tube(points, line, np.array([6.0, 6.0])).numpy()
    assert (found <= exact + 1e-3).all()
    assert (np.sign(found) == np.sign(exact)).all()


def test_an_egg_of_equal_radii_is_a_sphere() -> None:
    points = torch.tensor([(13.0, 0.0, 0.0), (0.0, 7.0, 0.0)])
    distance = egg(points, np.zeros(3), np.eye(3), np.full(3, 10.0), np.full(3, 10.0))
    assert distance.numpy() == pytest.approx([3.0, -3.0], abs=1e-4)


def test_half_space_is_positive_where_its_normal_points() -> None:
    assert half_space(
        torch.tensor([(0.0, 0.0, 4.0)]), np.zeros(3), np.array((0, 0, 2.0))
    ).item() == pytest.approx(4)


def test_a_spline_passes_through_its_knots() -> None:
    knots = np.array([(0, 0, 0), (10, 5, 0), (20, 0, 5), (30, 0, 0)], dtype=float)
    assert spline(knots, 10)[[0, 3, 6, 9]] == pytest.approx(knots)


def test_the_same_seed_is_the_same_patient_and_another_seed_another() -> None:
    assert _truth_ml(5) == _truth_ml(5)
    assert _truth_ml(5) != _truth_ml(6)


def test_every_structure_is_present_and_within_adult_ranges() -> None:
    # Ranges span end-systole to dilated hearts (Kawel-Boehm et al., JCMR 2020; Nkomo et al., vessels), widened.
    ranges_ml = {
        "lv": (30, 420),
        "lv_myocardium": (55, 480),
        "rv": (50, 430),
        "la": (20, 220),
        "ra": (25, 280),
        "aorta": (60, 420),
        "pulmonary_artery": (15, 140),
    }
    volumes = [_truth_ml(seed) for seed in range(4000, 4012)]
    for key, (low, high) in ranges_ml.items():
        values = [v[key] for v in volumes]
        assert low < min(values), key
        assert max(values) < high, key


def test_truth_does_not_depend_on_the_grid_it_is_painted_on() -> None:
    coarse, fine = _truth_ml(11, 64, 3.0), _truth_ml(11, 96, 2.0)
    for key in ("lv", "lv_myocardium", "rv", "la", "ra"):
        assert coarse[key] == pytest.approx(fine[key], rel=0.03)


def test_the_heart_lies_in_the_patient_as_hearts_do() -> None:
    patient = sample_patient(21)
    centre = patient.landmarks()["region_centre"]
    grid = patient_grid(centre, 64, 3.2)
    labels = truth_label_map(paint_grid(patient, grid, (64, 64, 64)), grid, "")
    middle = {k.key: labels.patient_from_indices(np.argwhere(labels.mask(k.key))).mean(axis=0) for k in HEART}
    assert middle["lv"][0] > middle["ra"][0]  # the left ventricle lies to the patient's left
    assert middle["la"][1] > middle["rv"][1]  # the left atrium lies behind
    assert middle["aorta"][2] > middle["lv"][2]  # the aorta lies above
    apex = patient.landmarks()["lv_apex"]
    mitral = patient.landmarks()["mitral_valve"]
    assert apex[0] > mitral[0]
    assert apex[1] < mitral[1]
    assert apex[2] < mitral[2]


def test_the_cavity_is_wrapped_in_myocardium_away_from_the_valves() -> None:
    patient = sample_patient(31)
    at = patient.landmarks()
    toward_apex = np.linspace(at["mitral_valve"], at["lv_apex"], 5)[3]
    along = at["lv_apex"] - at["mitral_valve"]
    along = along / np.linalg.norm(along)
    across = np.cross(along, (0.0, 0.0, 1.0))
    across = across / np.linalg.norm(across)
    ray = toward_apex + across * np.arange(0.0, 60.0, 0.5)[:, None]
    values = paint(patient, torch.from_numpy(ray.astype(np.float32))).numpy()
    inside = np.isin(values, [VALUE["lv"], VALUE["papillary"], VALUE["lv_trabeculae"]])
    last = int(np.nonzero(inside)[0].max())
    assert values[last + 1] == VALUE["lv_myocardium"]


def test_papillary_muscles_count_as_blood_pool() -> None:
    tissues = torch.tensor(
        [VALUE["papillary"], VALUE["lv"], VALUE["rv_wall"], VALUE["lung"]], dtype=torch.uint8
    )
    assert target_of(tissues).tolist() == [1, 1, 0, 0]


def test_landmarks_are_where_the_paint_changes() -> None:
    """At the mitral valve's centre the atrium is on one side and the ventricle on the other."""
    patient = sample_patient(41)
    at = patient.landmarks()
    along = at["lv_apex"] - at["mitral_valve"]
    along = along / np.linalg.norm(along)
    points = at["mitral_valve"] + along * np.array([[-9.0], [9.0]])
    values = paint(patient, torch.from_numpy(points.astype(np.float32))).tolist()
    assert values[0] == VALUE["la"]
    assert values[1] in (VALUE["lv"], VALUE["papillary"])


def test_grid_points_follow_the_affine() -> None:
    affine = patient_grid(np.array((10.0, -5.0, 7.0)), 3, 2.0)
    points = grid_points(affine, (3, 3, 3)).numpy().reshape(3, 3, 3, 3)
    assert points[1, 1, 1] == pytest.approx((10.0, -5.0, 7.0))
    assert points[2, 1, 1] - points[1, 1, 1] == pytest.approx((0.0, 0.0, 2.0))
    assert points[1, 1, 2] - points[1, 1, 1] == pytest.approx((2.0, 0.0, 0.0))

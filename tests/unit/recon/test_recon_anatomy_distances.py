"""The generator's signed distances: exact for balls, true to an independent distance transform for whole patients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.anatomy import HEART, HEART_BY_KEY
from recon.anatomy.layers import TRUNCATION_MM, Layer, millimetres, paint_layers_with_fields
from recon.anatomy.patient import grid_points, paint_grid, paint_with_distances, sample_patient, target_of
from recon.anatomy.tissues import VALUE
from recon.sampling import patient_grid

LV, RV = HEART_BY_KEY["lv"].value - 1, HEART_BY_KEY["rv"].value - 1


def _ball(points: torch.Tensor, centre: tuple[float, float, float], radius_mm: float) -> torch.Tensor:
    return (points - torch.tensor(centre)).norm(dim=1) - radius_mm


def _painted_balls(
    n: int, spacing_mm: float, stretch: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    grid = patient_grid(np.zeros(3), n, spacing_mm)
    points = grid_points(grid, (n, n, n))
    layers = [
        Layer("lv", stretch * _ball(points, (0.0, 0.0, 0.0), 12.0)),
        Layer("rv", stretch * _ball(points, (16.0, 0.0, 0.0), 10.0)),
        Layer("lung", stretch * _ball(points, (0.0, 0.0, 14.0), 6.0)),
    ]
    tissues, fields = paint_layers_with_fields(layers, points)
    return tissues.reshape(n, n, n), millimetres(fields.reshape(-1, n, n, n), grid), grid


@pytest.mark.parametrize("stretch", [1.0, 0.7, 1.5])
def test_distance_of_a_ball_is_analytic_whatever_the_layers_are_stretched_by(stretch: float) -> None:
    n, spacing = 41, 1.5
    _, distances, grid = _painted_balls(n, spacing, stretch)
    points = grid_points(grid, (n, n, n))
    # Far from the two other balls nothing but the first decides.
    alone = ((points[:, 0] < -2.0) & (points[:, 2] < 2.0)).reshape(n, n, n)
    expected = _ball(points, (0.0, 0.0, 0.0), 12.0).reshape(n, n, n)
    error = (distances[LV] - expected).abs()
    assert error[alone & (expected.abs() < 1.5)].max() < 0.05
    assert error[alone & (expected.abs() < 6.0)].max() < 0.3


def test_a_later_layer_cuts_the_earlier_ones_and_signs_follow_the_paint() -> None:
    tissues, distances, _ = _painted_balls(48, 1.3)
    assert ((tissues == VALUE["lv"]) == (distances[LV] < 0)).all()
    assert ((tissues == VALUE["rv"]) == (distances[RV] < 0)).all()
    assert (distances[2:][:, tissues == VALUE["lung"]] > 0).all()
    assert distances.abs().max() <= TRUNCATION_MM


def test_what_was_never_painted_is_far_everywhere() -> None:
    _, distances, _ = _painted_balls(20, 2.5)
    assert (distances[HEART_BY_KEY["aorta"].value - 1] == TRUNCATION_MM).all()


def test_a_sheared_grid_is_refused() -> None:
    sheared = np.eye(4)
    sheared[0, 1] = 0.4
    with pytest.raises(ValueError, match="right angles"):
        millimetres(torch.zeros(7, 3, 3, 3), sheared)


def test_distances_of_a_patient_agree_in_sign_with_its_paint_on_any_grid() -> None:
    patient = sample_patient(61)
    n = 40
    grid = patient_grid(patient.landmarks()["region_centre"], n, 4.5)
    tissues, distances = paint_with_distances(patient, grid, (n, n, n))
    assert torch.equal(tissues, paint_grid(patient, grid, (n, n, n)))
    structures = target_of(tissues)
    for kind in HEART:
        assert torch.equal(structures == kind.value, distances[kind.value - 1] < 0), kind.key


def test_distances_of_a_patient_agree_with_a_distance_transform_of_fine_paint() -> None:
    """A block around the mitral valve, painted at 0.6 mm; the transform knows the border to half a voxel."""
    patient = sample_patient(62)
    at = patient.landmarks()
    n, spacing = 72, 0.6
    grid = patient_grid(0.85 * at["mitral_valve"] + 0.15 * at["lv_apex"], n, spacing)
    tissues, distances = paint_with_distances(patient, grid, (n, n, n))
    structures = target_of(tissues).numpy()
    inner = (slice(10, -10),) * 3
    for key in ("lv", "lv_myocardium", "la"):
        mask = structures == HEART_BY_KEY[key].value
        outside, inside = ndimage.distance_transform_edt(~mask), ndimage.distance_transform_edt(mask)
        transform = np.where(mask, 0.5 - inside, outside - 0.5) * spacing
        found = distances[HEART_BY_KEY[key].value - 1].numpy()
        near = np.abs(transform[inner]) < 2.5
        error = np.abs(found[inner] - transform[inner])[near]
        assert error.mean() < 0.35, key
        assert np.percentile(error, 95) < 1.0, key

"""What a round resection takes from a ball's shell: cylinder and balls, exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import PlannerError
from core.volume import LabelMap
from recon.measures.resection import planned_resection
from recon.measures.thickness import wall_of
from tests.support.shells import ball, shell

OUTER_MM, INNER_MM, HOLE_MM = 25.0, 15.0, 8.0
GRID_MM = 0.5


def labels_of_shell() -> LabelMap:
    n = round(2 * OUTER_MM / GRID_MM) + 5
    matrix = np.diag([GRID_MM, GRID_MM, GRID_MM, 1.0])
    matrix[:3, 3] = -GRID_MM * (n - 1) / 2.0
    found = LabelMap(
        np.zeros((n, n, n), dtype=np.uint8), matrix, {0: "background", 1: "lv", 2: "lv_myocardium"}
    )
    axis = (np.arange(n) - (n - 1) / 2.0) * GRID_MM
    away = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    return replace(found, labels=np.where(away < INNER_MM, 1, np.where(away < OUTER_MM, 2, 0)).astype(np.uint8))


def circle(radius_mm: float = HOLE_MM) -> np.ndarray:
    """On the inner side, around one axis."""
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    height = np.sqrt(INNER_MM**2 - radius_mm**2)
    return np.stack([radius_mm * np.cos(turn), radius_mm * np.sin(turn), np.full(16, height)], axis=1)


def in_cylinder_ml(radius_mm: float) -> float:
    """One half of a ball inside a cylinder through its middle."""
    return 2.0 / 3.0 * np.pi * (radius_mm**3 - (radius_mm**2 - HOLE_MM**2) ** 1.5) / 1000.0


@pytest.fixture(scope="module")
def case():
    cavity = ball(INNER_MM)
    return labels_of_shell(), wall_of(shell(ball(OUTER_MM), cavity), [cavity]), cavity


def test_on_coarse_voxels_the_volume_is_as_exact_as_the_surfaces_are(case) -> None:
    """Voxels of 2 mm count up to a fifth too much or too little; the muscle between the surfaces does not."""
    fine, wall, cavity = case
    matrix = fine.patient_from_index.copy()
    matrix[:3, :3] *= 4.0
    coarse = replace(fine, labels=fine.labels[::4, ::4, ::4].copy(), patient_from_index=matrix)
    for depth_mm in (2.5, 4.0):
        exact_ml = in_cylinder_ml(INNER_MM + depth_mm) - in_cylinder_ml(INNER_MM)
        found = planned_resection(coarse, 2, wall, cavity, circle(), depth_mm)
        assert found.volume_ml == pytest.approx(exact_ml, rel=0.015)
        assert found.voxels_ml == pytest.approx(len(found.flat) * 0.008)


@pytest.mark.parametrize("depth_mm", [3.0, 6.0])
def test_a_round_resection_takes_what_geometry_says_and_leaves_the_rest_of_the_wall(case, depth_mm) -> None:
    labels, wall, cavity = case
    found = planned_resection(labels, 2, wall, cavity, circle(), depth_mm)
    exact_ml = in_cylinder_ml(INNER_MM + depth_mm) - in_cylinder_ml(INNER_MM)
    assert found.volume_ml == pytest.approx(exact_ml, rel=0.015)
    assert found.wall_left_mm == pytest.approx(OUTER_MM - INNER_MM - depth_mm, abs=0.1)
    assert np.linalg.norm(found.thinnest_mm) == pytest.approx(OUTER_MM, abs=0.1)
    assert found.known_share == 1.0
    places = labels.patient_from_indices(np.stack(np.unravel_index(found.flat, labels.shape), axis=1))
    assert (places[:, 2] > 0).all(), "the wall on the other side is another wall"


def test_deeper_than_the_wall_leaves_less_than_nothing(case) -> None:
    labels, wall, cavity = case
    assert planned_resection(labels, 2, wall, cavity, circle(), 12.0).wall_left_mm == pytest.approx(
        -2.0, abs=0.1
    )


def test_an_outline_beside_the_wall_or_without_area_takes_nothing(case) -> None:
    labels, wall, cavity = case
    with pytest.raises(PlannerError, match="no muscle"):
        planned_resection(labels, 2, wall, cavity, circle() + [0, 0, 200.0], 5.0)
    with pytest.raises(PlannerError, match="resected"):
        planned_resection(labels, 2, wall, cavity, np.linspace([0, 0, 0], [9, 0, 0], 8), 5.0)

"""Ways along surfaces and gaps between them against spheres, boxes and tilted bars."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from recon.measures.gaps import smallest_gap
from recon.measures.paths import surface_path
from tests.support.shells import ball


def length(path: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def box(extents: tuple[float, float, float], matrix: np.ndarray | None = None) -> SurfaceMesh:
    found = trimesh.creation.box(extents=extents, transform=matrix)
    return SurfaceMesh(found.vertices, found.faces)


@pytest.mark.parametrize("degrees", [20.0, 75.0, 140.0])
def test_on_a_ball_the_way_is_the_arc_of_a_great_circle(degrees: float) -> None:
    turn, tilt = np.radians(degrees), np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]])
    start, end = 30.0 * tilt @ [1, 0, 0], 30.0 * tilt @ [np.cos(turn), np.sin(turn), 0]
    path = surface_path(ball(30.0), start, end)
    assert length(path) == pytest.approx(30.0 * turn, rel=5e-4)
    np.testing.assert_allclose(path[[0, -1]], [start, end], atol=0.05)


def test_over_the_edge_of_a_box_the_way_is_straight_on_the_unfolded_box() -> None:
    """From the middle of the top, 10 from the edge, to the side, 5 below it, 6 to the left."""
    path = surface_path(box((20.0, 40.0, 20.0)), np.array([0.0, 0.0, 10.0]), np.array([10.0, 6.0, 5.0]))
    assert length(path) == pytest.approx(np.hypot(10.0 + 5.0, 6.0), abs=1e-6)


def test_two_parts_and_one_place_have_no_way() -> None:
    one, other = ball(10.0), ball(10.0, (50.0, 0.0, 0.0))
    both = SurfaceMesh(
        np.concatenate([one.vertices, other.vertices]),
        np.concatenate([one.faces, other.faces + len(one.vertices)]),
    )
    with pytest.raises(PlannerError):
        surface_path(both, np.array([10.0, 0, 0]), np.array([60.0, 0, 0]))
    with pytest.raises(PlannerError, match="one place"):
        surface_path(one, np.array([10.0, 0, 0]), np.array([10.0, 0, 0]))


def test_the_gap_of_two_balls_lies_between_their_middles() -> None:
    away_mm, start, end = smallest_gap(ball(20.0), ball(15.0, (50.0, 0.0, 0.0)))
    assert away_mm == pytest.approx(15.0, abs=0.1)
    np.testing.assert_allclose([start, end], [[20.0, 0, 0], [35.0, 0, 0]], atol=0.9)
    assert np.linalg.norm(start - end) == pytest.approx(away_mm)


def test_crossed_edges_are_nearer_than_any_corner_is() -> None:
    """Two roofs, ridge over ridge at a right angle: the nearest places are in the middle of both ridges."""
    ridge = trimesh.transformations.rotation_matrix(np.radians(45.0), [1, 0, 0])
    lower = box((60.0, 10.0, 10.0), ridge)
    lifted = trimesh.transformations.translation_matrix([0, 0, 10.0 * np.sqrt(2.0) + 3.0])
    turned = trimesh.transformations.rotation_matrix(np.radians(90.0), [0, 0, 1])
    upper = box((60.0, 10.0, 10.0), lifted @ turned @ ridge)
    away_mm, start, end = smallest_gap(lower, upper)
    assert away_mm == pytest.approx(3.0, abs=1e-6)
    np.testing.assert_allclose(end - start, [0, 0, 3.0], atol=1e-6)


@pytest.mark.parametrize("across_deg", [90.0, 35.0])
def test_bars_that_cross_without_a_corner_in_each_other_have_no_gap(across_deg: float) -> None:
    turned = trimesh.transformations.rotation_matrix(np.radians(across_deg), [0, 0, 1])
    lifted = trimesh.transformations.translation_matrix([0, 0, 1.0])
    bar, other = box((80.0, 6.0, 6.0)), box((80.0, 6.0, 6.0), lifted @ turned)
    for one, two in ((bar, other), (other, bar)):
        away_mm, start, end = smallest_gap(one, two)
        assert away_mm == 0.0
        np.testing.assert_array_equal(start, end)
        assert np.abs(start).max() <= 40.0
    beside = box((80.0, 6.0, 6.0), trimesh.transformations.translation_matrix([0, 0, 6.5]) @ turned)
    assert smallest_gap(bar, beside)[0] == pytest.approx(0.5, abs=1e-6), "a near miss is no crossing"


def test_an_open_sheet_through_a_bar_has_no_gap() -> None:
    corners = np.array([[0.0, -50, -50], [0, 50, -50], [0, 50, 50], [0, -50, 50]])
    sheet = SurfaceMesh(corners, np.array([[0, 1, 2], [0, 2, 3]]))
    assert smallest_gap(box((80.0, 6.0, 6.0)), sheet)[0] == 0.0


def test_what_touches_or_enters_has_no_gap() -> None:
    assert (
        smallest_gap(
            box((10, 10, 10)), box((10, 10, 10), trimesh.transformations.translation_matrix([10, 0, 0]))
        )[0]
        == 0.0
    )
    assert smallest_gap(ball(20.0), ball(5.0))[0] == 0.0
    assert smallest_gap(ball(20.0), ball(20.0, (30.0, 0, 0)))[0] == 0.0

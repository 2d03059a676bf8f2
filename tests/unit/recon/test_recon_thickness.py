"""Thickness of shells whose thickness is known: balls, an eccentric one, one that ends in a rim."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from recon.measures.nearest import nearest_on
from recon.measures.thickness import wall_of
from tests.support.shells import ball, shell

OUTER_MM, INNER_MM = 35.0, 25.0


def test_a_ball_in_a_ball_is_as_thick_everywhere_as_their_radii_differ() -> None:
    cavity = ball(INNER_MM)
    wall = wall_of(shell(ball(OUTER_MM), cavity), [cavity])
    assert np.abs(wall.thickness_mm - (OUTER_MM - INNER_MM)).max() < 0.1
    assert wall.is_outer.sum() == wall.is_inner.sum() == len(cavity.vertices)


def test_a_ball_off_the_middle_is_thin_where_it_is_near() -> None:
    """From a point outside a ball the shortest way is the distance to its middle less its radius."""
    offset = 4.0
    cavity = ball(INNER_MM, (offset, 0.0, 0.0))
    wall = wall_of(shell(ball(OUTER_MM), cavity), [cavity])
    outer = wall.mesh.vertices[wall.is_outer]
    exact = np.linalg.norm(outer - [offset, 0.0, 0.0], axis=1) - INNER_MM
    assert np.abs(wall.thickness_mm[wall.is_outer] - exact).max() < 0.1
    least_mm, place, across = wall.thinnest()
    assert least_mm == pytest.approx(OUTER_MM - INNER_MM - offset, abs=0.1)
    np.testing.assert_allclose(place, [OUTER_MM, 0, 0], atol=1.5)
    assert np.linalg.norm(place - across) == pytest.approx(least_mm)


def test_a_wall_that_ends_tells_its_thickness_up_to_its_rim_and_nothing_there() -> None:
    """A cup: a tube of two radii, closed by two flat rings, around a cavity that is a cylinder."""
    cup = trimesh.creation.annulus(r_min=INNER_MM, r_max=OUTER_MM, height=60.0, sections=360)
    cup = cup.subdivide().subdivide()
    cavity = trimesh.creation.cylinder(radius=INNER_MM, height=60.0, sections=360)
    wall = wall_of(SurfaceMesh(cup.vertices, cup.faces), [SurfaceMesh(cavity.vertices, cavity.faces)])
    away = np.linalg.norm(wall.mesh.vertices[:, :2], axis=1)
    at_end = np.abs(wall.mesh.vertices[:, 2]) > 29.9
    between = (away > INNER_MM + 0.5) & (away < OUTER_MM - 0.5)
    known = np.isfinite(wall.thickness_mm)
    assert not known[at_end & between].any(), "a part of the rim is no thickness"
    # The rim takes the triangles with it that touch it: here they are 15 mm high.
    away_from_rim = np.abs(wall.mesh.vertices[:, 2]) < 14.0
    assert away_from_rim.sum() > 300
    assert np.abs(wall.thickness_mm[away_from_rim] - 10.0).max() < 0.1


def test_a_wall_that_tapers_to_an_edge_has_no_thickness_there() -> None:
    """A cup whose outer side meets the inner one in an edge: near it the way across tells the edge's sharpness."""
    heights = np.arange(-40.0, 0.5, 1.0)
    outer = INNER_MM + np.minimum(10.0, 0.2 - heights)
    profile = [(0.0, -50.0), *zip(outer, heights, strict=True), (INNER_MM, 0.0)]
    inner = [*((INNER_MM, height) for height in heights[::-1][1:]), (0.0, -40.0)]
    cup = trimesh.creation.revolve(np.array([*profile, *inner]), sections=180)
    cavity = trimesh.creation.revolve(
        np.array([(0.0, -40.0), *((INNER_MM, height) for height in heights), (0.0, 0.0)]), sections=180
    )
    wall = wall_of(SurfaceMesh(cup.vertices, cup.faces), [SurfaceMesh(cavity.vertices, cavity.faces)])
    values, z = wall.thickness_mm, wall.mesh.vertices[:, 2]
    assert not np.isfinite(values[wall.is_outer & (z > -3.0)]).any()
    assert np.nanmin(values) > 2.5
    side = wall.is_outer & (z < -20.0) & (z > -36.0)
    assert side.sum() > 500
    assert np.abs(values[side] - 10.0).max() < 0.1


def test_a_wall_thinner_than_the_sheets_may_be_apart_still_has_two_sides() -> None:
    cavity = ball(INNER_MM)
    wall = wall_of(shell(ball(INNER_MM + 0.8), cavity), [cavity])
    assert np.abs(wall.thickness_mm - 0.8).max() < 0.1
    assert wall.is_outer.sum() == len(cavity.vertices)


def test_a_wall_without_its_cavity_is_refused() -> None:
    with pytest.raises(PlannerError, match="cavity"):
        wall_of(ball(OUTER_MM), [ball(INNER_MM)])


def test_the_nearest_place_is_trimeshs_and_good_to_nanometres() -> None:
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=20.0)
    points = np.random.default_rng(3).normal(0.0, 20.0, (200, 3))
    found = nearest_on(mesh.vertices, mesh.faces, points)
    places, distances, _ = trimesh.proximity.closest_point_naive(mesh, points)
    np.testing.assert_allclose(found.distances_mm, distances, atol=1e-5)
    np.testing.assert_allclose(found.places_mm, places, atol=1e-2)
    assert found.weights.sum(axis=1) == pytest.approx(1.0)

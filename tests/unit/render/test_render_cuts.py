"""Cuts by boxes and curves: closed, on the right side, and of the volume that geometry says."""

from __future__ import annotations

import numpy as np
import pytest

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from plan.items import CutBox, CutCurve, CutPlane
from plan.plan import Plan
from render.compose import compose
from render.cuts import cut_by
from render.view import ViewState

RADIUS_MM, HOLE_MM = 30.0, 10.0
BORED_ML = 4.0 / 3.0 * np.pi * (RADIUS_MM**2 - HOLE_MM**2) ** 1.5 / 1000.0
"""What is left of a ball through whose middle a hole was bored (the napkin ring)."""


def circle(radius_mm: float, height_mm: float = 28.0) -> tuple[tuple[float, float, float], ...]:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return tuple((radius_mm * np.cos(t), radius_mm * np.sin(t), height_mm) for t in turn)


@pytest.fixture
def ball(make_ball) -> SurfaceMesh:
    found = make_ball(RADIUS_MM, subdivisions=5)
    return SurfaceMesh(found.vertices, found.faces, {"uncertainty_mm": found.vertices[:, 0]})


@pytest.mark.parametrize("towards", [1.0, -1.0])
def test_a_circle_bores_the_hole_that_geometry_says_whichever_way_it_points(ball, towards) -> None:
    left = cut_by(ball, [CutCurve("c", circle(HOLE_MM), (0, 0, towards))])
    assert left.mesh.is_closed
    assert left.mesh.volume_ml == pytest.approx(BORED_ML, rel=5e-3)


def test_inside_out_it_keeps_what_it_took_before(ball) -> None:
    taken = cut_by(ball, [CutCurve("c", circle(HOLE_MM), (0, 0, 1))]).mesh
    kept = cut_by(ball, [CutCurve("c", circle(HOLE_MM), (0, 0, 1), keeps_inside=True)]).mesh
    assert kept.is_closed
    assert kept.volume_ml + taken.volume_ml == pytest.approx(ball.volume_ml, rel=1e-9)
    assert np.abs(kept.vertices[:, :2]).max() == pytest.approx(HOLE_MM, abs=0.05)


def test_values_of_the_surface_stay_where_they_were_and_the_hole_is_a_cap(ball) -> None:
    left = cut_by(ball, [CutCurve("c", circle(HOLE_MM), (0, 0, 1))])
    body = left.mesh.faces[: len(left.mesh.faces) - left.n_cap_faces]
    np.testing.assert_allclose(
        left.mesh.fields["uncertainty_mm"][body], left.mesh.vertices[body][..., 0], atol=1e-9
    )
    assert np.linalg.norm(left.mesh.vertices[body], axis=-1).min() > RADIUS_MM - 0.1
    caps = left.mesh.vertices[left.mesh.faces[len(body) :]]
    np.testing.assert_allclose(np.linalg.norm(caps[..., :2], axis=-1), HOLE_MM, atol=0.05)


def test_a_box_leaves_what_lies_in_it_whichever_corners_were_dragged(ball) -> None:
    left = cut_by(ball, [CutBox("b", (10, -10, -10), (-5, 10, 10))]).mesh
    assert left.is_closed
    assert left.volume_ml == pytest.approx(15 * 20 * 20 / 1000.0, rel=1e-9)
    np.testing.assert_allclose(left.bounds_mm, [[-5, -10, -10], [10, 10, 10]])


def test_an_open_surface_is_not_cut_by_a_curve(ball) -> None:
    opened = SurfaceMesh(ball.vertices, ball.faces[1:])
    assert cut_by(opened, [CutCurve("c", circle(HOLE_MM), (0, 0, 1))]).mesh is opened


def test_planes_and_curves_cut_together(ball) -> None:
    half = CutPlane("p", (0, 0, 0), (0, 0, 1))
    left = cut_by(ball, [half, CutCurve("c", circle(HOLE_MM), (0, 0, 1))])
    assert left.mesh.is_closed
    assert left.mesh.volume_ml == pytest.approx(BORED_ML / 2.0, rel=5e-3)


def test_a_cut_leaves_the_structures_whole_that_it_spares(ball) -> None:
    anatomy = Anatomy({"lv": ball, "rv": SurfaceMesh(ball.vertices + 1.0, ball.faces)})
    plane = CutPlane("p", (0, 0, 0), (0, 0, 1), spared=("rv",))
    scene = compose(anatomy, Plan("", (plane,)), ViewState())
    tops = {surface.key: surface.mesh.bounds_mm[1, 2] for surface in scene.surfaces}
    assert tops["lv"] == pytest.approx(0.0, abs=1e-5)
    assert tops["rv"] == pytest.approx(RADIUS_MM + 1.0)


def test_a_hidden_box_cuts_nothing_and_is_not_drawn(ball) -> None:
    plan = Plan("", (CutBox("b", (0, 0, 0), (5, 5, 5), is_active=False),))
    scene = compose(Anatomy({"lv": ball}), plan, ViewState())
    assert scene.surfaces[0].mesh is ball
    assert scene.polylines == ()

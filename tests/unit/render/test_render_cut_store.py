"""Rough cuts beside the exact ones: the same side, whole triangles only, and no more work than is new."""

from __future__ import annotations

import numpy as np
import pytest

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from plan.items import Cut, CutBox, CutCurve, CutPlane
from plan.plan import Plan
from render.compose import compose, unmade_cuts
from render.cut_store import exact_cut, is_in_prism, known_cut, remember_cut, rough_cut
from render.cuts import cut_by
from render.cutting import CutSurface
from render.view import ViewState

RADIUS_MM = 30.0
BOX = CutBox("b", (10.0, -12.0, -14.0), (-9.0, 11.0, 40.0))
TURN = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
CURVE = CutCurve(
    "c", tuple((4.0 + 10.0 * np.cos(t), 7.0 * np.sin(t), 28.0) for t in TURN), (0.0, 0.0, 1.0), item_id="c"
)
INSIDE = CutCurve("i", CURVE.points_mm, CURVE.direction, keeps_inside=True)
PLANE = CutPlane("p", (3.0, 0.0, 0.0), (1.0, -0.1, 0.2))


@pytest.fixture
def ball(make_ball) -> SurfaceMesh:
    found = make_ball(RADIUS_MM, subdivisions=5)
    return SurfaceMesh(found.vertices, found.faces, {"uncertainty_mm": found.vertices[:, 0]})


def area_mm2(part: CutSurface) -> float:
    """Of what is left of the surface itself."""
    body = part.mesh.faces[: len(part.mesh.faces) - part.n_cap_faces]
    first, second, third = np.moveaxis(part.mesh.vertices[body], 1, 0)
    return float(np.linalg.norm(np.cross(second - first, third - first), axis=1).sum() / 2.0)


@pytest.mark.parametrize("cuts", [(BOX,), (CURVE,), (INSIDE,), (PLANE, BOX), (PLANE, CURVE, BOX)])
def test_a_rough_cut_leaves_whole_triangles_of_what_the_exact_one_leaves(ball, cuts: tuple[Cut, ...]) -> None:
    exact, rough = cut_by(ball, cuts), rough_cut(ball, cuts)
    # One row of triangles of 1.5 mm along the rim is missing, never more is shown.
    assert 0.75 * area_mm2(exact) < area_mm2(rough) < area_mm2(exact)
    assert len(rough.mesh.fields["uncertainty_mm"]) == len(rough.mesh.vertices)


def test_the_inside_of_a_curve_is_that_of_its_rim_seen_along_its_direction() -> None:
    rng = np.random.default_rng(4)
    points = rng.uniform(-20.0, 20.0, (4000, 3)) * [1.0, 1.0, 5.0]
    away = np.hypot((points[:, 0] - 4.0) / 10.0, points[:, 1] / 7.0)
    is_clear = np.abs(away - 1.0) > 0.02
    np.testing.assert_array_equal(is_in_prism(points, CURVE)[is_clear], away[is_clear] < 1.0)


def test_a_scene_may_be_rough_until_its_cuts_are_there_and_is_exact_afterwards(ball) -> None:
    anatomy, plan, view = Anatomy({"lv": ball}, "1.2.3"), Plan("1.2.3", (CURVE,)), ViewState()
    ((mesh, cuts),) = unmade_cuts(anatomy, plan, view)
    assert mesh is ball
    rough = compose(anatomy, plan, view, may_be_rough=True).surfaces[0]
    assert not rough.mesh.is_closed
    assert compose(anatomy, plan, view, may_be_rough=True).surfaces[0].mesh is rough.mesh
    remember_cut(mesh, cuts, cut_by(mesh, cuts))
    assert unmade_cuts(anatomy, plan, view) == ()
    exact = compose(anatomy, plan, view, may_be_rough=True).surfaces[0]
    assert exact.mesh.is_closed
    assert exact.mesh is compose(anatomy, plan, view).surfaces[0].mesh


def test_planes_are_never_rough_and_a_cut_that_misses_is_known_after_once(ball) -> None:
    anatomy, view = Anatomy({"lv": ball}, "1.2.3"), ViewState()
    assert unmade_cuts(anatomy, Plan("1.2.3", (PLANE,)), view) == ()
    around = CutBox("b", (-99.0, -99.0, -99.0), (99.0, 99.0, 99.0))
    assert known_cut(ball, (around,)) is None
    assert exact_cut(ball, (around,)).mesh is ball
    assert known_cut(ball, (around,)).mesh is ball

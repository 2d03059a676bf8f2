"""A scene says of anatomy, plan and view exactly what they say, and refuses what does not belong together."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from plan.items import Angle, AorticRoot, Contour, CutPlane, Distance, Landmark, PlaneAngle, Polyline
from plan.plan import Plan
from render.compose import compose
from render.scene import CameraView
from render.view import StructureView, ViewState

FRAME_UID = "1.2.826.0.1.1"
HALF = CutPlane("half", (0.0, 0.0, 0.0), (0.0, -1.0, 0.0))


def _plan(*items) -> Plan:
    return Plan(FRAME_UID, items)


def test_a_plan_of_another_patient_space_is_refused(two_balls):
    with pytest.raises(PlannerError, match="different patient spaces"):
        compose(two_balls, Plan("9.9", (HALF,)), ViewState())


def test_an_untouched_plan_joins_any_anatomy(two_balls):
    assert len(compose(two_balls, Plan(), ViewState()).surfaces) == 2


def test_structures_have_their_own_colours_until_the_view_says_otherwise(two_balls):
    view = ViewState.default(two_balls).with_structure("rv", colour=(0.1, 0.2, 0.3), opacity=0.4)
    lv, rv = compose(two_balls, _plan(), view).surfaces
    assert (lv.colour, lv.opacity) == (HEART_BY_KEY["lv"].colour, 1.0)
    assert (rv.colour, rv.opacity) == ((0.1, 0.2, 0.3), 0.4)


def test_hidden_and_fully_transparent_structures_are_absent(two_balls):
    hidden = ViewState.default(two_balls).with_structure("rv", is_visible=False)
    clear = ViewState.default(two_balls).with_structure("lv", opacity=0.0)
    assert [s.key for s in compose(two_balls, _plan(), hidden).surfaces] == ["lv"]
    assert [s.key for s in compose(two_balls, _plan(), clear).surfaces] == ["rv"]


def test_active_planes_cut_every_structure_even_when_the_planes_are_not_shown(two_balls):
    view = ViewState(show_cut_planes=False)
    scene = compose(two_balls, _plan(HALF), view)
    assert scene.planes == ()
    for surface, whole in zip(scene.surfaces, two_balls.surfaces.values(), strict=True):
        assert surface.mesh.is_closed
        assert surface.n_cap_faces > 0
        assert surface.mesh.volume_ml == pytest.approx(whole.volume_ml / 2.0, rel=1e-6)


def test_an_inactive_plane_neither_cuts_nor_shows(two_balls):
    plane = CutPlane("off", (0.0, 0.0, 0.0), (0.0, -1.0, 0.0), is_active=False)
    scene = compose(two_balls, _plan(plane), ViewState())
    assert scene.planes == ()
    assert all(s.mesh is two_balls.surfaces[s.key] for s in scene.surfaces)


def test_a_structure_that_a_plane_hides_whole_is_absent(two_balls):
    plane = CutPlane("right side off", (0.0, 0.0, 0.0), (-1.0, 0.0, 0.0))
    assert [s.key for s in compose(two_balls, _plan(plane), ViewState()).surfaces] == ["lv"]


def test_measures_carry_their_value_and_unit(two_balls):
    distance = Distance("d", (0.0, 0.0, 0.0), (0.0, 24.0, 21.77))
    angle = Angle("a", (1.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1.0, 1.0, 0.0))
    apex = Landmark("Apex", (1.0, 2.0, 3.0))
    scene = compose(two_balls, _plan(distance, angle, apex), ViewState())
    texts = {label.item_id: label.text for label in scene.labels}
    assert texts == {distance.item_id: "32.4 mm", angle.item_id: "45.0°", apex.item_id: "Apex"}
    lines = {line.item_id: line.points_mm for line in scene.polylines}
    assert lines[distance.item_id] == (distance.start_mm, distance.end_mm)
    assert lines[angle.item_id] == (angle.start_mm, angle.vertex_mm, angle.end_mm)
    assert [p.position_mm for p in scene.points if p.item_id == apex.item_id] == [apex.position_mm]


def test_an_angle_without_a_value_shows_no_number(two_balls):
    angle = Angle("a", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1.0, 1.0, 0.0))
    (label,) = compose(two_balls, _plan(angle), ViewState()).labels
    assert not any(sign.isdigit() for sign in label.text)


def test_measures_can_be_hidden(two_balls):
    plan = _plan(Distance("d", (0, 0, 0), (1, 0, 0)), Landmark("Apex", (1, 2, 3)))
    scene = compose(two_balls, plan, ViewState(show_measures=False))
    assert (scene.polylines, scene.points, scene.labels) == ((), (), ())


def test_the_same_input_composes_an_equal_scene_and_another_plane_an_unequal_one(two_balls):
    camera = CameraView((0.0, -300.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    plan = _plan(HALF)
    first = compose(two_balls, plan, ViewState(), camera)
    assert first == compose(two_balls, plan, ViewState.default(two_balls), camera)
    moved = CutPlane("half", (0.0, 1.0, 0.0), HALF.normal, item_id=HALF.item_id)
    assert first != compose(two_balls, plan.with_item(moved), ViewState(), camera)


def test_plane_frames_are_larger_than_the_anatomy_and_know_their_lock(two_balls):
    locked = CutPlane("locked", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), is_locked=True)
    widgets = compose(two_balls, _plan(HALF, locked), ViewState()).planes
    assert [w.is_locked for w in widgets] == [False, True]
    assert min(w.size_mm for w in widgets) > np.ptp(two_balls.bounds_mm, axis=0).max()


def test_an_anatomy_without_surfaces_still_shows_the_plan():
    scene = compose(Anatomy({}, FRAME_UID), _plan(HALF, Landmark("Apex", (0, 0, 0))), ViewState())
    assert len(scene.planes) == 1
    assert len(scene.points) == 1


def test_composing_does_not_keep_an_anatomy_alive(make_ball):
    anatomy = Anatomy({"lv": make_ball(10.0), "rv": make_ball(10.0, (100.0, 0.0, 0.0))}, FRAME_UID)
    meshes = [weakref.ref(mesh) for mesh in anatomy.surfaces.values()]
    compose(anatomy, _plan(CutPlane("p", (5.0, 0.0, 0.0), (-1.0, 0.0, 0.0))), ViewState())
    del anatomy
    gc.collect()
    assert [mesh() for mesh in meshes] == [None, None]


def test_an_opacity_beyond_one_is_refused():
    with pytest.raises(ValueError, match="opacity"):
        StructureView(opacity=1.2)


def _ring(radius_mm: float, n: int = 8) -> tuple[tuple[float, float, float], ...]:
    t = 2 * np.pi * np.arange(n) / n
    return tuple((radius_mm * np.cos(x), radius_mm * np.sin(x), 5.0) for x in t)


def test_a_contour_is_a_closed_smooth_line_with_its_area_and_diameter(two_balls):
    contour = Contour("c", _ring(12.0))
    scene = compose(two_balls, _plan(contour), ViewState())
    (line,) = scene.polylines
    assert line.points_mm[0] == line.points_mm[-1]
    assert np.linalg.norm(np.array(line.points_mm)[:, :2], axis=1) == pytest.approx(12.0, abs=0.05)
    assert [ball.position_mm for ball in scene.points] == list(contour.points_mm)
    assert [label.text for label in scene.labels] == ["452 mm², Ø 24.0 mm"]


def test_a_contour_without_an_area_is_drawn_without_a_number(two_balls):
    scene = compose(two_balls, _plan(Contour("c", _ring(12.0, 4))), ViewState())
    assert len(scene.polylines) == 1
    assert [label.text for label in scene.labels] == ["no area"]


def test_a_polyline_shows_its_length_and_two_planes_their_angle(two_balls):
    line = Polyline("l", ((0, 0, 0), (3, 4, 0), (3, 4, 12)))
    other = CutPlane("other", (10.0, 0.0, 0.0), (0.0, -1.0, 1.0))
    angle = PlaneAngle("a", HALF.item_id, other.item_id)
    scene = compose(two_balls, _plan(HALF, other, line, angle), ViewState())
    texts = {label.item_id: label.text for label in scene.labels}
    assert texts == {line.item_id: "17.0 mm", angle.item_id: "45.0°"}
    (drawn,) = scene.polylines
    assert drawn.points_mm == line.points_mm


def test_a_root_shows_each_point_that_is_placed_and_its_rings(two_balls):
    root = AorticRoot(
        "Root", right_hinge_mm=(0, -12, 0), left_ostium_mm=(14, 0, 12), annulus_mm=_ring(12.0)[:2]
    )
    scene = compose(two_balls, _plan(root), ViewState())
    assert {label.text for label in scene.labels} == {"R", "LCA"}
    assert len(scene.points) == 4
    (line,) = scene.polylines
    assert line.points_mm == root.annulus_mm
    assert compose(two_balls, _plan(AorticRoot("Root")), ViewState()).points == ()

"""Standard views of a heart whose landmarks lie on known axes."""

import numpy as np
import pytest

from plan.standard_views import standard_views

# Base above the apex along z, the right heart to the patient's right (-x), the front at -y.
LANDMARKS = {
    "mitral_valve": np.array([0.0, 0.0, 90.0]),
    "lv_apex": np.array([0.0, 0.0, 0.0]),
    "tricuspid_valve": np.array([-40.0, 0.0, 85.0]),
    "aortic_valve": np.array([-12.0, -16.0, 95.0]),
    "pulmonary_valve": np.array([-5.0, -40.0, 105.0]),
}
DIRECTIONS = {
    "mitral_valve": np.array([0.0, 0.0, -1.0]),
    "aortic_valve": np.array([-0.2, 0.1, 0.9]) / np.linalg.norm([-0.2, 0.1, 0.9]),
}


def _views() -> dict:
    return {view.key: view for view in standard_views(LANDMARKS, DIRECTIONS)}


def test_every_view_has_perpendicular_unit_axes():
    views = _views()
    assert set(views) == {
        "short_axis",
        "two_chamber",
        "three_chamber",
        "four_chamber",
        "outflow_tract",
        "mitral_valve_en_face",
        "aortic_valve_en_face",
    }
    for view in views.values():
        axes = np.stack([view.right, view.up, view.normal])
        assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-9), view.key
        assert np.linalg.det(axes) == pytest.approx(1.0), view.key


def test_the_short_axis_is_seen_from_the_apex_with_the_right_heart_on_the_left_and_the_front_above():
    view = _views()["short_axis"]
    assert view.normal == pytest.approx([0, 0, -1])
    assert view.right == pytest.approx([1, 0, 0])
    assert view.up == pytest.approx([0, -1, 0])
    assert view.origin_mm == pytest.approx([0, 0, 45])


def test_long_axis_views_hold_their_landmarks_and_have_the_apex_above():
    views = _views()
    for key, third in (("three_chamber", "aortic_valve"), ("four_chamber", "tricuspid_valve")):
        for landmark in ("mitral_valve", "lv_apex", third):
            away = (LANDMARKS[landmark] - views[key].origin_mm) @ views[key].normal
            assert away == pytest.approx(0.0, abs=1e-9), (key, landmark)
        assert views[key].up == pytest.approx([0, 0, -1])
    assert views["four_chamber"].right == pytest.approx([1, 0, 0])
    assert abs(views["two_chamber"].normal @ views["four_chamber"].normal) < 1e-9


def test_the_two_chamber_view_follows_the_insertions_of_the_right_ventricle_when_they_are_known():
    known = {
        **LANDMARKS,
        "anterior_rv_insertion": np.array([-20.0, -18.0, 45.0]),
        "inferior_rv_insertion": np.array([-20.0, 22.0, 45.0]),
    }
    view = {v.key: v for v in standard_views(known, {})}["two_chamber"]
    assert view.right == pytest.approx([0, -1, 0])


def test_valves_are_seen_from_where_surgeons_see_them():
    views = _views()
    assert views["mitral_valve_en_face"].normal == pytest.approx([0, 0, 1])
    assert views["mitral_valve_en_face"].up @ (LANDMARKS["aortic_valve"] - LANDMARKS["mitral_valve"]) > 0
    assert views["aortic_valve_en_face"].normal == pytest.approx(DIRECTIONS["aortic_valve"])


def test_the_outflow_tract_view_runs_with_the_blood_and_is_seen_from_the_front():
    view = _views()["outflow_tract"]
    assert view.up == pytest.approx(DIRECTIONS["aortic_valve"])
    assert view.normal[1] < 0


def test_a_view_becomes_a_cut_plane_and_missing_or_degenerate_landmarks_leave_views_out():
    plane = _views()["four_chamber"].cut_plane()
    assert plane.name == "Four-chamber view"
    assert plane.normal == pytest.approx(tuple(_views()["four_chamber"].normal))
    assert standard_views({"lv_apex": np.zeros(3)}, {}) == ()
    on_axis = {**LANDMARKS, "tricuspid_valve": np.array([0.0, 1.0, 80.0])}
    assert "four_chamber" not in {view.key for view in standard_views(on_axis, DIRECTIONS)}

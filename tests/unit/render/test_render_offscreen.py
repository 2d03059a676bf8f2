"""Equal scenes draw equal pictures; what the scene says can be seen in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plan.items import CutPlane, Distance
from plan.plan import Plan
from render.compose import compose
from render.offscreen import render_image
from render.scene import CameraView, Label, Scene, Surface
from render.view import ViewState

FRAME_UID = "1.2.826.0.1.1"
FRONT = CameraView((0.0, -260.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
HALF = CutPlane("half", (0.0, 0.0, 0.0), (0.0, -1.0, 0.0))


def _draw(scene: Scene) -> np.ndarray:
    return render_image(scene, 160, 120, FRONT, (0.0, 0.0, 0.0))


def test_equal_scenes_draw_equal_pictures_and_another_plane_another_picture(two_balls):
    distance = Distance("d", (-30.0, 0.0, 0.0), (30.0, 0.0, 0.0))
    plan = Plan(FRAME_UID, (HALF, distance))
    view = ViewState.default(two_balls).with_structure("lv", opacity=0.5)
    first, second = compose(two_balls, plan, view), compose(two_balls, plan, view)
    assert first == second
    picture = _draw(first)
    np.testing.assert_array_equal(picture, _draw(second))
    assert (picture != _draw(compose(two_balls, plan.without_item(distance.item_id), view))).any()


def test_an_empty_scene_is_background():
    picture = render_image(Scene(), 32, 24, background=(1.0, 0.0, 0.0))
    assert picture.shape == (24, 32, 3)
    assert picture.dtype == np.uint8
    assert (picture == [255, 0, 0]).all()


def test_the_cap_of_a_cut_ball_is_evenly_lit_to_its_edge_and_the_whole_ball_is_not(two_balls):
    view = ViewState(show_cut_planes=False).with_structure("lv", colour=(1.0, 1.0, 1.0))
    cut = _draw(compose(two_balls, Plan(FRAME_UID, (HALF,)), view)).astype(int)
    whole = _draw(compose(two_balls, Plan(FRAME_UID), view)).astype(int)
    column = round(79.5 + 30.0 * 60.0 / (260.0 * np.tan(np.radians(15.0))))
    rows = slice(60 - 12, 60 + 13)
    assert np.ptp(cut[rows, column, 0]) <= 12
    assert np.ptp(whole[rows, column, 0]) > 30
    assert cut[60, column].min() > 180


def test_a_translucent_surface_lets_what_is_inside_be_seen(make_ball):
    inner = Surface("inner", make_ball(10.0), (1.0, 0.0, 0.0))
    outer = Surface("outer", make_ball(30.0), (0.0, 0.0, 1.0), opacity=0.3)
    red = _draw(Scene((outer, inner)))[60, 80, 0]
    assert red > 60
    assert _draw(Scene((replace(outer, opacity=1.0), inner)))[60, 80, 0] < 0.5 * red


def test_a_measure_inside_a_structure_is_not_hidden_by_it(two_balls):
    inside = Distance("d", (25.0, 0.0, 0.0), (35.0, 0.0, 0.0))
    view = ViewState.default(two_balls)
    without = _draw(compose(two_balls, Plan(FRAME_UID), view)).astype(int)
    scene = replace(compose(two_balls, Plan(FRAME_UID, (inside,)), view), labels=())
    n_changed = (np.abs(_draw(scene).astype(int) - without).max(axis=2) > 40).sum()
    assert n_changed > 15


@pytest.mark.parametrize("text", ["32.4 mm", "45.0°"])
def test_a_label_is_drawn_beside_its_position(text):
    picture = _draw(Scene(labels=(Label("a", (0.0, 0.0, 0.0), text),)))
    rows, columns = np.nonzero(picture.max(axis=2) > 150)
    assert len(rows) > 30
    assert 79 <= columns.min() <= 90
    assert 35 <= rows.min() <= rows.max() <= 61

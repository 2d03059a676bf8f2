"""What the network found is shown as found: with its spread, in another shape, and not as an item of the plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from plan.items import Landmark
from plan.plan import Plan
from render.compose import compose
from render.offscreen import render_image
from render.palette import FOUND, LANDMARK
from render.scene import CameraView
from render.view import ViewState

FRAME_UID = "1.2.826.0.1.1"
FRONT = CameraView((0.0, -260.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
SHOW = ViewState(show_found_landmarks=True)


def _anatomy(two_balls):
    places = {"mitral_valve": (0.0, 0.0, 20.0), "lv_apex": (30.0, 0.0, 0.0), "something_else": (1.0, 2.0, 3.0)}
    return replace(
        two_balls,
        landmarks={key: np.array(place) for key, place in places.items()},
        report={"landmarks": {"mitral_valve": {"sd_mm": 2.34}}},
    )


def test_found_landmarks_have_their_titles_and_the_spread_that_was_told(two_balls):
    found = compose(_anatomy(two_balls), Plan(FRAME_UID), SHOW).found
    assert [(one.key, one.text, one.position_mm) for one in found] == [
        ("mitral_valve", "Mitral valve, centre (found, sd 2.3 mm)", (0.0, 0.0, 20.0)),
        ("lv_apex", "LV apex (found)", (30.0, 0.0, 0.0)),
    ]


def test_they_are_shown_on_wish_only_and_are_no_points_that_can_be_dragged(two_balls):
    assert compose(_anatomy(two_balls), Plan(FRAME_UID), ViewState()).found == ()
    mine = Landmark("Mine", (5.0, 5.0, 5.0))
    scene = compose(_anatomy(two_balls), Plan(FRAME_UID, (mine,)), SHOW)
    assert [point.item_id for point in scene.points] == [mine.item_id]
    assert {line.item_id for line in scene.polylines} == set()


def test_a_report_that_says_nothing_readable_of_a_spread_gives_no_number(two_balls):
    for report in ({}, {"landmarks": "none"}, {"landmarks": {"lv_apex": {"sd_mm": None}}}):
        found = compose(replace(_anatomy(two_balls), report=report), Plan(FRAME_UID), SHOW).found
        assert [one.text for one in found] == ["Mitral valve, centre (found)", "LV apex (found)"]


def test_a_found_landmark_is_drawn_at_its_place_in_a_colour_of_its_own(two_balls):
    scene = compose(_anatomy(two_balls), Plan(FRAME_UID), SHOW)
    without = replace(scene, found=())
    shown = replace(scene, found=(replace(scene.found[0], title="", spread=""),))
    picture, before = (render_image(one, 160, 120, FRONT, (0.0, 0.0, 0.0)) for one in (shown, without))
    rows, columns = np.nonzero(np.abs(picture.astype(int) - before).max(axis=2) > 90)
    row = 59.5 - 20.0 * 60.0 / (260.0 * np.tan(np.radians(15.0)))
    assert abs(rows.mean() - row) < 1.0
    assert abs(columns.mean() - 79.5) < 1.0
    red, green, blue = picture[rows, columns].astype(int).mean(axis=0)
    assert green > red > 2 * blue
    assert FOUND != LANDMARK

"""The steps through an aortic root follow each other, and each is one named edit."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from app.sheets.guides import guide_of, step_of
from app.sheets.steps import (
    Sheet,
    after_change,
    clear,
    first_open,
    following,
    hint,
    is_done,
    place,
)
from core.errors import PlannerError
from plan.items import AorticRoot
from plan.plan import Plan

EMPTY = AorticRoot("Root", item_id="r1")
SIX = tuple((float(n), 0.0, 0.0) for n in range(6))


def test_every_field_of_a_root_has_one_step() -> None:
    placed = {field.name for field in fields(AorticRoot) if field.name.endswith("_mm")}
    assert sorted(step.field for step in guide_of(EMPTY).steps) == sorted(placed)


def test_placing_goes_from_step_to_step_and_names_each() -> None:
    plan, sheet = Plan("1", (EMPTY,)), Sheet("r1", first_open(EMPTY))
    names = []
    for n in range(4):
        edit, sheet = place(plan, sheet, (float(n), 0.0, 0.0))
        plan = edit.plan
        names.append(edit.name)
    assert names == [
        "Place right hinge point",
        "Place left hinge point",
        "Place non-coronary hinge point",
        "Place point 1 of annulus",
    ]
    assert sheet.field == "annulus_mm"
    assert plan.find("r1").non_coronary_hinge_mm == (2.0, 0.0, 0.0)


def test_a_point_placed_again_is_moved_and_the_first_gap_follows() -> None:
    root = replace(EMPTY, right_hinge_mm=(1, 1, 1), non_coronary_hinge_mm=(2, 2, 2))
    edit, sheet = place(Plan("1", (root,)), Sheet("r1", "non_coronary_hinge_mm"), (5, 5, 5))
    assert edit.name == "Move non-coronary hinge point"
    assert sheet.field == "annulus_mm"
    assert following(edit.plan.find("r1"), "sinotubular_mm") == "left_hinge_mm"


def test_a_ring_is_done_with_six_points_and_says_how_many_are_missing() -> None:
    ring = step_of(EMPTY, "annulus_mm")
    sheet = Sheet("r1", "annulus_mm")
    assert not is_done(replace(EMPTY, annulus_mm=SIX[:5]), ring)
    assert is_done(replace(EMPTY, annulus_mm=SIX), ring)
    assert "(2 more at least)" in hint(replace(EMPTY, annulus_mm=SIX[:4]), sheet)
    assert "Enter" in hint(replace(EMPTY, annulus_mm=SIX), sheet)


def test_undoing_keeps_a_ring_in_hand_and_else_asks_for_the_first_gap() -> None:
    drawn = replace(EMPTY, right_hinge_mm=(0, 0, 0), annulus_mm=SIX)
    assert after_change(drawn, "annulus_mm") == "annulus_mm"
    assert after_change(drawn, "left_ostium_mm") == "left_hinge_mm"
    assert after_change(EMPTY, "annulus_mm") == "right_hinge_mm"


def test_clearing_takes_one_step_away_and_nothing_else() -> None:
    root = replace(EMPTY, right_hinge_mm=(1, 1, 1), annulus_mm=SIX)
    edit = clear(Plan("1", (root,)), Sheet("r1", None), "annulus_mm")
    assert edit.name == "Clear annulus"
    assert edit.plan.find("r1") == replace(root, annulus_mm=())


def test_a_click_without_a_step_places_nothing() -> None:
    with pytest.raises(PlannerError, match="no step"):
        place(Plan("1", (EMPTY,)), Sheet("r1", None), (0, 0, 0))

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import PlannerError
from plan import edits
from plan.items import Angle, CutPlane, Distance, Landmark
from plan.plan import Plan

PLANE = CutPlane("Cut plane 1", (0, 0, 0), (0, 0, 1))


def test_each_kind_of_item_gives_its_step_a_name_that_people_use() -> None:
    items = [PLANE, Distance("d", (0, 0, 0), (1, 0, 0)), Angle("a", (1, 0, 0), (0, 0, 0), (0, 1, 0))]
    items.append(Landmark("l", (0, 0, 0)))
    names = [edits.add(Plan(), item).name for item in items]
    assert names == ["Add cut plane", "Add distance", "Add angle", "Add landmark"]


def test_moving_an_item_keeps_its_place_and_all_others() -> None:
    plan = Plan("1.2", (PLANE, Landmark("apex", (1, 2, 3), "x")))
    edit = edits.change(plan, replace(PLANE, origin_mm=(0, 0, 5)))
    assert edit.name == "Move cut plane"
    assert edit.plan.items[0].origin_mm == (0, 0, 5)
    assert edit.plan.items[1] == plan.items[1]
    assert plan.items[0].origin_mm == (0, 0, 0)


def test_locked_cut_plane_can_be_hidden_but_not_moved() -> None:
    locked = replace(PLANE, is_locked=True)
    plan = Plan(items=(locked,))
    with pytest.raises(PlannerError, match="locked"):
        edits.change(plan, replace(locked, origin_mm=(0, 0, 1)))
    with pytest.raises(PlannerError, match="locked"):
        edits.change(plan, replace(locked, normal=(1, 0, 0), is_locked=False))
    assert edits.change(plan, replace(locked, is_active=False), "Hide").name == "Hide cut plane"


def test_adding_the_same_item_twice_and_removing_a_stranger_raise() -> None:
    plan = edits.add(Plan(), PLANE).plan
    with pytest.raises(ValueError, match="already"):
        edits.add(plan, PLANE)
    with pytest.raises(KeyError):
        edits.remove(plan, "nobody")
    assert edits.remove(plan, PLANE.item_id).plan == Plan()


def test_new_items_get_the_first_free_number() -> None:
    plan = Plan(items=(PLANE, replace(PLANE, name="Cut plane 3", item_id="b")))
    assert edits.next_name(plan, CutPlane) == "Cut plane 2"
    assert edits.next_name(plan, Landmark) == "Landmark 1"

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.describe import describe_item, item_lines
from app.measures.placing import gap_between, item_on_surface, with_volumes
from app.measures.seen import outdated, seen_on, taken_again
from app.measuring import items_to_json
from app.state import State
from app.tools import Tool
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from plan.history import History
from plan.items import Gap, Resection, StructureVolume, SurfacePath
from plan.plan import Plan
from plan.schema import plan_from_json, plan_to_json
from render.drawn_items import drawn

UID = "1.2.3"


def block(low: tuple[float, ...], size: float = 10.0) -> SurfaceMesh:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * size + low
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return SurfaceMesh(corners, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]))


def heart(gap_mm: float = 4.0, size: float = 10.0) -> Anatomy:
    return Anatomy({"lv": block((0, 0, 0)), "la": block((10.0 + gap_mm, 0, 0), size)}, UID)


def measured(anatomy: Anatomy) -> Plan:
    plan = Plan(UID)
    plan = plan.with_item(gap_between(anatomy, ("lv", "la"), plan))
    path = item_on_surface(Tool.SURFACE_PATH, anatomy, ("lv",), plan, ((2, 5, 10), (8, 5, 10)))
    plan = plan.with_item(path)
    state = State(anatomy=anatomy, history=History(plan))
    edit = with_volumes(state, ("la",))
    assert edit is not None
    return edit.plan


def texts(plan: Plan, anatomy: Anatomy | None) -> list[str]:
    seen = seen_on(plan, anatomy)
    return [describe_item(item, seen) for item in seen.items]


def test_on_the_surfaces_they_were_taken_on_measures_have_their_values() -> None:
    anatomy = heart()
    assert texts(measured(anatomy), anatomy) == ["4.0 mm, no band", "6.0 mm", "1.0 ml, no band"]
    assert outdated(measured(anatomy), anatomy) == ()


def test_on_another_heart_or_phase_they_have_none_in_list_drawing_and_file_and_say_what_it_was() -> None:
    anatomy, other = heart(), heart(6.0, 12.0)
    plan = measured(anatomy)
    assert texts(plan, other)[0] == "out of date"
    assert texts(plan, other)[2] == "out of date"
    state = State(anatomy=other, history=History(plan))
    gap, path, volume = state.shown_plan.items
    assert drawn(gap, state.shown_plan).labels[0].text == "out of date"
    assert drawn(volume, state.shown_plan).labels[0].text == "out of date"
    assert "it was 4.0 mm" in item_lines(gap, state.shown_plan, other)[0]
    assert drawn(path, state.shown_plan).labels[0].text == "6.0 mm", "the structure it lies on is the same"
    by_name = {entry["name"]: entry["measures"][0] for entry in items_to_json(plan, 0.75, other)}
    assert by_name[gap.name]["value"] is None
    assert "another heart or phase" in by_name[gap.name]["why_not"]


def test_without_a_heart_a_measure_says_that_it_is_as_it_was_taken() -> None:
    plan = measured(heart())
    (entry, *_) = items_to_json(plan, 0.75, None)
    assert entry["measures"][0]["value"] == 4.0
    assert entry["measures"][0]["title"] == "Smallest distance, when taken"
    assert entry["measures"][0]["note"] == "no band"


def test_where_a_structure_is_gone_or_being_made_again_there_is_no_value() -> None:
    anatomy = heart()
    plan = measured(anatomy)
    alone = replace(anatomy, surfaces={"lv": anatomy.surfaces["lv"]})
    assert texts(plan, alone)[0] == "out of date"
    stale = {"map_id": "m", "last_step": "s", "structures": ["la"], "stale": ["la"]}
    assert texts(plan, replace(anatomy, report={"edited_by_hand": stale}))[0] == "out of date"


def test_measured_again_they_are_exact_on_the_new_surfaces() -> None:
    other = heart(6.0, 12.0)
    plan = measured(heart())
    edit = taken_again(plan, other)
    assert outdated(edit.plan, other) == ()
    gap, path, volume = edit.plan.items
    assert isinstance(gap, Gap)
    assert isinstance(volume, StructureVolume)
    assert np.subtract(gap.end_mm, gap.start_mm)[0] == pytest.approx(6.0)
    assert volume.volume_ml == pytest.approx(1.728)
    assert path == plan.items[1], "what was current stays as it is"
    assert [item.item_id for item in edit.plan.items] == [item.item_id for item in plan.items]


def test_the_marks_outlive_the_file_and_the_view_of_them_does_not_enter_it() -> None:
    anatomy = heart()
    plan = measured(anatomy)
    content = plan_to_json(seen_on(plan, heart(5.0)))
    again = plan_from_json(content)
    assert again == plan
    assert texts(again, anatomy)[0] == "4.0 mm, no band"


def test_a_measure_of_before_the_marks_is_opened_and_is_not_taken_for_one_of_this_heart() -> None:
    anatomy = heart()
    content = plan_to_json(measured(anatomy))
    for item in content["items"]:  # type: ignore[attr-defined]
        del item["measured_on"]
    old = plan_from_json(content)
    assert texts(old, anatomy)[0] == "out of date"
    assert isinstance(old.items[1], SurfacePath)


def test_a_resection_that_is_not_in_the_heart_that_is_shown_has_no_numbers() -> None:
    outline = ((0.0, 0.0, 0.0), (5.0, 0.0, 0.0), (0.0, 5.0, 0.0))
    item = Resection("Resection 1", outline, 5.0, 2.5, 6.0, (0.0, 0.0, 0.0), "s")
    plan = Plan(UID, (item,))
    assert texts(plan, None) == ["2.5 ml, no band"]
    assert drawn(item, plan).labels[0].text == "2.5 ml taken, 6.0 mm left, no band"
    assert texts(plan, heart()) == ["out of date"]
    assert drawn(seen_on(plan, heart()).items[0], plan).labels[0].text == "out of date"

"""Several plans of one patient, each a step of undo; older files without them still open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import PlannerError
from plan import versions
from plan.items import Distance, Landmark, PlaneAngle
from plan.plan import Plan
from plan.schema import MOST_VERSIONS, plan_from_json, plan_to_json
from plan.storage import Journal

LINE = Distance("Annulus", (0, 0, 0), (20, 0, 0), "d1")
FIRST = Plan("1.2", (LINE, Landmark("Apex", (1, 2, 3), "l1")))


def two() -> Plan:
    """A plan and its copy, in which the line is 4 mm longer and another one was added."""
    copied = versions.duplicate(FIRST).plan
    longer = copied.with_item(replace(LINE, end_mm=(24.0, 0.0, 0.0)))
    return longer.with_item(Distance("New", (0, 0, 0), (0, 7, 0), "d2"))


def test_a_copy_goes_on_and_the_original_stays_as_it_was() -> None:
    plan = two()
    (kept,) = plan.shelf
    assert (versions.name_of(plan), kept.name) == ("Plan 2", "Plan 1")
    assert kept.items == FIRST.items
    back = versions.switch(plan, kept.version_id)
    assert back.name == "Switch to Plan 1"
    assert back.plan.items == FIRST.items
    assert [one.name for one in back.plan.shelf] == ["Plan 2"]
    again = versions.switch(back.plan, back.plan.shelf[0].version_id).plan
    assert again.items == plan.items
    assert again.version_id == plan.version_id


def test_versions_and_notes_survive_the_process_and_are_undone_by_name(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite", FIRST)
    journal.push(versions.duplicate(FIRST, "Smaller valve"))
    journal.push(versions.write_notes(journal.history.plan, "Ask for the gradient.\nMonday"))
    journal.push(versions.rename(journal.history.plan, "Smallest valve"))
    journal.close()
    again = Journal(tmp_path / "j.sqlite")
    plan = again.history.plan
    assert (plan.name, plan.notes, plan.shelf[0].items) == (
        "Smallest valve",
        "Ask for the gradient.\nMonday",
        FIRST.items,
    )
    assert [edit.name for edit in again.history.edits] == ["Duplicate plan", "Write notes", "Rename plan"]
    for _ in range(3):
        again.undo()
    assert again.history.plan == FIRST
    again.close()


def test_what_has_no_versions_is_written_so_that_older_programs_read_it() -> None:
    assert plan_to_json(FIRST)["schema"] == 3
    plan = two()
    assert plan_from_json(plan_to_json(plan)) == plan
    with pytest.raises(PlannerError, match="unknown field"):
        plan_from_json(plan_to_json(plan) | {"schema": 3})


def test_a_file_whose_versions_are_not_apart_is_refused() -> None:
    content = plan_to_json(two())
    version = content["shelf"][0]  # type: ignore[index]
    for shelf in (
        [version, version],
        [version | {"version_id": content["version_id"]}],
        [version | {"items": 3}],
        "x",
    ):
        with pytest.raises(PlannerError):
            plan_from_json(content | {"shelf": shelf})
    with pytest.raises(PlannerError, match="notes"):
        plan_from_json(content | {"notes": "x" * 30_000})


def test_two_plans_are_compared_measure_by_measure() -> None:
    plan = two()
    first = versions.as_plan(plan, plan.shelf[0].version_id)
    rows = {(row.item, row.title): row for row in versions.compare(first, plan, 0.75)}
    same = rows["Annulus", "Length"]
    assert same.difference == pytest.approx(4.0)
    assert same.first is not None
    assert same.first.plus_minus is not None
    # 1.96 sqrt(2) 0.75 = 2.1 mm each, together 2.9 mm: 4 mm are beyond them.
    assert same.is_beyond_bands
    assert not any(row.is_beyond_bands for row in versions.compare(first, plan))
    assert rows["New", "Length"].first is None
    assert rows["New", "Length"].difference is None
    assert len(rows) == 2


def test_an_angle_is_compared_the_shorter_way_round_and_within_its_own_plan() -> None:
    other = replace(FIRST, items=(PlaneAngle("x", "p1", "p2", "a1"),))
    (row,) = versions.compare(other, Plan("1.2"))
    assert row.second is None
    assert row.first is not None
    assert "no longer" in row.first.why_not


def test_names_are_apart_and_numbers_limited() -> None:
    plan = two()
    for wrong in ("", "  ", "Plan 1", "x" * 300):
        with pytest.raises(PlannerError):
            versions.rename(plan, wrong)
    assert versions.rename(plan, "Plan 2").plan.name == "Plan 2"
    assert versions.rename(plan, "Old", plan.shelf[0].version_id).plan.shelf[0].name == "Old"
    assert versions.remove(plan, plan.shelf[0].version_id).plan.shelf == ()
    for _ in range(MOST_VERSIONS - 1):
        plan = versions.duplicate(plan).plan
    with pytest.raises(PlannerError, match="beside it already"):
        versions.duplicate(plan)
    with pytest.raises(KeyError):
        versions.switch(plan, "nobody")
    with pytest.raises(PlannerError, match="longer than"):
        versions.write_notes(plan, "x" * 20_001)

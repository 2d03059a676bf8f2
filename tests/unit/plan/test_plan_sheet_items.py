"""The items of the guided sheets are kept whole, refuse what cannot be, and can be taken hold of point by point."""

from __future__ import annotations

from dataclasses import fields

import pytest

from core.errors import PlannerError
from plan.edits import add, kind_title, next_name
from plan.formula import points_of, unit_of
from plan.handles import dragged, handles
from plan.history import History
from plan.items import Appendage, MitralAnnulus, SeptalPatch, ThoracicAorta, Ventricles, VirtualValve
from plan.plan import Plan
from plan.schema import plan_from_json, plan_to_json
from plan.sheet_items import LIMITS, SHEET_TITLES, numbers_of
from plan.storage import Journal

RING = ((0.0, 0.0, 0.0), (10.0, 0.0, 1.0), (10.0, 10.0, 0.0), (0.0, 10.0, 1.5))
ITEMS = (
    MitralAnnulus("Ring", RING, (1, 2, 3), (4, 5, 6), (0, 0, 80), "m1"),
    VirtualValve("Valve", "m1", (1, 1, 1), None, 26, 31.5, 20, 4, -12.5, 3),
    ThoracicAorta("Aorta", sinuses_mm=(1, 2, 3), arch_mm=(4, 5, 6)),
    Appendage("Appendage", RING, tip_mm=(9, 9, 9)),
    SeptalPatch("Patch", RING, 4.5),
    Ventricles("Ventricles", 172, 68.5),
)


def test_every_sheet_item_is_written_read_and_journalled_unchanged(tmp_path) -> None:
    plan = Plan("1.2", ITEMS)
    assert plan_from_json(plan_to_json(plan)) == plan
    history = History(Plan("1.2"))
    journal = Journal(tmp_path / "journal.db", Plan("1.2"))
    for item in ITEMS:
        history = history.push(add(history.plan, item))
        journal.push(add(journal.history.plan, item))
    journal.undo()
    journal.close()
    opened = Journal(tmp_path / "journal.db")
    assert opened.history.plan == history.undo().plan
    assert opened.redo().plan == plan
    opened.close()


def test_the_second_schema_knew_no_sheets_but_the_root() -> None:
    content = plan_to_json(Plan("1.2", ITEMS[:1])) | {"schema": 2}
    with pytest.raises(PlannerError, match="of no known type"):
        plan_from_json(content)


@pytest.mark.parametrize("value", [None, "26", True, float("inf"), 500.0, [1, 2, 3]])
def test_a_number_that_is_unclear_or_cannot_be_is_refused(value: object) -> None:
    content = plan_to_json(Plan("1.2", ITEMS[1:2]))
    content["items"][0]["diameter_mm"] = value
    with pytest.raises(PlannerError, match="cannot read the plan"):
        plan_from_json(content)


def test_points_can_be_taken_hold_of_and_numbers_cannot() -> None:
    held = {item.name: [(handle.field, handle.index) for handle in handles(item)] for item in ITEMS}
    assert held["Valve"] == [("centre_mm", None)]
    assert held["Patch"] == [("rim_mm", n) for n in range(4)]
    assert held["Ventricles"] == []
    assert set(points_of(ITEMS[1])) == {"centre_mm"}
    moved = dragged(ITEMS[4], handles(ITEMS[4])[2], (7, 7, 7))
    assert moved.rim_mm == (*RING[:2], (7.0, 7.0, 7.0), RING[3])


def test_every_kind_has_a_title_and_every_number_its_limits() -> None:
    assert {type(item) for item in ITEMS} == set(SHEET_TITLES)
    for item in ITEMS:
        assert kind_title(item) == SHEET_TITLES[type(item)]
        assert next_name(Plan(), type(item)).endswith(" 1")
        numbers = [field.name for field in fields(item) if isinstance(getattr(item, field.name), float)]
        assert numbers == list(numbers_of(type(item)))
        assert set(numbers) <= set(LIMITS)


def test_the_longest_unit_that_fits_is_the_unit() -> None:
    assert unit_of("annulus_area_mm2") == "mm²"
    assert unit_of("lv_diastole_per_m2_ml") == "ml/m²"
    assert unit_of("body_surface_m2") == "m²"

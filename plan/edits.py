"""What one action of the user did to the plan, under the name that undo will show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError
from plan.handles import handles
from plan.items import Angle, AorticRoot, Contour, CutPlane, Distance, Item, Landmark, PlaneAngle, Polyline
from plan.label_edits import LabelStep
from plan.plan import Plan
from plan.sheet_items import SHEET_TITLES
from plan.surface_items import SURFACE_TITLES, CutBox, CutCurve

SAME_PLACE_MM = 0.01
KIND_TITLES: dict[type, str] = {
    CutPlane: "cut plane",
    Distance: "distance",
    Angle: "angle",
    Landmark: "landmark",
    Polyline: "polyline",
    Contour: "contour",
    PlaneAngle: "angle of planes",
    AorticRoot: "aortic root",
    **SHEET_TITLES,
    **SURFACE_TITLES,
}


@dataclass(frozen=True)
class Edit:
    """One step of undo: its name ("Move cut plane"), the whole plan after it, and what it did to labels."""

    name: str
    plan: Plan
    labels: LabelStep | None = None


def kind_title(item: Item) -> str:
    """What people call this kind of item: "cut plane", "distance", "contour" and so on."""
    return KIND_TITLES[type(item)]


def add(plan: Plan, item: Item) -> Edit:
    """Put a new item into the plan. Raises ValueError when the plan already has its id."""
    if any(old.item_id == item.item_id for old in plan.items):
        raise ValueError(f"the plan already has an item {item.item_id}")
    return Edit(f"Add {kind_title(item)}", plan.with_item(item))


def add_measurements(plan: Plan, items: Sequence[Item]) -> Edit:
    """Put measurements that came with a report into the plan; those that it has already are left out."""
    for item in items:
        if not any(_is_same(item, old) for old in plan.items):
            plan = plan.with_item(item)
    return Edit("Add measurements of a report", plan)


def change(plan: Plan, item: Item, verb: str = "Move") -> Edit:
    """Put an item in the place of the one with its id.

    Raises:
        KeyError: the plan has no such item.
        PlannerError: the item is a locked cut and this would move it.
    """
    old = plan.find(item.item_id)
    if getattr(old, "is_locked", False) and _is_moved(old, item):
        raise PlannerError(f"cannot move “{old.name}”", "it is locked", "unlock it in the plan list first")
    return Edit(f"{verb} {kind_title(item)}", plan.with_item(item))


def remove(plan: Plan, item_id: str) -> Edit:
    """Take an item out of the plan. Raises KeyError when the plan has none of this id."""
    return Edit(f"Remove {kind_title(plan.find(item_id))}", plan.without_item(item_id))


def next_name(plan: Plan, kind: type) -> str:
    """The next free name for a new item of this kind: "Cut plane 2"."""
    title = KIND_TITLES[kind].capitalize()
    taken = {item.name for item in plan.items}
    number = 1
    while f"{title} {number}" in taken:
        number += 1
    return f"{title} {number}"


def _is_same(item: Item, other: Item) -> bool:
    """True for two items of one kind and name with the same points; reports keep places to a few micrometres."""
    if type(item) is not type(other) or item.name != other.name:
        return False
    places, others = ([handle.position_mm for handle in handles(one)] for one in (item, other))
    return len(places) == len(others) and bool(np.allclose(places, others, rtol=0.0, atol=SAME_PLACE_MM))


def _is_moved(old: Item, new: Item) -> bool:
    if isinstance(old, CutPlane) and isinstance(new, CutPlane):
        return old.origin_mm != new.origin_mm or old.normal != new.normal
    if isinstance(old, CutBox) and isinstance(new, CutBox):
        return old.first_mm != new.first_mm or old.second_mm != new.second_mm
    if isinstance(old, CutCurve) and isinstance(new, CutCurve):
        return old.points_mm != new.points_mm or old.direction != new.direction
    return False

"""The steps that lead through a guided sheet: which point comes next, where it lies, and what placing it does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.sheets.guides import Step, guide_of, is_guided, step_of
from core.errors import PlannerError
from plan.contours import FEWEST_POINTS
from plan.edits import Edit
from plan.items import Item, Point, as_point
from plan.plan import Plan


@dataclass(frozen=True)
class Sheet:
    """The sheet that is open: its item, and the step whose point a click places; None: none, all is placed."""

    item_id: str
    field: str | None


def is_done(item: Item, step: Step) -> bool:
    """Whether a step has all its points."""
    value = getattr(item, step.field)
    return len(value) >= FEWEST_POINTS if step.is_ring else value is not None


def first_open(item: Item) -> str | None:
    """The field of the first step that lacks points; None when all are placed."""
    return next((step.field for step in guide_of(item).steps if not is_done(item, step)), None)


def waiting(item: Item) -> str | None:
    """The field of the step that waits for a point when a sheet is opened; None when what is needed is placed."""
    guide = guide_of(item)
    needed = (step for step in guide.steps if guide.leads_on or not step.is_optional)
    return first_open(item) if any(not is_done(item, step) for step in needed) else None


def following(item: Item, field: str) -> str | None:
    """The field of the next step after this one that lacks points; the first such one when none comes after."""
    steps = guide_of(item).steps
    place = next(n for n, step in enumerate(steps) if step.field == field)
    later = next((step.field for step in steps[place + 1 :] if not is_done(item, step)), None)
    return later or first_open(item)


def after_change(item: Item, field: str | None) -> str | None:
    """Which step waits for a point when a step was undone or redone: the first one that lacks points.

    A ring that is being drawn stays in hand.
    """
    is_drawing = field is not None and step_of(item, field).is_ring and getattr(item, field)
    return field if is_drawing else waiting(item)


def place(plan: Plan, sheet: Sheet, position_mm: np.ndarray | Point) -> tuple[Edit, Sheet]:
    """The edit that places a point of the sheet's step, and the sheet with the step that follows."""
    item = plan.find(sheet.item_id)
    step = step_of(item, sheet.field) if sheet.field is not None and is_guided(item) else None
    if step is None:
        raise PlannerError(
            "no point was placed", "no step of the sheet waits for one", "choose a step in the sheet"
        )
    at, old = as_point(position_mm), getattr(item, step.field)
    changed: dict[str, Any] = {step.field: (*old, at) if step.is_ring else at}
    new = replace(item, **changed)
    if step.is_ring:
        name = f"Place point {len(old) + 1} of {step.title.lower()}"
        return Edit(name, plan.with_item(new)), sheet
    verb = "Place" if old is None else "Move"
    edit = Edit(f"{verb} {step.title.lower()}", plan.with_item(new))
    return edit, replace(sheet, field=following(new, step.field))


def clear(plan: Plan, sheet: Sheet, field: str) -> Edit:
    """The edit that takes the points of one step away."""
    item = plan.find(sheet.item_id)
    step = step_of(item, field)
    empty: dict[str, Any] = {field: () if step.is_ring else None}
    return Edit(f"Clear {step.title.lower()}", plan.with_item(replace(item, **empty)))


def hint(item: Item, sheet: Sheet) -> str:
    """What the user does next, in a few words."""
    guide = guide_of(item)
    if sheet.field is None:
        done = "all points are placed; drag any of them to correct it" if guide.steps else "the values follow"
        return f"{guide.title}: {done}"
    step = step_of(item, sheet.field)
    text = f"{step.title}: click {step.where}"
    if not step.is_ring:
        return text
    missing = FEWEST_POINTS - len(getattr(item, step.field))
    return f"{text} ({missing} more at least)" if missing > 0 else f"{text}; Enter or double-click goes on"

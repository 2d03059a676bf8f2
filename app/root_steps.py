"""The steps that lead through an aortic root: which point comes next, where it lies, and what placing it does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.errors import PlannerError
from plan.contours import FEWEST_POINTS
from plan.edits import Edit
from plan.items import AorticRoot, Point, as_point
from plan.plan import Plan


@dataclass(frozen=True)
class Step:
    """One point, or one ring of points, that the user places.

    Attributes:
        field: where an `AorticRoot` keeps it.
        title: what people call it.
        where: how to find it.
        is_ring: several points, until the user goes on.
        is_optional: the annulus is measured without it.
    """

    field: str
    title: str
    where: str
    is_ring: bool = False
    is_optional: bool = True


STEPS: tuple[Step, ...] = (
    Step(
        "right_hinge_mm", "Right hinge point", "the lowest point of the right cusp, in front", is_optional=False
    ),
    Step("left_hinge_mm", "Left hinge point", "the lowest point of the left cusp", is_optional=False),
    Step(
        "non_coronary_hinge_mm",
        "Non-coronary hinge point",
        "the lowest point of the third cusp, towards the atria",
        is_optional=False,
    ),
    Step("annulus_mm", "Annulus", "around the opening, in the annular plane", True, False),
    Step("left_ostium_mm", "Left coronary ostium", "the lower rim of the left main artery's mouth"),
    Step("right_ostium_mm", "Right coronary ostium", "the lower rim of the right artery's mouth"),
    Step("right_sinus_mm", "Right sinus", "the outermost point of the right sinus of Valsalva"),
    Step(
        "left_non_commissure_mm", "Left/non-coronary commissure", "across from the right sinus, at its height"
    ),
    Step("left_sinus_mm", "Left sinus", "the outermost point of the left sinus"),
    Step("right_non_commissure_mm", "Right/non-coronary commissure", "across from the left sinus"),
    Step("non_coronary_sinus_mm", "Non-coronary sinus", "the outermost point of the non-coronary sinus"),
    Step("right_left_commissure_mm", "Right/left commissure", "across from the non-coronary sinus"),
    Step("sinotubular_mm", "Sinotubular junction", "around the ridge above the sinuses", True),
)
BY_FIELD = {step.field: step for step in STEPS}


@dataclass(frozen=True)
class Sheet:
    """The sheet that is open: its root, and the step whose point a click places; None: none, all is placed."""

    item_id: str
    field: str | None

    @property
    def step(self) -> Step | None:
        """The step that waits for a point."""
        return BY_FIELD[self.field] if self.field is not None else None


def is_done(root: AorticRoot, step: Step) -> bool:
    """Whether a step has all its points."""
    value = getattr(root, step.field)
    return len(value) >= FEWEST_POINTS if step.is_ring else value is not None


def first_open(root: AorticRoot) -> str | None:
    """The field of the first step that lacks points; None when all are placed."""
    return next((step.field for step in STEPS if not is_done(root, step)), None)


def following(root: AorticRoot, field: str) -> str | None:
    """The field of the next step after this one that lacks points; the first such one when none comes after."""
    place = next(n for n, step in enumerate(STEPS) if step.field == field)
    later = next((step.field for step in STEPS[place + 1 :] if not is_done(root, step)), None)
    return later or first_open(root)


def after_change(root: AorticRoot, field: str | None) -> str | None:
    """Which step waits for a point when a step was undone or redone: the first one that lacks points.

    A ring that is being drawn stays in hand.
    """
    is_drawing = field is not None and BY_FIELD[field].is_ring and getattr(root, field)
    return field if is_drawing else first_open(root)


def place(plan: Plan, sheet: Sheet, position_mm: np.ndarray | Point) -> tuple[Edit, Sheet]:
    """The edit that places a point of the sheet's step, and the sheet with the step that follows."""
    root, step = plan.find(sheet.item_id), sheet.step
    if not isinstance(root, AorticRoot) or step is None:
        raise PlannerError(
            "no point was placed", "no step of the sheet waits for one", "choose a step in the sheet"
        )
    at, old = as_point(position_mm), getattr(root, step.field)
    changed: dict[str, Any] = {step.field: (*old, at) if step.is_ring else at}
    new = replace(root, **changed)
    if step.is_ring:
        name = f"Place point {len(old) + 1} of {step.title.lower()}"
        return Edit(name, plan.with_item(new)), sheet
    verb = "Place" if old is None else "Move"
    edit = Edit(f"{verb} {step.title.lower()}", plan.with_item(new))
    return edit, replace(sheet, field=following(new, step.field))


def clear(plan: Plan, sheet: Sheet, field: str) -> Edit:
    """The edit that takes the points of one step away."""
    step, root = BY_FIELD[field], plan.find(sheet.item_id)
    empty: dict[str, Any] = {field: () if step.is_ring else None}
    return Edit(f"Clear {step.title.lower()}", plan.with_item(replace(root, **empty)))


def hint(root: AorticRoot, sheet: Sheet) -> str:
    """What the user does next, in a few words."""
    step = sheet.step
    if step is None:
        return "Aortic root: all points are placed; drag any of them to correct it"
    text = f"{step.title}: click {step.where}"
    if not step.is_ring:
        return text
    missing = FEWEST_POINTS - len(getattr(root, step.field))
    return f"{text} ({missing} more at least)" if missing > 0 else f"{text}; Enter or double-click goes on"

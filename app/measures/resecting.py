"""A resection as one step: the muscle leaves the labels, and the plan keeps outline, depth, volume and wall left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.labels.edited import mark_of
from app.labels.editing import value_of
from app.measures.wall import WALL, measured_wall, why_no_wall
from app.state import State
from core.anatomy import RESECTED, Anatomy
from core.errors import Finding, PlannerError
from core.volume import LabelMap
from plan import edits
from plan.edits import Edit
from plan.items import Contour, Resection, as_point
from plan.label_edits import edit_of_voxels

if TYPE_CHECKING:
    from recon.measures.resection import PlannedResection

USUAL_DEPTH_MM, USUAL_LEAST_WALL_MM = 5.0, 5.0
_ALL_KNOWN = 0.98


@dataclass(frozen=True)
class ResectionWish:
    """How deep below the inner side, and the thinnest wall that may be left, in mm."""

    depth_mm: float = USUAL_DEPTH_MM
    least_wall_mm: float = USUAL_LEAST_WALL_MM


def why_no_resection(state: State, contour: object) -> str:
    """Why nothing can be resected now; empty when it can."""
    anatomy = state.anatomy
    if anatomy is None or anatomy.labels is None:
        return "there are no labels: reconstruct the series"
    if why_no_wall(anatomy):
        return why_no_wall(anatomy)
    return "" if isinstance(contour, Contour) else "draw a contour on the inner side of the wall and select it"


def previewed(anatomy: Anatomy, contour: Contour, wish: ResectionWish) -> PlannedResection:
    """What a resection would take and leave. Raises PlannerError as `planned_resection`."""
    from recon.measures.resection import planned_resection

    labels = anatomy.labels
    if labels is None:
        raise PlannerError("nothing is resected", "there are no labels", "reconstruct the series")
    value, outline = value_of(labels, WALL), np.array(contour.points_mm)
    wall = measured_wall(anatomy)
    return planned_resection(labels, value, wall, anatomy.surfaces["lv"], outline, wish.depth_mm)


def resection_edit(state: State, contour: Contour, wish: ResectionWish) -> tuple[Edit, Finding | None]:
    """The step that resects, and what is to be said of it.

    Raises:
        PlannerError: the wall left would be thinner than wished, or as `previewed`.
    """
    anatomy = state.anatomy
    assert anatomy is not None
    assert anatomy.labels is not None
    found = previewed(anatomy, contour, wish)
    if found.wall_left_mm < wish.least_wall_mm:
        raise too_thin(found.wall_left_mm, wish)
    value = _value_for_resected(anatomy.labels)
    names = () if value in anatomy.labels.names else ((value, RESECTED.key),)
    labels = edit_of_voxels(
        anatomy.labels, mark_of(anatomy).map_id, state.phase, found.flat, np.array(value), names=names
    )
    item = Resection(
        edits.next_name(state.plan, Resection),
        contour.points_mm,
        wish.depth_mm,
        found.volume_ml,
        found.wall_left_mm,
        as_point(found.thinnest_mm),
        labels.step_id,
        voxels_ml=found.voxels_ml,
    )
    plan = state.plan.without_item(contour.item_id).with_item(item)
    return Edit(f"Resect {item.volume_ml:.1f} ml", plan, labels), _partly_known(found.known_share)


def too_thin(left_mm: float, wish: ResectionWish) -> PlannerError:
    """The refusal of a resection that would leave too little."""
    left = (
        "it would reach through the wall"
        if left_mm <= 0.0
        else f"{left_mm:.1f} mm would be left at the thinnest"
    )
    return PlannerError(
        "nothing is resected", f"{left}, and {wish.least_wall_mm:.1f} mm were asked for", "resect less deep"
    )


def _value_for_resected(labels: LabelMap) -> int:
    for value, key in labels.names.items():
        if key == RESECTED.key:
            return value
    return next(value for value in range(RESECTED.value, 256) if value not in labels.names)


def _partly_known(share: float) -> Finding | None:
    if share >= _ALL_KNOWN:
        return None
    return Finding(
        "wall_partly_unknown",
        f"the wall left is not known for {100.0 * (1.0 - share):.0f} % of the outline",
        "there the wall ends at its rim and has no thickness",
        "judge that part by the slices",
    )

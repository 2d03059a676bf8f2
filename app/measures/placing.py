"""Measures that a click on a surface, or the structures that are shown, complete."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.labels.edited import without_stale
from app.measures.seen import marks_of
from app.measures.wall import measured_wall
from app.state import State
from app.tools import Tool
from core.anatomy import Anatomy
from core.errors import PlannerError
from plan import edits
from plan.edits import Edit
from plan.items import Distance, Gap, Item, Point, StructureVolume, SurfacePath, as_point
from plan.plan import Plan

ON_SURFACE_MM = 3.0
N_FOR_A_GAP = 2


def item_on_surface(
    tool: Tool, anatomy: Anatomy, keys: Sequence[str], plan: Plan, points: Sequence[Point]
) -> Item:
    """The item that points on surfaces, LPS mm, complete. May take a second or two.

    Args:
        keys: the structures that are shown; others are not clicked on.

    Raises:
        PlannerError: the points lie on no surface, or on two.
    """
    if tool is Tool.WALL:
        return _across_wall(anatomy, plan, np.array(points[0]))
    from recon.measures.nearest import nearest_on
    from recon.measures.paths import surface_path

    key = _touched(anatomy, keys, np.array(points))
    mesh = anatomy.surfaces[key]
    ends = nearest_on(mesh.vertices, mesh.faces, np.array(points)).places_mm
    path = tuple(as_point(place) for place in surface_path(mesh, ends[0], ends[1]))
    return SurfacePath(
        edits.next_name(plan, SurfacePath), key, path[0], path[-1], path, measured_on=marks_of(anatomy, key)
    )


def gap_between(anatomy: Anatomy, keys: Sequence[str], plan: Plan) -> Gap:
    """The smallest distance of two structures. Raises PlannerError when one has no surface."""
    from recon.measures.gaps import smallest_gap

    first, second = keys
    _, start, end = smallest_gap(anatomy.surfaces[first], anatomy.surfaces[second])
    return Gap(
        edits.next_name(plan, Gap),
        first,
        second,
        as_point(start),
        as_point(end),
        measured_on=marks_of(anatomy, first, second),
    )


def with_volumes(state: State, keys: Sequence[str]) -> Edit | None:
    """The step that keeps the volumes of these structures in the plan; None where none of them is closed."""
    plan, anatomy = state.plan, without_stale(state.anatomy)
    for key in keys if anatomy is not None else ():
        assert anatomy is not None
        mesh = anatomy.surfaces[key]
        if mesh.is_closed:
            middle = as_point(mesh.bounds_mm.mean(axis=0))
            name, marks = edits.next_name(plan, StructureVolume), marks_of(anatomy, key)
            item = StructureVolume(name, key, mesh.volume_ml, middle, measured_on=marks)
            plan = plan.with_item(item)
    return None if plan is state.plan else Edit("Keep volumes", plan)


def shown_keys(state: State) -> tuple[str, ...]:
    """The structures that are visible and have a surface that is not being made again."""
    anatomy = without_stale(state.anatomy)
    surfaces = anatomy.surfaces if anatomy is not None else {}
    return tuple(
        key for key, mesh in surfaces.items() if state.view.structure(key).is_visible and len(mesh.faces)
    )


def _touched(anatomy: Anatomy, keys: Sequence[str], points: np.ndarray) -> str:
    """The structure whose surface is nearest to all points."""
    from recon.measures.nearest import nearest_on

    away = {
        key: float(nearest_on(mesh.vertices, mesh.faces, points).distances_mm.max())
        for key, mesh in anatomy.surfaces.items()
        if key in keys
    }
    nearest = min(away, key=lambda key: away[key], default=None)
    if nearest is None or away[nearest] > ON_SURFACE_MM:
        raise PlannerError(
            "there is no distance along the surface",
            "the points do not lie on one structure",
            "click two points of the same surface in the 3-D view",
        )
    return nearest


def _across_wall(anatomy: Anatomy, plan: Plan, point: np.ndarray) -> Distance:
    wall = measured_wall(anatomy)
    found = wall.nearest(point)
    if found is None or np.linalg.norm(found[0] - point) > ON_SURFACE_MM:
        raise PlannerError(
            "there is no thickness here",
            "the place is not on the left ventricle's wall, or at its rim",
            "click the muscle in the 3-D view, away from its rim",
        )
    return Distance(_free_name(plan), as_point(found[0]), as_point(found[1]))


def _free_name(plan: Plan) -> str:
    taken, number = {item.name for item in plan.items}, 1
    while f"Wall thickness {number}" in taken:
        number += 1
    return f"Wall thickness {number}"

"""Which measures in a plan are of the surfaces that are shown, and which of others; and taking those again."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from weakref import WeakKeyDictionary

import numpy as np

from app.labels.edited import without_stale
from core.anatomy import RESECTED, Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.edits import Edit
from plan.items import Gap, Item, Resection, StructureVolume, SurfacePath, as_point
from plan.plan import Plan
from plan.surface_items import FoundItem, as_seen

_marks: WeakKeyDictionary[SurfaceMesh, str] = WeakKeyDictionary()


def mark_of_surface(mesh: SurfaceMesh) -> str:
    """A short text that another surface has only by chance; what is painted on a surface does not change it."""
    known = _marks.get(mesh)
    if known is None:
        # One type and byte order, so that a file read on another machine gives the same text.
        faces = np.ascontiguousarray(mesh.faces, dtype="<i8")
        content = np.ascontiguousarray(mesh.vertices, dtype="<f8").tobytes() + faces.tobytes()
        known = _marks[mesh] = blake2b(content, digest_size=8).hexdigest()
    return known


def marks_of(anatomy: Anatomy, *keys: str) -> tuple[str, ...]:
    """The marks of an anatomy's surfaces, in this order. Raises KeyError where one is not there."""
    return tuple(mark_of_surface(anatomy.surfaces[key]) for key in keys)


def seen_on(plan: Plan, anatomy: Anatomy | None) -> Plan:
    """The plan as it reads beside an anatomy: each measure taken on surfaces knows whether it was on these."""
    items = tuple(seen_item(item, anatomy) for item in plan.items)
    is_same = all(one is other for one, other in zip(items, plan.items, strict=True))
    return plan if is_same else replace(plan, items=items)


def seen_item(item: Item, anatomy: Anatomy | None) -> Item:
    """One item as `seen_on` has it."""
    if not isinstance(item, FoundItem):
        return item
    if anatomy is None:
        return as_seen(item, None)
    if isinstance(item, Resection):
        return as_seen(item, anatomy.labels is not None and RESECTED.key in anatomy.labels.names.values())
    whole, keys = without_stale(anatomy), structures_of(item)
    assert whole is not None
    is_there = set(keys) <= set(whole.surfaces)
    return as_seen(item, is_there and marks_of(whole, *keys) == item.measured_on)


def outdated(plan: Plan, anatomy: Anatomy | None) -> tuple[Item, ...]:
    """The measures that can be taken again on the surfaces that are shown, and were taken on others."""
    whole = without_stale(anatomy)
    surfaces = {} if whole is None else whole.surfaces
    return tuple(
        item
        for item in seen_on(plan, anatomy).items
        if isinstance(item, SurfacePath | Gap | StructureVolume)
        and item.is_current is False
        and set(structures_of(item)) <= set(surfaces)
    )


def structures_of(item: SurfacePath | Gap | StructureVolume) -> tuple[str, ...]:
    """The keys of the structures that an item was measured on."""
    return (item.first, item.second) if isinstance(item, Gap) else (item.structure,)


def taken_again(plan: Plan, anatomy: Anatomy) -> Edit:
    """The step that takes all outdated measures again on the surfaces that are shown.

    Raises:
        PlannerError: one of them cannot be taken there; nothing has changed.
    """
    for item in outdated(plan, anatomy):
        plan = plan.with_item(_again(item, anatomy))
    return Edit("Measure again", plan)


def _again(item: Item, anatomy: Anatomy) -> Item:
    if isinstance(item, Gap):
        from recon.measures.gaps import smallest_gap

        _, start, end = smallest_gap(anatomy.surfaces[item.first], anatomy.surfaces[item.second])
        found: Item = replace(item, start_mm=as_point(start), end_mm=as_point(end))
    elif isinstance(item, SurfacePath):
        from recon.measures.paths import surface_path

        mesh = anatomy.surfaces[item.structure]
        path = surface_path(mesh, np.array(item.start_mm), np.array(item.end_mm))
        line = tuple(as_point(place) for place in path)
        found = replace(item, start_mm=line[0], end_mm=line[-1], path_mm=line)
    else:
        assert isinstance(item, StructureVolume)
        mesh = anatomy.surfaces[item.structure]
        if not mesh.is_closed:
            raise PlannerError(
                f"“{item.name}” is not measured again", "its surface is open now", "remove it from the plan"
            )
        found = replace(item, volume_ml=mesh.volume_ml, place_mm=as_point(mesh.bounds_mm.mean(axis=0)))
    assert isinstance(found, SurfacePath | Gap | StructureVolume)
    return replace(found, measured_on=marks_of(anatomy, *structures_of(found)), is_current=None)

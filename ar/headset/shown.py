"""What viewers see, as one frozen snapshot, and the two messages that tell it: structures, and plan."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ar.headset.messages import VERSION
from core.anatomy import HEART_BY_KEY, Anatomy
from core.mesh import SurfaceMesh
from plan.items import CutPlane, Item, Landmark
from plan.plan import Plan
from plan.readings import readings
from render.drawn_items import Drawn, drawn
from render.found_landmarks import found_landmarks
from render.view import ViewState

# A name of its own for each surface: it tells nothing, and a page that keeps surfaces never mistakes one.
_names: WeakKeyDictionary[SurfaceMesh, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Shown:
    """Anatomy, plan and view as viewers see them now.

    Attributes:
        revision: of the plan, by `Revisions`.
        held_id: the item that somebody is dragging; its place here is not yet a step of the plan.
        title: what stands above the heart; empty unless a name was allowed.
    """

    anatomy: Anatomy | None
    plan: Plan
    view: ViewState
    revision: int
    held_id: str = ""
    title: str = ""


def surface_name(mesh: SurfaceMesh) -> str:
    """The random name by which a viewer asks for a surface; the same as long as the surface lives."""
    return _names.setdefault(mesh, secrets.token_hex(12))


def surfaces_of(shown: Shown) -> dict[str, SurfaceMesh]:
    """All surfaces that viewers may ask for, by name."""
    surfaces = shown.anatomy.surfaces.values() if shown.anatomy else ()
    return {surface_name(mesh): mesh for mesh in surfaces if len(mesh.faces)}


def structures_message(shown: Shown) -> dict[str, object]:
    """The structures with their looks, what stands above them, and the landmarks that were found."""
    anatomy = shown.anatomy
    structures, centre, found = [], [0.0, 0.0, 0.0], []
    if anatomy is not None:
        meshes = {key: mesh for key, mesh in anatomy.surfaces.items() if len(mesh.faces)}
        structures = [_structure(key, mesh, shown.view) for key, mesh in meshes.items()]
        if meshes:
            centre = [float(v) for v in anatomy.bounds_mm.mean(axis=0)]
        found = [
            {"key": mark.key, "title": mark.title, "position_mm": list(mark.position_mm), "spread": mark.spread}
            for mark in found_landmarks(anatomy)
        ]
    return {
        "v": VERSION,
        "type": "structures",
        "title": shown.title,
        "centre_mm": centre,
        "structures": structures,
        "found": found,
    }


def plan_message(shown: Shown) -> dict[str, object]:
    """Planes, and what draws every other item; with the revision that edits refer to."""
    plan = shown.plan
    parts: Drawn = sum((drawn(item, plan) for item in plan.items), Drawn())
    return {
        "v": VERSION,
        "type": "plan",
        "revision": shown.revision,
        "held_id": shown.held_id,
        "planes": [_plane(plane) for plane in plan.of_type(CutPlane)],
        "items": [_item(item, plan) for item in plan.items if not isinstance(item, CutPlane)],
        "lines": [
            {"points_mm": [list(p) for p in line.points_mm], "colour": list(line.colour)}
            for line in parts.lines
        ],
        "points": [
            {"position_mm": list(p.position_mm), "colour": list(p.colour), "radius_mm": p.radius_mm}
            for p in parts.points
        ],
        "labels": [{"position_mm": list(text.position_mm), "text": text.text} for text in parts.labels],
    }


def _structure(key: str, mesh: SurfaceMesh, view: ViewState) -> dict[str, object]:
    look, kind = view.structure(key), HEART_BY_KEY.get(key)
    return {
        "key": key,
        "title": kind.title if kind else key,
        "surface": surface_name(mesh),
        "n_triangles": len(mesh.faces),
        "colour": list(look.colour),
        "opacity": look.opacity,
        "is_visible": look.is_visible,
        "is_closed": mesh.is_closed,
    }


def _plane(plane: CutPlane) -> dict[str, object]:
    return {
        "item_id": plane.item_id,
        "name": plane.name,
        "origin_mm": list(plane.origin_mm),
        "normal": list(plane.normal),
        "is_active": plane.is_active,
        "is_locked": plane.is_locked,
    }


def _item(item: Item, plan: Plan) -> Mapping[str, object]:
    measures = [
        {"title": found.title, "text": found.text, "why_not": found.why_not} for found in readings(item, plan)
    ]
    entry: dict[str, object] = {"item_id": item.item_id, "name": item.name, "measures": measures}
    if isinstance(item, Landmark):
        entry["position_mm"] = [float(v) for v in np.asarray(item.position_mm)]
    return entry

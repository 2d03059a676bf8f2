"""What viewers see, as one frozen snapshot, and the two messages that tell it: structures, and plan."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from ar.headset.messages import VERSION
from ar.headset.names import Names
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from plan.items import CutBox, CutCurve, CutPlane, Item, Landmark
from plan.plan import Plan
from plan.readings import readings
from render.compose import active_cuts, drawn_items
from render.cuts import Geometry, cut_by, geometry_of, planes_of
from render.found_landmarks import found_landmarks, sd_of
from render.scene import FoundLandmark
from render.view import ViewState

_SECRET = secrets.token_bytes(32)
# A name of its own for each surface: it tells nothing, and a page that keeps surfaces never mistakes one.
_names: WeakKeyDictionary[SurfaceMesh, dict[tuple[Geometry, ...], str]] = WeakKeyDictionary()
MOST_NAMES = 32


@dataclass(frozen=True, eq=False)
class CutSource:
    """A surface as viewers get it: cut by curves here, by planes and boxes in the page."""

    mesh: SurfaceMesh
    curves: tuple[CutCurve, ...] = ()

    def cut(self) -> SurfaceMesh:
        """What the curves leave of it."""
        return cut_by(self.mesh, self.curves).mesh


@dataclass(frozen=True)
class Shown:
    """Anatomy, plan and view as viewers see them now.

    Attributes:
        revision: of the plan, by `Revisions`.
        held_id: the item that somebody is dragging; its place here is not yet a step of the plan.
        title: what stands above the heart; empty unless a name was allowed.
        has_names: names that somebody typed are told as they are.
        not_shown: what the workstation shows of this and viewers do not see, for people to read.
    """

    anatomy: Anatomy | None
    plan: Plan
    view: ViewState
    revision: int
    held_id: str = ""
    title: str = ""
    has_names: bool = False
    not_shown: tuple[str, ...] = ()

    @cached_property
    def names(self) -> Names:
        """How structures and items are called."""
        return Names(self.anatomy, self.drawn_plan, self.has_names)

    @property
    def space(self) -> str:
        """Tells one patient space from another, and nothing else about it."""
        if self.anatomy is None:
            return ""
        return hmac.new(_SECRET, self.anatomy.frame_of_reference_uid.encode(), hashlib.sha256).hexdigest()[:16]

    @property
    def drawn_plan(self) -> Plan:
        """The plan; an empty one when it belongs to another patient space than the anatomy."""
        is_here = self.anatomy is None or self.plan == Plan()
        is_same = is_here or self.plan.frame_of_reference_uid == self.anatomy.frame_of_reference_uid  # type: ignore[union-attr]
        return self.plan if is_same else Plan()

    @property
    def limits(self) -> tuple[str, ...]:
        """All that viewers are told not to see."""
        found = list(self.not_shown)
        if self.view.painted_by:
            found.append("colours of millimetres on surfaces")
        if self.drawn_plan is not self.plan:
            found.append("the plan: it belongs to another patient space")
        return (*found, self.names.note) if self.names.note else tuple(found)


def sources_of(shown: Shown) -> dict[str, CutSource]:
    """All surfaces that viewers may ask for, by name."""
    return {name: source for _, name, source in _parts(shown)}


def structures_message(shown: Shown) -> dict[str, object]:
    """The structures with their looks, what stands above them, and the landmarks that were found."""
    anatomy = shown.anatomy
    centre, found = [0.0, 0.0, 0.0], []
    if anatomy is not None:
        if any(len(mesh.faces) for mesh in anatomy.surfaces.values()):
            centre = [float(v) for v in anatomy.bounds_mm.mean(axis=0)]
        found = [_found(mark, anatomy) for mark in found_landmarks(anatomy)]
    return {
        "v": VERSION,
        "type": "structures",
        "title": shown.title,
        "space": shown.space,
        "centre_mm": centre,
        "structures": [_structure(key, name, source.mesh, shown) for key, name, source in _parts(shown)],
        "found": found,
        "has_found": shown.view.show_found_landmarks,
        "not_shown": list(shown.limits),
    }


def plan_message(shown: Shown) -> dict[str, object]:
    """Planes, and what draws every other item; with the revision that edits refer to."""
    plan = shown.names.public_plan
    parts = drawn_items(plan, shown.view)
    return {
        "v": VERSION,
        "type": "plan",
        "revision": shown.revision,
        "held_id": shown.held_id,
        "has_frames": shown.view.show_cut_planes,
        "planes": [_plane(plane) for plane in plan.of_type(CutPlane)],
        "boxes": [_box(box) for box in plan.of_type(CutBox) if box.is_active],
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


def _found(mark: FoundLandmark, anatomy: Anatomy) -> dict[str, object]:
    place = list(mark.position_mm)
    sd_mm = sd_of(anatomy, mark.key)
    return {"key": mark.key, "title": mark.title, "position_mm": place, "spread": mark.spread, "sd_mm": sd_mm}


def _parts(shown: Shown) -> list[tuple[str, str, CutSource]]:
    """Key, name and source of each structure that has a surface."""
    anatomy = shown.anatomy
    meshes = anatomy.surfaces if anatomy is not None else {}
    curves = [cut for cut in active_cuts(shown.drawn_plan) if isinstance(cut, CutCurve)]
    found = []
    for key, mesh in meshes.items():
        if len(mesh.faces):
            source = CutSource(mesh, tuple(curve for curve in curves if key not in curve.spared))
            found.append((key, _name(source), source))
    return found


def _name(source: CutSource) -> str:
    """The random name by which a viewer asks for a surface; the same as long as the surface and its cuts are."""
    known = _names.setdefault(source.mesh, {})
    wanted = tuple(geometry_of(curve) for curve in source.curves)
    name = known.pop(wanted, None) or secrets.token_hex(12)
    known[wanted] = name
    # A curve that is dragged leaves one for each place it was at.
    while len(known) > MOST_NAMES:
        del known[next(iter(known))]
    return name


def _structure(key: str, name: str, mesh: SurfaceMesh, shown: Shown) -> dict[str, object]:
    look = shown.view.structure(key)
    return {
        "key": shown.names.keys[key],
        "title": shown.names.title(key),
        "surface": name,
        "n_triangles": len(mesh.faces),
        "colour": list(look.colour),
        "opacity": look.opacity,
        "is_visible": look.is_visible,
    }


def _plane(plane: CutPlane) -> dict[str, object]:
    return {
        "item_id": plane.item_id,
        "name": plane.name,
        "origin_mm": list(plane.origin_mm),
        "normal": list(plane.normal),
        "is_active": plane.is_active,
        "is_locked": plane.is_locked,
        "spared": list(plane.spared),
    }


def _box(box: CutBox) -> dict[str, object]:
    sides = [{"origin_mm": list(side.origin_mm), "normal": list(side.normal)} for side in planes_of(box)]
    return {"item_id": box.item_id, "spared": list(box.spared), "sides": sides}


def _item(item: Item, plan: Plan) -> Mapping[str, object]:
    measures = [
        {"title": found.title, "text": found.text, "why_not": found.why_not} for found in readings(item, plan)
    ]
    entry: dict[str, object] = {"item_id": item.item_id, "name": item.name, "measures": measures}
    if isinstance(item, Landmark):
        entry["position_mm"] = [float(v) for v in np.asarray(item.position_mm)]
    return entry

"""The one place where anatomy, plan and view become a scene; a pure function, whoever draws the result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.items import Cut, CutPlane, Item
from plan.plan import Plan
from render.cut_store import exact_cut, is_slow, known_cut, rough_cut
from render.cutting import CutSurface
from render.drawn_items import Drawn, drawn
from render.drawn_sheets import drawn_sheet, is_sheet_item
from render.found_landmarks import found_landmarks
from render.scene import CameraView, Legend, PlaneWidget, Scene, Surface
from render.steadiness import can_be_painted
from render.view import ViewState

PLANE_SIZE_OF_ANATOMY = 1.1
EMPTY_PLANE_SIZE_MM = 100.0


def compose(
    anatomy: Anatomy,
    plan: Plan,
    view: ViewState,
    camera: CameraView | None = None,
    *,
    may_be_rough: bool = False,
) -> Scene:
    """The scene of an anatomy with a plan, as `view` wants to see it.

    Every active cut of the plan cuts every surface that it does not spare, whether or not the cuts are shown.

    Args:
        may_be_rough: cuts that take long and are not known yet (`unmade_cuts`) hide whole triangles for now.

    Raises:
        PlannerError: the plan belongs to another patient space than the anatomy.
    """
    _check_same_space(anatomy, plan)
    items = drawn_items(plan, view)
    surfaces = _surfaces(anatomy, plan, view, may_be_rough)
    return Scene(
        surfaces=surfaces,
        polylines=items.lines,
        points=items.points,
        labels=items.labels,
        planes=plane_widgets(anatomy, plan) if view.show_cut_planes else (),
        found=found_landmarks(anatomy) if view.show_found_landmarks else (),
        legend=_legend(surfaces, view.painted_by) if view.painted_by and surfaces else None,
        camera=camera,
    )


def drawn_items(plan: Plan, view: ViewState) -> Drawn:
    """What shows the items of a plan that a view wants to see; the same wherever they are drawn."""
    return sum((_drawn(item, plan) for item in plan.items if _is_drawn(item, view)), Drawn())


def _drawn(item: Item, plan: Plan) -> Drawn:
    return drawn_sheet(item, plan) if is_sheet_item(item) else drawn(item, plan)


def _check_same_space(anatomy: Anatomy, plan: Plan) -> None:
    # A plan that nobody has touched yet belongs to no patient.
    if plan.frame_of_reference_uid != anatomy.frame_of_reference_uid and plan != Plan():
        raise PlannerError(
            "cannot show this plan on this anatomy",
            "they belong to different patient spaces (frame of reference UIDs differ)",
            "open the anatomy the plan was made on, or register the two first",
        )


def unmade_cuts(
    anatomy: Anatomy, plan: Plan, view: ViewState
) -> tuple[tuple[SurfaceMesh, tuple[Cut, ...]], ...]:
    """The visible surfaces whose cuts take long and are not known yet, with these cuts."""
    return tuple((mesh, cuts) for _, mesh, cuts in _visible(anatomy, plan, view) if _is_unmade(mesh, cuts))


def _is_unmade(mesh: SurfaceMesh, cuts: tuple[Cut, ...]) -> bool:
    return is_slow(cuts) and known_cut(mesh, cuts) is None


def _visible(
    anatomy: Anatomy, plan: Plan, view: ViewState
) -> tuple[tuple[str, SurfaceMesh, tuple[Cut, ...]], ...]:
    active = active_cuts(plan)
    return tuple(
        (key, mesh, tuple(cut for cut in active if key not in cut.spared))
        for key, mesh in anatomy.surfaces.items()
        if view.structure(key).is_visible and view.structure(key).opacity > 0.0
    )


def _surfaces(anatomy: Anatomy, plan: Plan, view: ViewState, may_be_rough: bool) -> tuple[Surface, ...]:
    surfaces = []
    for key, mesh, cuts in _visible(anatomy, plan, view):
        look = view.structure(key)
        remaining = _cut(mesh, cuts, may_be_rough)
        if len(remaining.mesh.faces):
            is_painted = can_be_painted(mesh, view.painted_by)
            opacity = 1.0 if is_painted else look.opacity
            surface = Surface(key, remaining.mesh, look.colour, opacity, remaining.n_cap_faces, is_painted)
            surfaces.append(replace(surface, painted_by=view.painted_by) if is_painted else surface)
    return tuple(surfaces)


def _legend(surfaces: tuple[Surface, ...], painted_by: str) -> Legend:
    keys = [surface.key for surface in surfaces if not surface.is_painted]
    return Legend(tuple(HEART_BY_KEY[key].title if key in HEART_BY_KEY else key for key in keys), painted_by)


def _is_drawn(item: Item, view: ViewState) -> bool:
    return view.show_cut_planes if isinstance(item, Cut) else view.show_measures


def active_cuts(plan: Plan) -> tuple[Cut, ...]:
    """The cuts of a plan that are in force, in the order in which they were placed."""
    found = (item for item in plan.items if isinstance(item, Cut))
    return tuple(item for item in found if item.is_active)


def _cut(mesh: SurfaceMesh, cuts: tuple[Cut, ...], may_be_rough: bool) -> CutSurface:
    return rough_cut(mesh, cuts) if may_be_rough and _is_unmade(mesh, cuts) else exact_cut(mesh, cuts)


def plane_widgets(anatomy: Anatomy, plan: Plan) -> tuple[PlaneWidget, ...]:
    """The frames of the plan's active cut planes."""
    planes = [plane for plane in plan.of_type(CutPlane) if plane.is_active]
    size_mm = EMPTY_PLANE_SIZE_MM
    if any(len(mesh.vertices) for mesh in anatomy.surfaces.values()):
        size_mm = PLANE_SIZE_OF_ANATOMY * float(np.ptp(anatomy.bounds_mm, axis=0).max())
    return tuple(
        PlaneWidget(plane.item_id, plane.origin_mm, plane.normal, size_mm, plane.is_locked) for plane in planes
    )

"""Steps of the plan: cut planes, measuring tools, undo and redo."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.found_root import found_points, place_root
from app.sheets.steps import clear
from app.state import State
from app.tools import LEAST_POINTS, Tool
from plan import edits
from plan.handles import handles
from plan.items import AorticRoot, CutPlane, Item, PlaneAngle, Point
from plan.plan import Plan

# What a plane in each position takes away first: the part that hides the heart from the usual view.
CUT_DIRECTIONS: dict[str, Point] = {
    "coronal": (0.0, -1.0, 0.0),
    "axial": (0.0, 0.0, 1.0),
    "sagittal": (-1.0, 0.0, 0.0),
}


def add_cut_plane(desk: Desk, direction: str = "coronal") -> None:
    """Cut at the crosshair, across one axis of the patient."""
    state = desk.session.state
    name = edits.next_name(state.plan, CutPlane)
    plane = CutPlane(name, state.crosshair_mm or (0.0, 0.0, 0.0), CUT_DIRECTIONS[direction])
    desk.session.apply(edits.add(state.plan, plane))
    desk.session.select(plane.item_id)


def change_item(desk: Desk, item: Item, verb: str) -> None:
    """Put a changed item in its place as one named step; nothing happens when it is as before."""
    plan = desk.session.state.plan
    if plan.find(item.item_id) != item:
        desk.session.apply(edits.change(plan, item, verb))


def remove_item(desk: Desk, item_id: str) -> None:
    """Take an item out of the plan."""
    desk.session.apply(edits.remove(desk.session.state.plan, item_id))
    desk.session.select(None)


def go_to(desk: Desk, item_id: str) -> None:
    """Select an item and bring the slices to it."""
    item = desk.session.state.plan.find(item_id)
    desk.session.select(item_id)
    middle = centre_mm(item, desk.session.state.plan)
    if middle is not None:
        desk.session.look_at(middle)


def add_plane_angle(desk: Desk, plane_id: str, other_id: str) -> None:
    """Measure the angle of a cut plane with another plane, or with the line of a distance."""
    plan = desk.session.state.plan
    angle = PlaneAngle(edits.next_name(plan, PlaneAngle), plane_id, other_id)
    desk.session.apply(edits.add(plan, angle))
    desk.session.select(angle.item_id)


def open_root_sheet(desk: Desk) -> None:
    """Open the sheet of the selected aortic root, of the last one, or of a new one."""
    state = desk.session.state
    item = selected(state)
    roots = state.plan.of_type(AorticRoot)
    root = item if isinstance(item, AorticRoot) else (roots[-1] if roots else None)
    desk.session.sheets.open(root or AorticRoot(edits.next_name(state.plan, AorticRoot)))


def begin_found_root(desk: Desk) -> None:
    """Begin an aortic root with the landmarks that the network found, as one step, and open its sheet."""
    session = desk.session
    plan, anatomy, points = session.state.plan, session.state.anatomy, found_points(session.state.anatomy)
    if anatomy is None or not points:
        return
    roots = plan.of_type(AorticRoot)
    untouched = [root for root in roots if all(getattr(root, name) == at for name, at in points.items())]
    if untouched:
        session.sheets.open(untouched[-1])
        return
    edit, root, told = place_root(plan, anatomy)
    session.apply(edit)
    session.sheets.open(root)
    session.look_at(next(iter(points.values())))
    session.note(told)


def clear_step(desk: Desk, field: str) -> None:
    """Take the points of one step of the open sheet away."""
    state = desk.session.state
    if state.sheet is not None and state.sheet_item is not None and getattr(state.sheet_item, field):
        desk.session.apply(clear(state.plan, state.sheet, field))
        desk.session.sheets.choose(field)


def centre_mm(item: Item, plan: Plan) -> np.ndarray | None:
    """The middle (3,) of an item, LPS mm; None when nothing of it is placed."""
    if isinstance(item, CutPlane):
        return np.array(item.origin_mm)
    if isinstance(item, PlaneAngle):
        planes = [plane.origin_mm for plane in plan.of_type(CutPlane) if plane.item_id == item.plane_id]
        return np.array(planes[0]) if planes else None
    places = [handle.position_mm for handle in handles(item)]
    return np.mean(places, axis=0) if places else None


def selected(state: State) -> Item | None:
    """The selected item, if it is still in the plan."""
    return next((item for item in state.plan.items if item.item_id == state.selected_id), None)


def _selected_plane(state: State) -> CutPlane | None:
    item = selected(state)
    return item if isinstance(item, CutPlane) else None


def _flip_selected(desk: Desk) -> None:
    plane = _selected_plane(desk.session.state)
    if plane is not None:
        x, y, z = plane.normal
        change_item(desk, replace(plane, normal=(-x, -y, -z)), "Flip")


def _lock_selected(desk: Desk) -> None:
    plane = _selected_plane(desk.session.state)
    if plane is not None:
        change_item(
            desk, replace(plane, is_locked=not plane.is_locked), "Unlock" if plane.is_locked else "Lock"
        )


def _remove_selected(desk: Desk) -> None:
    item = selected(desk.session.state)
    if item is not None:
        remove_item(desk, item.item_id)


def _take(tool: Tool) -> Callable[[Desk], None]:
    return lambda desk: desk.session.take(tool)


def _finish(desk: Desk) -> None:
    desk.session.finish()


def _can_finish(state: State) -> bool:
    if state.tool is Tool.SHEET:
        return state.sheet is not None and state.sheet.field is not None
    return len(state.placed_mm) >= LEAST_POINTS.get(state.tool, math.inf)


def _holds(tool: Tool) -> Callable[[State], bool]:
    return lambda state: state.tool is tool


def _is_open(state: State) -> bool:
    return state.can_plan


def _has_found_root(state: State) -> bool:
    return state.can_plan and bool(found_points(state.anatomy))


def _why_no_found_root(state: State) -> str:
    return _why_not(state) or "no landmark of the aortic root was found with enough certainty"


def _why_not(state: State) -> str:
    return PICTURE_SHOWN if state.clip is not None else ""


def _has_plane(state: State) -> bool:
    return _selected_plane(state) is not None


def _is_locked(state: State) -> bool:
    plane = _selected_plane(state)
    return plane is not None and plane.is_locked


def _undo_title(state: State) -> str:
    name = state.history.undo_name
    return f"Undo {_lowered(name)}" if name else "Undo"


def _redo_title(state: State) -> str:
    name = state.history.redo_name
    return f"Redo {_lowered(name)}" if name else "Redo"


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _tool_command(tool: Tool, title: str, key: str, icon: str) -> Command:
    return Command(
        f"plan.{tool.value}", title, _take(tool), (key,), icon, _is_open, _holds(tool), why_not=_why_not
    )


COMMANDS = (
    Command(
        "edit.undo",
        _undo_title,
        lambda desk: desk.session.undo(),
        ("Ctrl+Z",),
        "undo",
        lambda state: state.history.undo_name is not None,
    ),
    Command(
        "edit.redo",
        _redo_title,
        lambda desk: desk.session.redo(),
        ("Ctrl+Y", "Ctrl+Shift+Z"),
        "redo",
        lambda state: state.history.redo_name is not None,
    ),
    Command(
        "edit.remove",
        "Remove selected item",
        _remove_selected,
        ("Delete", "Backspace"),
        "bin",
        lambda state: selected(state) is not None,
    ),
    _tool_command(Tool.NAVIGATE, "Navigate", "Esc", "cursor"),
    _tool_command(Tool.DISTANCE, "Distance", "D", "ruler"),
    _tool_command(Tool.ANGLE, "Angle", "A", "angle"),
    _tool_command(Tool.LANDMARK, "Landmark", "L", "pin"),
    _tool_command(Tool.POLYLINE, "Polyline", "Shift+L", "polyline"),
    _tool_command(Tool.CONTOUR, "Contour", "C", "contour"),
    Command("plan.finish", "End line", _finish, ("Return", "Enter"), "", _can_finish),
    Command(
        "plan.aortic_root",
        "Aortic root",
        open_root_sheet,
        ("Shift+A",),
        "valve",
        _is_open,
        lambda state: isinstance(state.sheet_item, AorticRoot),
        why_not=_why_not,
    ),
    Command(
        "plan.found_root",
        "Aortic root from found landmarks",
        begin_found_root,
        is_enabled=_has_found_root,
        why_not=_why_no_found_root,
    ),
    Command(
        "plan.cut_coronal",
        "Add cut plane",
        lambda desk: add_cut_plane(desk),
        ("P",),
        "plane",
        _is_open,
        why_not=_why_not,
    ),
    Command(
        "plan.cut_axial",
        "Add axial cut plane",
        lambda desk: add_cut_plane(desk, "axial"),
        ("Shift+P",),
        "",
        _is_open,
        why_not=_why_not,
    ),
    Command(
        "plan.cut_sagittal",
        "Add sagittal cut plane",
        lambda desk: add_cut_plane(desk, "sagittal"),
        ("Ctrl+P",),
        "",
        _is_open,
        why_not=_why_not,
    ),
    Command("plan.flip", "Flip cut plane", _flip_selected, ("F",), "", _has_plane),
    Command("plan.lock", "Lock cut plane", _lock_selected, ("K",), "", _has_plane, _is_locked),
)

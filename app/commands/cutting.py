"""Cuts beside the plain plane: boxes and curves, planes laid on views and valves, moved and spared structures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.commands.planning import change_item, selected
from app.measures.snapping import following, targets
from app.state import State
from app.tools import Tool
from plan import edits
from plan.items import Cut, CutBox, CutCurve, CutPlane, as_point

STEP_MM, FINE_STEP_MM = 1.0, 0.2
ROOM_MM = 5.0


def add_cut_box(desk: Desk) -> None:
    """Cut to a box around all structures; its corners are dragged from there."""
    state = desk.session.state
    if state.anatomy is None:
        return
    low, high = state.anatomy.bounds_mm + [[-ROOM_MM], [ROOM_MM]]
    box = CutBox(edits.next_name(state.plan, CutBox), as_point(low), as_point(high))
    desk.session.apply(edits.add(state.plan, box))
    desk.session.select(box.item_id)


def lay_on(desk: Desk, item_id: str, title: str) -> None:
    """Lay a cut plane on the target of this title; nothing happens where that is not known any more."""
    plane = desk.session.state.plan.find(item_id)
    target = next((one for one in targets(desk.session.state) if one.title == title), None)
    if isinstance(plane, CutPlane) and target is not None:
        change_item(desk, target.put(plane), f"Lay on {target.title.lower()}:")


def spare(desk: Desk, item_id: str, key: str, is_spared: bool) -> None:
    """Let a cut leave one structure whole, or cut it again."""
    cut = desk.session.state.plan.find(item_id)
    if isinstance(cut, CutPlane | CutBox | CutCurve):
        spared = tuple(sorted({*cut.spared, key} if is_spared else {*cut.spared} - {key}))
        change_item(desk, replace(cut, spared=spared), "Choose structures of")


def moved_plane(plane: CutPlane, along_mm: float) -> CutPlane:
    """A plane moved along its normal."""
    return replace(plane, origin_mm=as_point(np.array(plane.origin_mm) + along_mm * np.array(plane.normal)))


def _lay_on_next(desk: Desk) -> None:
    plane = selected(desk.session.state)
    target = following(desk.session.state, plane) if isinstance(plane, CutPlane) else None
    if isinstance(plane, CutPlane) and target is not None:
        change_item(desk, target.put(plane), f"Lay on {target.title.lower()}:")


def _move(along_mm: float) -> Callable[[Desk], None]:
    def run(desk: Desk) -> None:
        plane = selected(desk.session.state)
        if isinstance(plane, CutPlane):
            change_item(desk, moved_plane(plane, along_mm), "Move")

    return run


def _toggle(desk: Desk) -> None:
    cut = selected_cut(desk.session.state)
    if cut is not None:
        change_item(desk, replace(cut, is_active=not cut.is_active), "Hide" if cut.is_active else "Show")


def _turn_inside_out(desk: Desk) -> None:
    cut = selected(desk.session.state)
    if isinstance(cut, CutCurve):
        change_item(desk, replace(cut, keeps_inside=not cut.keeps_inside), "Turn inside out")


def selected_cut(state: State) -> Cut | None:
    """The selected item when it cuts."""
    item = selected(state)
    return item if isinstance(item, CutPlane | CutBox | CutCurve) else None


def _has_plane(state: State) -> bool:
    return isinstance(selected(state), CutPlane)


def _why_no_plane(state: State) -> str:
    return "" if _has_plane(state) else "select a cut plane in the plan list"


def _tool(tool: Tool, title: str, key: str, icon: str) -> Command:
    return Command(
        f"plan.{tool.value}",
        title,
        lambda desk: desk.session.take(tool),
        (key,),
        icon,
        lambda state: state.can_plan,
        lambda state: state.tool is tool,
        why_not=lambda state: PICTURE_SHOWN if state.clip is not None else "",
    )


def _on_plane(name: str, title: str, run: Callable[[Desk], None], *keys: str, icon: str = "") -> Command:
    return Command(f"plan.{name}", title, run, keys, icon, _has_plane, why_not=_why_no_plane)


COMMANDS = (
    _tool(Tool.PLANE_POINTS, "Cut plane through three points", "Ctrl+Shift+P", "plane_points"),
    _tool(Tool.CUT_CURVE, "Cut by a closed curve", "Shift+C", "cut_curve"),
    Command(
        "plan.cut_box",
        "Cut to a box",
        add_cut_box,
        ("Ctrl+B",),
        "box",
        lambda state: state.can_plan and state.anatomy is not None,
        why_not=lambda state: "" if state.anatomy is not None else "there is nothing to cut yet",
    ),
    _on_plane("lay_on_next", "Lay cut plane on the next view or valve", _lay_on_next, "J", icon="snap"),
    _on_plane("move_away", "Move cut plane 1 mm outwards", _move(STEP_MM), "Ctrl+Up"),
    _on_plane("move_back", "Move cut plane 1 mm back", _move(-STEP_MM), "Ctrl+Down"),
    Command(
        "plan.toggle_cut",
        "Cut or do not cut",
        _toggle,
        ("Ctrl+H",),
        "",
        lambda state: selected_cut(state) is not None,
        lambda state: (cut := selected_cut(state)) is not None and cut.is_active,
    ),
    Command(
        "plan.inside_out",
        "Turn cut curve inside out",
        _turn_inside_out,
        ("Ctrl+F",),
        "",
        lambda state: isinstance(selected(state), CutCurve),
    ),
)

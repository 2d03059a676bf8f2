"""Measures on surfaces: the wall's thickness, and muscle that is resected from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.commands.command import Command, Desk
from app.commands.planning import selected
from app.measures.placing import N_FOR_A_GAP, gap_between, item_on_surface, shown_keys, with_volumes
from app.measures.resecting import ResectionWish, previewed, resection_edit, why_no_resection
from app.measures.seen import outdated, taken_again
from app.measures.wall import Segment, axis_words, measured_wall, segment_table, why_no_wall
from app.state import State
from app.tools import N_SURFACE_POINTS, Tool
from core.anatomy import Anatomy
from core.errors import PlannerError
from plan import edits
from plan.edits import Edit
from plan.items import Contour, Item, as_point


def _toggle_thickness(desk: Desk) -> None:
    view = desk.session.state.view
    desk.session.look(replace(view, paint_thickness=not view.paint_thickness, paint_uncertainty=False))


def _can_paint(state: State) -> bool:
    return state.view.paint_thickness or not why_no_wall(state.anatomy)


def _why_not(state: State) -> str:
    return "" if state.view.paint_thickness else why_no_wall(state.anatomy)


def resect(desk: Desk) -> None:
    """Measure the wall, then let the user choose how deep the selected contour is resected."""
    state = desk.session.state
    contour, anatomy = selected(state), state.anatomy
    if not isinstance(contour, Contour) or anatomy is None:
        return

    def preview(wish: ResectionWish) -> str:
        found = previewed(anatomy, contour, wish)
        return f"takes {found.volume_ml:.1f} ml, leaves {found.wall_left_mm:.1f} mm at the thinnest"

    def apply(wish: ResectionWish) -> None:
        now = desk.session.state
        if contour not in now.plan.items or now.anatomy is not anatomy:
            raise PlannerError("nothing is resected", "contour or heart have changed since", "choose it again")
        desk.session.labels.keep_beginning()
        edit, told = resection_edit(now, contour, wish)
        desk.session.apply(edit)
        desk.session.select(edit.plan.items[-1].item_id)
        if told is not None:
            desk.session.note(told)

    def ask(_: object) -> None:
        desk.ask_resection(preview, apply)

    desk.run("Measuring the wall", lambda _: measured_wall(anatomy), ask)


def place(desk: Desk, position_mm: np.ndarray) -> None:
    """Place one point with the tool in hand; what has to be found on a surface is found by a job."""
    session = desk.session
    tool, placed = session.state.tool, (*session.state.placed_mm, as_point(position_mm))
    if len(placed) < N_SURFACE_POINTS.get(tool, len(placed) + 1):
        session.place(position_mm)
        return
    state = session.state
    anatomy, keys, plan = state.anatomy, shown_keys(state), state.plan
    if anatomy is None:
        raise PlannerError("there is nothing to measure", "no surface is shown", "reconstruct the series first")
    session.take(tool)
    desk.run(
        "Measuring on the surface",
        lambda _: item_on_surface(tool, anatomy, keys, plan, placed),
        lambda item: _add(desk, item),
    )


def measure_gap(desk: Desk) -> None:
    """Find the smallest distance of the two structures that are shown."""
    state = desk.session.state
    anatomy, keys, plan = state.anatomy, shown_keys(state), state.plan
    if anatomy is not None:
        desk.run("Measuring the gap", lambda _: gap_between(anatomy, keys, plan), lambda item: _add(desk, item))


def keep_volumes(desk: Desk) -> None:
    """Keep the volumes of the structures that are shown in the plan, as one step."""
    edit = with_volumes(desk.session.state, shown_keys(desk.session.state))
    if edit is not None:
        desk.session.apply(edit)


def measure_again(desk: Desk) -> None:
    """Take the measures of another heart or phase again on the surfaces that are shown, as one step."""
    state = desk.session.state
    anatomy, plan = state.anatomy, state.plan

    def apply(edit: Edit) -> None:
        now = desk.session.state
        if now.plan != plan or now.anatomy is not anatomy:
            raise PlannerError(
                "nothing was measured again", "plan or heart have changed since", "choose it again"
            )
        desk.session.apply(edit)

    if anatomy is not None:
        desk.run("Measuring again", lambda _: taken_again(plan, anatomy), apply)


def _why_none_again(state: State) -> str:
    return "" if outdated(state.plan, state.anatomy) else "all measures are of the surfaces that are shown"


def show_segments(desk: Desk) -> None:
    """Show the thickness by the seventeen segments as a table."""
    anatomy = desk.session.state.anatomy
    if anatomy is not None:
        desk.run(
            "Measuring the wall", lambda _: segment_table(anatomy), lambda table: _show(desk, anatomy, table)
        )


def _show(desk: Desk, anatomy: Anatomy, table: tuple[Segment, ...]) -> None:
    rows = []
    for one in table:
        values = (one.mean_mm, one.least_mm, one.most_mm)
        rows.append((f"{one.number}  {one.title}", *("–" if mm is None else f"{mm:.1f}" for mm in values)))
    rows += [(f"Not by landmarks: {words}", "", "", "") for words in axis_words(anatomy)]
    desk.show_table(
        "Wall thickness by segment (AHA), no band", ("Segment", "Mean, mm", "Least, mm", "Most, mm"), rows
    )


def _add(desk: Desk, item: Item) -> None:
    desk.session.apply(edits.add(desk.session.state.plan, item))
    desk.session.select(item.item_id)


def _why_no_gap(state: State) -> str:
    n_shown = len(shown_keys(state))
    return "" if n_shown == N_FOR_A_GAP else f"show the two structures alone: {n_shown} are shown"


def _tool(tool: Tool, title: str, key: str, icon: str) -> Command:
    return Command(
        f"plan.{tool.value}",
        title,
        lambda desk: desk.session.take(tool),
        (key,),
        icon,
        lambda state: state.can_plan and (state.anatomy is not None or tool is Tool.BALL),
        lambda state: state.tool is tool,
        why_not=lambda state: (
            "" if state.anatomy is not None else "there is no surface: reconstruct the series"
        ),
    )


def _why_no_resection(state: State) -> str:
    return why_no_resection(state, selected(state))


COMMANDS = (
    Command(
        "plan.resect",
        "Resect muscle inside contour…",
        resect,
        ("Shift+E",),
        "resect",
        lambda state: not _why_no_resection(state),
        why_not=_why_no_resection,
        while_busy=False,
    ),
    _tool(Tool.SURFACE_PATH, "Distance on surface", "S", "geodesic"),
    _tool(Tool.WALL, "Wall thickness at a place", "Shift+W", "wall"),
    _tool(Tool.BALL, "Density in a ball", "Shift+G", "ball"),
    Command(
        "plan.gap",
        "Smallest distance of two structures",
        measure_gap,
        ("Alt+G",),
        "gap",
        lambda state: not _why_no_gap(state),
        why_not=_why_no_gap,
        while_busy=False,
    ),
    Command(
        "plan.volumes",
        "Keep volumes of shown structures",
        keep_volumes,
        ("Alt+V",),
        "volume",
        lambda state: bool(shown_keys(state)),
    ),
    Command(
        "plan.measure_again",
        "Measure again on the shown surfaces",
        measure_again,
        ("Alt+R",),
        "ruler",
        lambda state: not _why_none_again(state),
        why_not=_why_none_again,
        while_busy=False,
    ),
    Command(
        "plan.segments",
        "Wall thickness by segment…",
        show_segments,
        ("Alt+W",),
        "wall",
        lambda state: not why_no_wall(state.anatomy),
        why_not=lambda state: why_no_wall(state.anatomy),
        while_busy=False,
    ),
    Command(
        "view.thickness",
        "Paint wall thickness in millimetres",
        _toggle_thickness,
        ("W",),
        "wall",
        _can_paint,
        lambda state: state.view.paint_thickness,
        why_not=_why_not,
    ),
)

"""Measures on surfaces: the wall's thickness, and muscle that is resected from it."""

from __future__ import annotations

from dataclasses import replace

from app.commands.command import Command, Desk
from app.commands.planning import selected
from app.measures.resecting import ResectionWish, previewed, resection_edit, why_no_resection
from app.measures.wall import measured_wall, why_no_wall
from app.state import State
from core.errors import PlannerError
from plan.items import Contour


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

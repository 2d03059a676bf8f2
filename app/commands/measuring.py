"""Measures on surfaces: the wall's thickness, painted and by segment."""

from __future__ import annotations

from dataclasses import replace

from app.commands.command import Command, Desk
from app.measures.wall import why_no_wall
from app.state import State


def _toggle_thickness(desk: Desk) -> None:
    view = desk.session.state.view
    desk.session.look(replace(view, paint_thickness=not view.paint_thickness, paint_uncertainty=False))


def _can_paint(state: State) -> bool:
    return state.view.paint_thickness or not why_no_wall(state.anatomy)


def _why_not(state: State) -> str:
    return "" if state.view.paint_thickness else why_no_wall(state.anatomy)


COMMANDS = (
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

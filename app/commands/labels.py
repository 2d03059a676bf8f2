"""Correcting labels: the tools, their size, and the structure in hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.labels.editing import structure_in_hand
from app.state import State
from app.tools import Tool


def choose_next_structure(desk: Desk, n_steps: int) -> None:
    """Take the structure that comes some steps after the one in hand, around the end of the list."""
    state = desk.session.state
    labels = state.anatomy.labels if state.anatomy is not None else None
    if labels is not None:
        keys = [key for value, key in sorted(labels.names.items()) if value]
        now = keys.index(structure_in_hand(labels, state.brush))
        desk.session.labels.use(replace(state.brush, key=keys[(now + n_steps) % len(keys)]))


def _toggle_ball(desk: Desk) -> None:
    brush = desk.session.state.brush
    desk.session.labels.use(replace(brush, is_ball=not brush.is_ball))


def _take(tool: Tool) -> Callable[[Desk], None]:
    return lambda desk: desk.session.take(tool)


def _can_edit(state: State) -> bool:
    return state.can_edit_labels


def _is_editing(state: State) -> bool:
    return state.is_editing_labels


def _why_not(state: State) -> str:
    if state.clip is not None:
        return PICTURE_SHOWN
    return "there are no labels: reconstruct the series, or open a segmentation"


def _tool_command(tool: Tool, title: str, key: str, icon: str) -> Command:
    return Command(
        f"labels.{tool.value}",
        title,
        _take(tool),
        (key,),
        icon,
        _can_edit,
        lambda state: state.tool is tool,
        while_busy=False,
        why_not=_why_not,
    )


COMMANDS = (
    _tool_command(Tool.PAINT, "Paint label", "B", "brush"),
    _tool_command(Tool.ERASE, "Erase label", "E", "eraser"),
    _tool_command(Tool.FILL, "Fill outline", "I", "lasso"),
    _tool_command(Tool.PULL, "Pull contour", "G", "pull"),
    Command(
        "labels.larger", "Larger brush", lambda desk: desk.session.labels.resize(1), ("]",), "", _is_editing
    ),
    Command(
        "labels.smaller", "Smaller brush", lambda desk: desk.session.labels.resize(-1), ("[",), "", _is_editing
    ),
    Command(
        "labels.ball",
        "Brush through slices (ball)",
        _toggle_ball,
        ("Shift+B",),
        "",
        _is_editing,
        lambda state: state.brush.is_ball,
    ),
    Command(
        "labels.next", "Next structure", lambda desk: choose_next_structure(desk, 1), ("N",), "", _is_editing
    ),
    Command(
        "labels.previous",
        "Previous structure",
        lambda desk: choose_next_structure(desk, -1),
        ("Shift+N",),
        "",
        _is_editing,
    ),
)

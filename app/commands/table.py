"""The table of all commands."""

from __future__ import annotations

from collections.abc import Mapping

from app.commands import (
    arranging,
    cutting,
    export,
    fusing,
    helping,
    labels,
    library,
    measuring,
    moving,
    pacs,
    planning,
    playing,
    reconstructing,
    reporting,
    sheets,
    study,
    versions,
    viewing,
)
from app.commands.command import Command

MENUS: Mapping[str, str] = {
    "file": "&File",
    "edit": "&Edit",
    "plan": "&Plan",
    "sheets": "&Sheets",
    # Not Alt+R and Alt+V, which measure again and keep volumes.
    "reconstruct": "Rec&onstruct",
    "labels": "&Labels",
    "view": "V&iew",
    "help": "&Help",
}
# Commands of one menu whose keys begin alike stand in a menu of their own.
SUBMENUS: Mapping[str, str] = {
    "view.standard_": "&Standard views",
    "view.slab_": "&Thick slab",
    "view.layout_": "&Layout",
    "view.rendering_": "Volume &presets",
    "view.window_": "&Window",
}
# What the list of series offers for the one under the pointer.
SERIES_MENU: tuple[str, ...] = ("file.open_series", "reconstruct.fuse")
# What stands below a picture without a place in the patient.
CLIP_TOOLS: tuple[str, ...] = ("view.ruler", "view.remove_rulers")
TOOLBAR: tuple[tuple[str, ...], ...] = (
    ("file.open", "file.library", "file.save"),
    ("edit.undo", "edit.redo"),
    ("reconstruct.heart",),
    ("plan.navigate", "plan.distance", "plan.angle", "plan.landmark", "plan.contour"),
    ("plan.cut_coronal", "plan.aortic_root"),
    ("labels.paint", "labels.erase", "labels.pull"),
    ("view.reset",),
)
# Those that every program has, and the tools that stand beside each other: their drawings and tips say enough.
WITHOUT_WORDS: frozenset[str] = frozenset(
    {
        "file.open",
        "file.library",
        "file.save",
        "edit.undo",
        "edit.redo",
        "labels.erase",
        "labels.pull",
        "view.reset",
    }
)


COMMANDS: tuple[Command, ...] = (
    *study.COMMANDS,
    *library.COMMANDS,
    *pacs.COMMANDS,
    *export.COMMANDS,
    *reporting.COMMANDS,
    *planning.COMMANDS,
    *versions.COMMANDS,
    *sheets.COMMANDS,
    *cutting.COMMANDS,
    *reconstructing.COMMANDS,
    *moving.COMMANDS,
    *fusing.COMMANDS,
    *labels.COMMANDS,
    *viewing.COMMANDS,
    *measuring.COMMANDS,
    *arranging.COMMANDS,
    *playing.COMMANDS,
    *helping.COMMANDS,
)
BY_KEY: Mapping[str, Command] = {command.key: command for command in COMMANDS}

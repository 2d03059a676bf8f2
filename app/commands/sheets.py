"""The guided sheets: opening one with what the reconstruction tells, setting its numbers, printing a pattern."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.labels.edited import without_stale
from app.sheets.from_surfaces import begun
from app.sheets.guides import GUIDES, Number, guide_of
from app.sheets.on_surfaces import measured_on
from app.state import State
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.progress import Progress
from plan import edits
from plan.edits import Edit, kind_title
from plan.items import (
    Appendage,
    Item,
    MitralAnnulus,
    SeptalPatch,
    ThoracicAorta,
    Ventricles,
    VirtualValve,
)
from plan.readings import readings

PATTERN_FILES = "PDF (*.pdf)"
# A sheet begun from surfaces cuts or follows them: seconds of work.
SLOW = (ThoracicAorta, MitralAnnulus, VirtualValve)


def open_sheet(desk: Desk, kind: type) -> None:
    """Open the sheet of the selected item of a kind, of the last one, or of a new one begun from the reconstruction."""
    state = desk.session.state
    mine = [item for item in state.plan.items if isinstance(item, kind)]
    chosen = next((item for item in mine if item.item_id == state.selected_id), None) or (
        mine[-1] if mine else None
    )
    if chosen is not None:
        desk.session.sheets.open(chosen)
    else:
        new_sheet(desk, kind)


def new_sheet(desk: Desk, kind: type) -> None:
    """Begin another item of a kind from the reconstruction, as one step, and open its sheet."""
    state = desk.session.state
    anatomy, plan = without_stale(state.anatomy), state.plan

    def work(progress: Progress) -> tuple[Item, Finding | None, Anatomy | None]:
        progress.report(f"Beginning {edits.KIND_TITLES[kind]}", 0.0)
        return *begun(kind, plan, anatomy), state.anatomy

    def show(made: tuple[Item, Finding | None, Anatomy | None]) -> None:
        item, told, began_from = made
        session = desk.session
        if (
            session.state.anatomy is not began_from
            or session.state.plan.frame_of_reference_uid != plan.frame_of_reference_uid
        ):
            # Another patient or another reconstruction is shown by now.
            return
        session.sheets.open(item)
        if told is not None:
            session.note(told)

    if anatomy is not None and kind in SLOW:
        desk.run(f"Beginning {edits.KIND_TITLES[kind]}", work, show)
    else:
        show((*begun(kind, plan, anatomy), state.anatomy))


def open_sheet_of(desk: Desk, item_id: str) -> None:
    """Open the sheet of one item of the plan. Raises KeyError when the plan has none of this id."""
    item = desk.session.state.plan.find(item_id)
    desk.session.select(item_id)
    desk.session.sheets.open(item)


def set_number(desk: Desk, field: str, value: float) -> None:
    """Set a number of the open sheet as one named step; nothing happens when it is as before."""
    item, plan = desk.session.state.sheet_item, desk.session.state.plan
    if item is None or getattr(plan.find(item.item_id), field) == value:
        return
    changed: dict[str, Any] = {field: value}
    number: Number = next(one for one in guide_of(item).numbers if one.field == field)
    new = replace(plan.find(item.item_id), **changed)
    desk.session.apply(Edit(f"Set {number.title.lower()} of {kind_title(item)}", plan.with_item(new)))


def write_pattern_of_sheet(desk: Desk) -> None:
    """Write the pattern of the open patch as a PDF of true size.

    Raises:
        PlannerError: there is no patch whose rim is drawn, or the file cannot be written.
    """
    from app.sheets.patch_pdf import write_pattern

    state = desk.session.state
    item = state.sheet_item
    if not isinstance(item, SeptalPatch):
        return
    measured = measured_on(item, state.plan, without_stale(state.anatomy))
    if measured.pattern is None:
        why = next((one.why_not for one in measured.readings if one.why_not), "the rim is not drawn yet")
        raise PlannerError("no pattern of the patch", why, "draw the rim of the defect")
    path = desk.ask_new_file("Pattern of the patch", f"{item.name}.pdf", PATTERN_FILES)
    if path is not None:
        sd_mm = desk.session.settings.landmark_sd_mm
        found = (*readings(item, state.plan, sd_mm), *measured.readings)
        write_pattern(measured.pattern, item.name, found, path.with_suffix(".pdf"))


def _is_open(state: State) -> bool:
    return state.can_plan


def _why_not(state: State) -> str:
    return PICTURE_SHOWN if state.clip is not None else ""


def _can_stand(state: State) -> bool:
    return state.can_plan and bool(state.plan.of_type(MitralAnnulus))


def _why_no_valve(state: State) -> str:
    return _why_not(state) or "place a mitral annulus first"


def _shows(kind: type) -> Callable[[State], bool]:
    return lambda state: isinstance(state.sheet_item, kind)


def _opens(kind: type) -> Callable[[Desk], None]:
    return lambda desk: open_sheet(desk, kind)


def _begins(kind: type) -> Callable[[Desk], None]:
    return lambda desk: new_sheet(desk, kind)


def _command(action: str, kind: type, key: str = "") -> Command:
    is_valve = kind is VirtualValve
    return Command(
        f"sheets.{action}",
        GUIDES[kind].title,
        _opens(kind),
        (key,) if key else (),
        "",
        _can_stand if is_valve else _is_open,
        _shows(kind),
        why_not=_why_no_valve if is_valve else _why_not,
    )


COMMANDS = (
    _command("mitral_annulus", MitralAnnulus, "Shift+R"),
    _command("virtual_valve", VirtualValve, "Shift+V"),
    Command(
        "sheets.another_valve",
        "Another virtual valve",
        _begins(VirtualValve),
        is_enabled=_can_stand,
        why_not=_why_no_valve,
    ),
    _command("aorta", ThoracicAorta),
    _command("appendage", Appendage),
    _command("septal_patch", SeptalPatch),
    Command(
        "sheets.another_patch",
        "Another septal patch",
        _begins(SeptalPatch),
        is_enabled=_is_open,
        why_not=_why_not,
    ),
    Command(
        "sheets.pattern",
        "Write pattern of the patch…",
        write_pattern_of_sheet,
        is_enabled=_shows(SeptalPatch),
        why_not=lambda state: "open the sheet of a septal patch",
    ),
    _command("ventricles", Ventricles),
)

"""Several plans of one patient, and the notes of the case."""

from __future__ import annotations

from app.commands.command import Command, Desk
from app.state import State
from core.errors import Finding
from plan import versions
from plan.items import Resection
from plan.plan import Plan

NOTHING = "open a series or a case first"
ALONE = "there is one plan only: duplicate it first"
HEADINGS = ("Item", "Measure", "", "", "Difference")


def duplicate(desk: Desk) -> None:
    """Go on with a copy of the plan. Raises PlannerError when there are too many."""
    desk.session.apply(versions.duplicate(desk.session.state.plan))


def switch(desk: Desk) -> None:
    """Work on the version that was put aside first; the one of now goes to the end of the row."""
    plan = desk.session.state.plan
    first = plan.shelf[0]
    edit = versions.switch(plan, first.version_id)
    # In turn: each one comes before one comes again.
    turned = (*edit.plan.shelf[1:], edit.plan.shelf[0])
    desk.session.apply(versions.ordered(edit, turned))
    if _resections(plan) != _resections(desk.session.state.plan):
        desk.session.note(_CUT_STAYS)


def compare(desk: Desk) -> None:
    """Show the plan that is worked on beside each other one, as a table."""
    plan, sd_mm = desk.session.state.plan, desk.session.settings.landmark_sd_mm
    for version in plan.shelf:
        other = versions.as_plan(plan, version.version_id)
        rows = [_row(row) for row in versions.compare(other, plan, sd_mm)]
        headings = (*HEADINGS[:2], version.name, versions.name_of(plan), HEADINGS[4])
        desk.show_table(f"{version.name} beside {versions.name_of(plan)}", headings, rows)


def write_notes(desk: Desk) -> None:
    """Ask for the notes of the case and keep them as one step."""
    notes = desk.session.state.plan.notes
    desk.ask_text("Case notes", notes, lambda text: _keep(desk, text))


def rename(desk: Desk) -> None:
    """Ask for another name of the plan."""
    name = versions.name_of(desk.session.state.plan)
    desk.ask_text(
        "Name of the plan",
        name,
        lambda text: desk.session.apply(versions.rename(desk.session.state.plan, text)),
    )


def _keep(desk: Desk, text: str) -> None:
    if text != desk.session.state.plan.notes:
        desk.session.apply(versions.write_notes(desk.session.state.plan, text))


def _row(row: versions.Compared) -> tuple[str, ...]:
    apart = row.difference
    unit = next((one.unit for one in (row.first, row.second) if one is not None), "")
    said = (
        ""
        if apart is None
        else f"{apart:+.1f} {unit}" + (" (beyond both bands)" if row.is_beyond_bands else "")
    )
    texts = tuple("–" if one is None else one.text for one in (row.first, row.second))
    return (row.item, row.title, *texts, said)


def _resections(plan: Plan) -> set[str]:
    return {item.step_id for item in plan.of_type(Resection)}


_CUT_STAYS = Finding(
    "resection_stays",
    "the muscle that one of the plans takes away stays as it is",
    "labels belong to the case, not to one of its plans",
    "undo the resection to see the heart without it",
)


def _is_open(state: State) -> bool:
    return state.can_plan


def _has_others(state: State) -> bool:
    return state.can_plan and bool(state.plan.shelf)


def _why(state: State) -> str:
    return "" if state.can_plan else NOTHING


def _why_alone(state: State) -> str:
    return _why(state) or ("" if state.plan.shelf else ALONE)


COMMANDS = (
    Command("plan.duplicate", "Duplicate plan", duplicate, (), "", _is_open, why_not=_why),
    Command("plan.rename_plan", "Rename plan…", rename, (), "", _is_open, why_not=_why),
    Command("plan.switch", "Switch to the next plan", switch, (), "", _has_others, why_not=_why_alone),
    Command("plan.compare", "Compare plans", compare, (), "", _has_others, why_not=_why_alone),
    Command("plan.notes", "Case notes…", write_notes, (), "", _is_open, why_not=_why),
)

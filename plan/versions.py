"""Several plans of one patient: copied, named, put aside and taken up again, each as one step of undo; and notes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import PlannerError
from plan.edits import Edit
from plan.formula import Reading
from plan.items import Item, new_id
from plan.plan import Plan, PlanVersion
from plan.readings import readings
from plan.schema import LONGEST_NOTES, LONGEST_TEXT, MOST_VERSIONS

FIRST_NAME = "Plan 1"


@dataclass(frozen=True)
class Compared:
    """One measure in two plans; None where a plan does not have it.

    Attributes:
        item: name of the item, title: of the measure.
        first, second: its readings.
    """

    item: str
    title: str
    first: Reading | None
    second: Reading | None

    @property
    def difference(self) -> float | None:
        """Second minus first in the reading's unit, the shorter way round for degrees; None without two values."""
        if self.first is None or self.second is None or self.first.value is None or self.second.value is None:
            return None
        apart = self.second.value - self.first.value
        return (apart + 180.0) % 360.0 - 180.0 if self.first.key.endswith("_deg") else apart

    @property
    def is_beyond_bands(self) -> bool:
        """True when the difference is larger than both bands together, as independent errors add up.

        Without both bands nobody knows: False.
        """
        apart = self.difference
        if apart is None or self.first is None or self.second is None:
            return False
        one, other = self.first.plus_minus, self.second.plus_minus
        return one is not None and other is not None and abs(apart) > (one**2 + other**2) ** 0.5


def name_of(plan: Plan) -> str:
    """What the version that is worked on is called."""
    return plan.name or FIRST_NAME


def as_plan(plan: Plan, version_id: str) -> Plan:
    """One version of a plan by itself. Raises KeyError when there is none of this id."""
    version = _find(plan, version_id)
    return Plan(plan.frame_of_reference_uid, version.items, name=version.name, version_id=version.version_id)


def duplicate(plan: Plan, name: str = "") -> Edit:
    """Put a copy of the plan that is worked on aside, and go on with another one of a new name.

    Raises:
        PlannerError: the name is taken or too long, or there are too many versions.
    """
    if len(plan.shelf) >= MOST_VERSIONS:
        raise PlannerError(
            "the plan is not copied", f"there are {MOST_VERSIONS} beside it already", "remove one first"
        )
    new_name = _checked(name or _next_name(plan), plan)
    shelf = (*plan.shelf, _shelved(plan))
    return Edit("Duplicate plan", replace(plan, name=new_name, version_id=new_id(), shelf=shelf))


def switch(plan: Plan, version_id: str) -> Edit:
    """Work on another version; the one from before takes its place. Raises KeyError: there is none of this id."""
    version = _find(plan, version_id)
    shelf = tuple(_shelved(plan) if other is version else other for other in plan.shelf)
    taken = replace(plan, items=version.items, name=version.name, version_id=version.version_id, shelf=shelf)
    return Edit(f"Switch to {version.name}", taken)


def ordered(edit: Edit, shelf: tuple[PlanVersion, ...]) -> Edit:
    """The same step with its versions in another order. Raises ValueError when they are not the same ones."""
    if {one.version_id for one in shelf} != {one.version_id for one in edit.plan.shelf}:
        raise ValueError("another order holds the same versions")
    return replace(edit, plan=replace(edit.plan, shelf=shelf))


def rename(plan: Plan, name: str, version_id: str = "") -> Edit:
    """Give a version another name; the one that is worked on without an id.

    Raises:
        PlannerError: the name is empty, too long or taken. KeyError: there is none of this id.
    """
    if not version_id or version_id == plan.version_id:
        return Edit("Rename plan", replace(plan, name=_checked(name, plan, name_of(plan))))
    version = _find(plan, version_id)
    named = replace(version, name=_checked(name, plan, version.name))
    shelf = tuple(named if other is version else other for other in plan.shelf)
    return Edit("Rename plan", replace(plan, shelf=shelf))


def remove(plan: Plan, version_id: str) -> Edit:
    """Throw a version away that is not worked on. Raises KeyError when there is none of this id."""
    version = _find(plan, version_id)
    return Edit(
        f"Remove {version.name}", replace(plan, shelf=tuple(one for one in plan.shelf if one is not version))
    )


def write_notes(plan: Plan, notes: str) -> Edit:
    """Write other notes. Raises PlannerError when they are too long."""
    if len(notes) > LONGEST_NOTES:
        raise PlannerError(
            "the notes are not kept", f"they are longer than {LONGEST_NOTES} letters", "shorten them"
        )
    return Edit("Write notes", replace(plan, notes=notes))


def compare(first: Plan, second: Plan, sd_mm: float | None = None) -> tuple[Compared, ...]:
    """Every measure of two plans beside each other, what their points tell alone.

    Items are the same where their id is, as copies have it; else where kind and name are.
    """
    rows: list[Compared] = []
    left = list(second.items)
    for item in first.items:
        other = _counterpart(item, left)
        if other is not None:
            left.remove(other)
        rows += _rows(item, first, other, second, sd_mm)
    for item in left:
        rows += [Compared(item.name, one.title, None, one) for one in readings(item, second, sd_mm)]
    return tuple(rows)


def _rows(item: Item, plan: Plan, other: Item | None, its_plan: Plan, sd_mm: float | None) -> list[Compared]:
    mine = {one.key: one for one in readings(item, plan, sd_mm)}
    theirs = {} if other is None else {one.key: one for one in readings(other, its_plan, sd_mm)}
    keys = [*mine, *(key for key in theirs if key not in mine)]
    return [Compared(item.name, (mine.get(k) or theirs[k]).title, mine.get(k), theirs.get(k)) for k in keys]


def _counterpart(item: Item, others: list[Item]) -> Item | None:
    same = [other for other in others if type(other) is type(item)]
    by_id = next((other for other in same if other.item_id == item.item_id), None)
    return by_id or next((other for other in same if other.name == item.name), None)


def _shelved(plan: Plan) -> PlanVersion:
    return PlanVersion(name_of(plan), plan.items, plan.version_id or new_id())


def _find(plan: Plan, version_id: str) -> PlanVersion:
    for version in plan.shelf:
        if version.version_id == version_id:
            return version
    raise KeyError(version_id)


def _names(plan: Plan) -> set[str]:
    return {name_of(plan), *(version.name for version in plan.shelf)}


def _next_name(plan: Plan) -> str:
    number = 2
    while f"Plan {number}" in _names(plan):
        number += 1
    return f"Plan {number}"


def _checked(name: str, plan: Plan, own: str = "") -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_TEXT:
        raise PlannerError(
            "the plan is not named so", f"a name has 1 to {LONGEST_TEXT} letters", "choose another name"
        )
    if name in _names(plan) - {own}:
        raise PlannerError("the plan is not named so", f"another one is called {name}", "choose another name")
    return name

"""Undo and redo as a history of whole immutable plans."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from plan.edits import Edit
from plan.plan import Plan


@dataclass(frozen=True)
class History:
    """A plan, how it came to be, and what was undone.

    Attributes:
        base: the plan before the first edit.
        edits: all steps, done and undone, in order.
        n_done: how many of them are done; the rest can be redone.
    """

    base: Plan = field(default_factory=Plan)
    edits: tuple[Edit, ...] = ()
    n_done: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.n_done <= len(self.edits):
            raise ValueError("a history cannot have done more or fewer steps than it holds")

    @property
    def plan(self) -> Plan:
        """The plan as it is now."""
        return self.edits[self.n_done - 1].plan if self.n_done else self.base

    @property
    def undo_name(self) -> str | None:
        """Name of the step that undo takes back, None when there is none."""
        return self.edits[self.n_done - 1].name if self.n_done else None

    @property
    def redo_name(self) -> str | None:
        """Name of the step that redo does again, None when there is none."""
        return self.edits[self.n_done].name if self.n_done < len(self.edits) else None

    def push(self, edit: Edit) -> History:
        """A history with one step more; steps that were undone are forgotten."""
        return replace(self, edits=(*self.edits[: self.n_done], edit), n_done=self.n_done + 1)

    def undo(self) -> History:
        """The last step taken back; unchanged when there is none."""
        return replace(self, n_done=max(self.n_done - 1, 0))

    def redo(self) -> History:
        """The next undone step done again; unchanged when there is none."""
        return replace(self, n_done=min(self.n_done + 1, len(self.edits)))

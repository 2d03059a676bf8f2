"""Which labels a history has come to: the map they began as, and the edits of it that are done."""

from __future__ import annotations

from dataclasses import dataclass

from plan.history import History
from plan.label_edits import LabelEdit


@dataclass(frozen=True)
class Lineage:
    """A label map and the edits that lead from it to the labels of now, in order.

    Attributes:
        map_id: the map that none of them has touched.
    """

    map_id: str
    edits: tuple[LabelEdit, ...] = ()

    @property
    def last_step(self) -> str:
        """Id of the last edit; empty when there is none."""
        return self.edits[-1].step_id if self.edits else ""


def lineage_of(history: History, phase: int) -> Lineage | None:
    """The labels of one phase as a history has them; None when no step of it was about them.

    Where all edits of a map are undone, the map itself is what is left.
    """
    steps = [edit.labels for edit in history.edits[: history.n_done]]
    edits: list[LabelEdit] = []
    for step in reversed([step for step in steps if step is not None and step.phase == phase]):
        if edits and step.map_id != edits[0].map_id:
            break
        if not isinstance(step, LabelEdit):
            return Lineage(step.map_id, tuple(reversed(edits)))
        edits.append(step)
    if edits:
        return Lineage(edits[0].map_id, tuple(reversed(edits)))
    undone = (edit.labels for edit in history.edits[history.n_done :])
    first = next((step for step in undone if step is not None and step.phase == phase), None)
    return Lineage(first.map_id) if isinstance(first, LabelEdit) else None

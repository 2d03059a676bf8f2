"""Makes the cuts of large surfaces in the background: the 3-D view shows a rough cut until they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from app.jobs import JobRunner
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.progress import Progress
from plan.items import Cut
from plan.plan import Plan

if TYPE_CHECKING:
    from render.cutting import CutSurface
    from render.view import ViewState

# More triangles than this are not cut by a box or a curve while the window waits: some 15 ms on a quiet core.
MOST_AT_ONCE = 5_000
_Task = tuple[SurfaceMesh, tuple[Cut, ...]]


class CutMaker(QObject):
    """Emits when cuts that were shown roughly have become exact."""

    made = pyqtSignal()
    refused = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = JobRunner(self)
        self._asked: tuple[_Task, ...] = ()

    def must_wait(self, anatomy: Anatomy, plan: Plan, view: ViewState, is_held: bool) -> bool:
        """Whether a scene is to be composed roughly for now; begins to make its cuts unless one is held."""
        from render.compose import unmade_cuts

        tasks = unmade_cuts(anatomy, plan, view)
        is_waiting = sum(len(mesh.faces) for mesh, _ in tasks) > MOST_AT_ONCE
        if is_held or not is_waiting:
            self.stop()
        elif not _same(tasks, self._asked):
            self._asked = tasks
            self.jobs.start(
                "Cutting", lambda progress: _cut_all(tasks, progress), self._remember, self.refused.emit
            )
        return is_waiting

    def stop(self) -> None:
        """Leave the cuts that are being made: they are no longer wanted."""
        self._asked = ()
        self.jobs.cancel()

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        return self.jobs.close(timeout_s)

    def _remember(self, found: tuple[CutSurface, ...]) -> None:
        from render.cut_store import remember_cut

        for (mesh, cuts), surface in zip(self._asked, found, strict=True):
            remember_cut(mesh, cuts, surface)
        self._asked = ()
        self.made.emit()


def _cut_all(tasks: tuple[_Task, ...], progress: Progress) -> tuple[CutSurface, ...]:
    from render.cuts import cut_by

    found = []
    for n, (mesh, cuts) in enumerate(tasks):
        progress.report("cutting", n / len(tasks))
        found.append(cut_by(mesh, cuts))
    return tuple(found)


def _same(tasks: tuple[_Task, ...], others: tuple[_Task, ...]) -> bool:
    """Compared by the surfaces themselves: two that are alike are still cut one by one."""
    return len(tasks) == len(others) and all(
        one[0] is other[0] and one[1] == other[1] for one, other in zip(tasks, others, strict=True)
    )

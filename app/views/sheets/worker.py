"""Measures on surfaces for the open sheet in the background: the user goes on working, the newest question counts."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from app.jobs import JobRunner
from app.labels.edited import without_stale
from app.sheets.on_surfaces import OnSurfaces, measured_on, needs_surfaces
from app.state import State
from core.errors import PlannerError
from core.progress import Progress
from plan.items import Item
from plan.plan import Plan


class SheetWorker(QObject):
    """Emits what an item measures on the surfaces that are shown; earlier work is stopped."""

    measured = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = JobRunner(self)
        self._asked: tuple[object, ...] | None = None

    def show_state(self, state: State, sd_mm: float) -> None:
        """Follow the open sheet; nothing is worked out while one of its points is held."""
        item = state.sheet_item
        if state.dragged is not None:
            return
        if state.sheet is None or item is None or not needs_surfaces(item):
            self._leave()
            return
        plan = Plan(items=state.plan.items)
        # Items that are no part of this sheet change often and change nothing here.
        kin = tuple(other for other in plan.items if other.item_id == getattr(item, "annulus_id", None))
        asked = (item, kin, state.anatomy, state.moving, sd_mm)
        if asked == self._asked:
            return
        self._leave()
        self._asked = asked
        self._start(state, item, plan, sd_mm)

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        return self.jobs.close(timeout_s)

    def _leave(self) -> None:
        self._asked = None
        self.jobs.cancel()

    def _start(self, state: State, item: Item, plan: Plan, sd_mm: float) -> None:
        anatomy, moving = without_stale(state.anatomy), state.moving

        def work(progress: Progress) -> OnSurfaces:
            return measured_on(item, plan, anatomy, moving, sd_mm, progress)

        asked = self._asked

        def tell(found: OnSurfaces) -> None:
            if self._asked is asked:
                self.measured.emit(item, found)

        def refuse(refusal: PlannerError) -> None:
            if self._asked is asked:
                self.measured.emit(item, OnSurfaces(why_not=refusal.why))

        self.jobs.start("Measuring", work, tell, refuse)

"""Makes surfaces again in the background after labels were edited; the user goes on working."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal

from app.jobs import JobRunner
from app.labels.edited import stale_keys
from app.labels.surfaces import Made, work_of
from app.session import Session
from app.state import State
from core.errors import PlannerError
from core.volume import LabelMap


class SurfaceUpdater(QObject):
    """Emits the labels and the surfaces that were made of them; work on older labels is stopped."""

    made = pyqtSignal(object, object)
    refused = pyqtSignal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.jobs = JobRunner(self)
        self._labels: LabelMap | None = None

    def show_state(self, state: State) -> None:
        """Follow the labels; an update begins as soon as a surface is older than they are."""
        labels = state.anatomy.labels if state.anatomy is not None else None
        if labels is self._labels:
            return
        self._labels = labels
        self.jobs.cancel()
        if state.anatomy is None or labels is None or not stale_keys(state.anatomy):
            return
        try:
            begun = self._session.labels.beginning()
        except PlannerError as refusal:
            self.refused.emit(refusal)
            return
        self.jobs.start(
            "Updating surfaces", work_of(state.anatomy, begun), self._tell(labels), self.refused.emit
        )

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        return self.jobs.close(timeout_s)

    def _tell(self, labels: LabelMap) -> Callable[[Made], None]:
        return lambda made: self.made.emit(labels, made)

"""Measures the wall in the background while it is painted by its thickness: after a phase or an edit as well."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from app.jobs import JobRunner
from app.measures.wall import WALL, known_wall, measured_wall, why_no_wall
from app.state import State
from core.mesh import SurfaceMesh


class WallUpdater(QObject):
    """Emits when the thickness of the shown wall has become known."""

    made = pyqtSignal()
    refused = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = JobRunner(self)
        self._asked: SurfaceMesh | None = None

    def show_state(self, state: State) -> None:
        """Begin to measure when the wall is painted, or measured through, and not known yet."""
        anatomy = state.anatomy
        if anatomy is None or not is_wanted(state) or why_no_wall(anatomy):
            return
        mesh = anatomy.surfaces[WALL]
        if mesh is self._asked or known_wall(anatomy) is not None:
            return
        self._asked = mesh
        self.jobs.cancel()
        self.jobs.start(
            "Measuring the wall",
            lambda _: measured_wall(anatomy),
            lambda _: self.made.emit(),
            self.refused.emit,
        )

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        return self.jobs.close(timeout_s)


def is_wanted(state: State) -> bool:
    """Whether what is shown needs the wall's thickness."""
    return state.view.paint_thickness

"""A saved case as the state that the window would show, for commands without a window."""

from __future__ import annotations

from pathlib import Path

from app.case import is_case, read_case
from app.state import State
from app.windowing import first_window
from core.errors import PlannerError
from core.progress import Progress
from plan.history import History
from plan.items import as_point
from render.view import ViewState


def state_of_case(folder: Path, progress: Progress) -> State:
    """Read a case, its images where they still are, and show it as the window does.

    Raises:
        PlannerError: it is no case, or damaged.
    """
    if not is_case(folder):
        raise PlannerError(f"cannot open {folder.name}", "it is not a saved case", "give a folder *.auricle")
    case = read_case(folder, progress)
    volume = case.volume
    at_mm = None if volume is None else as_point(volume.centre_mm)
    return State(
        folder=case.study,
        scan=case.scan,
        source=case.study,
        series=case.series,
        phase=case.phase,
        volume=volume,
        anatomy=case.anatomy,
        moving=case.moving,
        fusion=case.fusion,
        history=History(case.plan),
        view=case.view if case.anatomy is not None else ViewState(),
        crosshair_mm=at_mm,
        window=first_window(volume) if volume is not None else None,
        case=folder,
        notices=case.findings,
    )

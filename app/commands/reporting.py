"""The report as a PDF, and pictures of what is open."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.commands.command import Command, Desk
from app.report.choice import ReportChoice
from app.report.privacy import patient_of
from app.state import State
from core.errors import Finding, PlannerError
from core.progress import Progress

PICTURE_FILES = "PNG (*.png)"
VIDEO_FILES = "Video (*.mp4)"
NOTHING = "open a series or a case first"
NO_HEART = "reconstruct or open a heart first"


def write_report(desk: Desk) -> None:
    """Ask for a file and write the report of what is open. Raises PlannerError when nothing is open."""
    if not desk.session.state.is_patient_open:
        raise PlannerError("there is nothing to report", "no patient is open", NOTHING)
    patient = patient_of(desk.session.state)
    desk.ask_report(patient is not None, lambda choice: _write(desk, choice))


def _write(desk: Desk, choice: ReportChoice) -> None:
    state, sd_mm = desk.session.state, desk.session.settings.landmark_sd_mm
    picture = _view(desk)

    def work(progress: Progress) -> int:
        from app.report.making import make_report

        views = () if picture is None else (picture,)
        return make_report(state, choice.path, sd_mm, progress, views, choice.with_patient)

    def tell(n_pages: int) -> None:
        pages = f"{n_pages} page{'s' if n_pages != 1 else ''}"
        desk.session.note(
            Finding("report", f"the report is written, {pages}", f"it is {choice.path}", "print it")
        )

    desk.run("Writing report", work, tell)


def save_view(desk: Desk) -> None:
    """Ask for a file and write the 3-D view as PNG. Raises PlannerError when there is none."""
    picture = _view(desk)
    if picture is None:
        raise PlannerError("there is no picture", "the 3-D view is not ready", "wait a moment and repeat it")
    _save(desk, picture, "Picture of the 3-D view", "heart.png")


def save_slices(desk: Desk) -> None:
    """Ask for a file and write the slices through the crosshair as one PNG."""
    from app.report.making import slices_row

    picture = slices_row(desk.session.state)
    _save(desk, picture, "Picture of the slices", "slices.png")


def _save(desk: Desk, picture: np.ndarray, title: str, name: str) -> None:
    from app.report.files import write_png

    path = desk.ask_new_file(title, name, PICTURE_FILES)
    if path is not None:
        path = path if path.suffix.lower() == ".png" else path.with_name(path.name + ".png")
        write_png(picture, path)
        _tell(desk, path)


def _tell(desk: Desk, path: Path) -> None:
    desk.session.note(Finding("exported", "the file is written", f"it is {path}", "nothing to do"))


def save_turntable(desk: Desk) -> None:
    """Ask for a file and write a video of the heart turning once. Raises PlannerError without surfaces."""
    state = desk.session.state
    path = desk.ask_new_file("Turntable video", "turntable.mp4", VIDEO_FILES)
    if path is None:
        return
    target = path if path.suffix.lower() == ".mp4" else path.with_name(path.name + ".mp4")

    def work(progress: Progress) -> Path:
        from app.report.child import turntable_in_child

        return turntable_in_child(state, target, progress)

    desk.run("Writing video", work, lambda done: _tell(desk, done))


def _view(desk: Desk) -> np.ndarray | None:
    from app.report.pictures import scene_image

    state, picture = desk.session.state, desk.picture()
    if picture is None or (not _has_surfaces(state) and not state.plan.items):
        return None
    return scene_image(picture, desk.camera(), scale=1.4, letters=state.is_in_patient)


def _has_surfaces(state: State) -> bool:
    return state.anatomy is not None and bool(state.anatomy.surfaces)


def _has_slices(state: State) -> bool:
    return state.volume is not None and state.clip is None


COMMANDS = (
    Command(
        "file.report",
        "Report…",
        write_report,
        ("Ctrl+Shift+E",),
        "",
        lambda state: state.is_patient_open,
        while_busy=False,
        why_not=lambda state: "" if state.is_patient_open else NOTHING,
    ),
    Command(
        "file.picture_view",
        "Picture of the 3-D view…",
        save_view,
        (),
        "",
        _has_surfaces,
        why_not=lambda state: "" if _has_surfaces(state) else NO_HEART,
    ),
    Command(
        "file.picture_slices",
        "Picture of the slices…",
        save_slices,
        (),
        "",
        _has_slices,
        why_not=lambda state: "" if _has_slices(state) else NOTHING,
    ),
    Command(
        "file.turntable",
        "Turntable video…",
        save_turntable,
        (),
        "",
        _has_surfaces,
        while_busy=False,
        why_not=lambda state: "" if _has_surfaces(state) else NO_HEART,
    ),
)

"""Opening studies, series and cases, and saving a case."""

from __future__ import annotations

from pathlib import Path

from app import case as cases
from app.commands.command import Command, Desk
from app.state import State
from core.progress import Progress
from core.study import ScanResult, Series
from core.volume import Volume


def open_study(desk: Desk, folder: Path) -> None:
    """List what a folder holds; a case folder is opened as a case."""
    if cases.is_case(folder):
        open_case(desk, folder)
        return
    if not may_leave(desk):
        return

    def work(progress: Progress) -> ScanResult:
        from imaging.scan import scan_folder

        return scan_folder(folder, progress)

    desk.run("Reading folder", work, lambda scan: desk.session.show_study(folder, scan))


def open_series(desk: Desk, series: Series, phase: int = 0) -> None:
    """Load one phase of a series and show it."""

    def work(progress: Progress) -> Volume:
        from imaging.load import load_series

        return load_series(series, phase, progress)

    desk.run("Loading images", work, lambda volume: desk.session.show_volume(series, phase, volume))


def open_case(desk: Desk, folder: Path) -> None:
    """Open a saved case: its study when it is still there, its anatomy and its plan."""
    if not may_leave(desk):
        return
    desk.run(
        "Opening case",
        lambda progress: cases.read_case(folder, progress),
        lambda case: desk.session.show_case(folder, case),
    )


def save_case(desk: Desk, folder: Path) -> None:
    """Write study reference, anatomy and plan to a case folder."""
    content = cases.case_of(desk.session.state)
    desk.run(
        "Saving case",
        lambda progress: cases.write_case(content, folder, progress),
        lambda _: desk.session.saved_as(folder, content.plan, content.anatomy),
    )


def may_leave(desk: Desk) -> bool:
    """Ask before a reconstruction that is in no case is left behind; the plan itself is in the journal."""
    state = desk.session.state
    if state.is_saved or state.anatomy is None:
        return True
    return desk.confirm("Leave without saving?", "The reconstruction is not saved. The plan's steps are kept.")


def _ask_and_open_study(desk: Desk) -> None:
    folder = desk.ask_folder("Open a folder of images or a case")
    if folder is not None:
        open_study(desk, folder)


def _save(desk: Desk) -> None:
    if desk.session.state.case is not None:
        save_case(desk, desk.session.state.case)
    else:
        _save_as(desk)


def _save_as(desk: Desk) -> None:
    folder = desk.ask_new_folder("Save case as", f"case{cases.SUFFIX}")
    if folder is not None:
        save_case(
            desk, folder if folder.suffix == cases.SUFFIX else folder.with_name(folder.name + cases.SUFFIX)
        )


def _is_open(state: State) -> bool:
    return state.is_patient_open


COMMANDS = (
    Command("file.open", "Open folder…", _ask_and_open_study, ("Ctrl+O",), "folder", while_busy=False),
    Command("file.save", "Save case", _save, ("Ctrl+S",), "save", _is_open, while_busy=False),
    Command("file.save_as", "Save case as…", _save_as, ("Ctrl+Shift+S",), "", _is_open, while_busy=False),
    Command("file.quit", "Quit", lambda desk: desk.quit(), ("Ctrl+Q",)),
)

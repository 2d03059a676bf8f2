"""Export: what is open as DICOM objects and surface files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.commands.command import Command, Desk
from app.exporting import Content, Exported, export, offered
from app.labels.edited import edited_keys, stale_keys
from app.labels.surfaces import with_fresh_surfaces
from app.state import State
from core.errors import Finding, PlannerError
from core.progress import Progress


def content_of(state: State) -> Content:
    """What is open, ready to be written; the source's files only where they are DICOM."""
    return Content(state.anatomy, state.plan, _source_files(state), moving=state.moving)


def export_results(desk: Desk) -> None:
    """Ask what to write and where, and write it. Raises PlannerError when there is nothing to write."""
    content = content_of(desk.session.state)
    picture = desk.picture() if content.anatomy is not None else None
    if picture is not None:
        from app.pictures import with_notice

        content = replace(content, picture=with_notice(picture))
    formats = offered(content)
    if not formats:
        raise PlannerError("nothing to export", "no series or reconstruction is open", "open one first")
    choice = desk.ask_export(formats)
    if choice is None:
        return

    if content.moving is not None and edited_keys(content.anatomy):
        desk.session.note(_NOT_MOVING)
    begun = desk.session.labels.beginning() if stale_keys(content.anatomy) else None

    def work(progress: Progress) -> Exported:
        fresh = with_fresh_surfaces(content.anatomy, begun, progress)
        return export(
            replace(content, anatomy=fresh), choice.formats, choice.folder, choice.deidentify, progress
        )

    desk.run("Exporting", work, lambda done: _tell(desk, choice.folder, done))


_NOT_MOVING = Finding(
    "edits_do_not_move",
    "the surfaces of the other phases are not edited",
    "an edit by hand belongs to the phase that it was made at",
    "use the surfaces of this phase where the edits count",
)


def _tell(desk: Desk, folder: Path, done: Exported) -> None:
    for finding in done.findings:
        desk.session.note(finding)
    n_files = len(done.files)
    what = f"{n_files} file{'s were' if n_files != 1 else ' was'} written"
    desk.session.note(Finding("exported", what, f"they are in {folder}", "nothing to do"))


def _source_files(state: State) -> tuple[Path, ...]:
    from imaging.find.files import FileKind, file_kind

    series = state.shown_series
    if series is None or not series.phases:
        return ()
    files = series.phases[min(state.phase, series.n_phases - 1)]
    return files if all(file_kind(path) is FileKind.DICOM for path in files) else ()


def _is_something_open(state: State) -> bool:
    return state.shown_series is not None or state.is_patient_open


COMMANDS = (
    Command("file.export", "Export…", export_results, ("Ctrl+E",), "", _is_something_open, while_busy=False),
)

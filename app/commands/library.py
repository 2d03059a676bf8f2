"""The case library in the window: what it lists, and what is done with a study of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.commands.command import Command, Desk
from app.commands.study import may_leave
from app.library.entry import Entry, Imported, Space, Storage, describe_size
from app.library.importing import import_folder, is_present, relocate
from app.library.library import Library
from app.library.search import Query
from app.session import Session
from app.state import State
from core.errors import Finding, PlannerError
from core.progress import Progress
from core.study import Patient, ScanResult

ARCHIVE_PATTERN = "Archives (*.zip *.tar *.tar.gz *.tgz);;All files (*)"


@dataclass(frozen=True)
class Listing:
    """What the library shows at one moment.

    Attributes:
        entries: what the query asks for.
        offline: ids of those whose images cannot be reached.
        tags, modalities: all that there are, to choose from.
        space: bytes by place.
        findings: what happened to the library since it was last looked at.
    """

    query: Query
    entries: tuple[Entry, ...]
    offline: frozenset[str]
    tags: tuple[str, ...]
    modalities: tuple[str, ...]
    space: Space
    findings: tuple[Finding, ...] = ()


def library_of(session: Session) -> Library:
    """The library beside the journals of this user."""
    return Library(session.data_folder)


def look(library: Library, query: Query, is_first: bool) -> Listing:
    """Read the library; the first time it is put in order too. Raises PlannerError."""
    findings = library.tidy() if is_first else ()
    entries = library.entries(query)
    every = library.entries()
    return Listing(
        query,
        entries,
        frozenset(e.entry_id for e in entries if not e.is_deleted and not is_present(e)),
        tuple(library.tags()),
        tuple(sorted({modality for entry in every for modality in entry.modalities})),
        library.space(),
        findings,
    )


def open_entry(desk: Desk, entry: Entry) -> None:
    """Show a study of the library in the browser. Raises PlannerError while other work runs."""
    if not may_leave(desk):
        return
    library = library_of(desk.session)

    def work(progress: Progress) -> ScanResult:
        from imaging.find.scan import scan_folder

        if not entry.place.is_dir():
            raise _offline(entry)
        return study_of(scan_folder(entry.place, progress, library.header_index()), entry)

    def show(scan: ScanResult) -> None:
        desk.session.show_study(entry.place, scan)
        library.mark_opened(entry.entry_id)
        desk.show_planning()

    desk.run("Opening study", work, show)


def study_of(scan: ScanResult, entry: Entry) -> ScanResult:
    """Of what a folder holds, the study of this entry alone. Raises PlannerError when it is not there any more."""
    patients = tuple(
        Patient(patient.name, patient.patient_id, studies)
        for patient in scan.patients
        if (studies := tuple(study for study in patient.studies if study.study_uid == entry.study_uid))
        and patient.patient_id == entry.patient_id
    )
    if not patients:
        raise _offline(entry)
    return ScanResult(patients, scan.findings)


def import_path(desk: Desk, path: Path, storage: Storage) -> None:
    """Add every study under a folder or in an archive. Raises PlannerError while other work runs."""
    library = library_of(desk.session)

    def work(progress: Progress) -> Imported:
        return import_folder(library, path, storage, progress)

    def show(imported: Imported) -> None:
        for finding in imported.findings:
            desk.session.note(finding)
        desk.show_library()

    desk.run("Importing", work, show)


def relocate_entry(desk: Desk, entry: Entry) -> None:
    """Ask where the originals of a link are now."""
    folder = desk.ask_folder("Where are the images of this study now?")
    if folder is None:
        return
    library = library_of(desk.session)

    def work(progress: Progress) -> Entry:
        return relocate(library, entry.entry_id, folder, progress)

    desk.run("Looking for the study", work, lambda _: desk.show_library())


def empty_trash(desk: Desk, space: Space) -> None:
    """Remove for good what is in the trash, after asking."""
    what = f"{space.n_trash} {'study' if space.n_trash == 1 else 'studies'}"
    consequence = (
        f"{what} and {describe_size(space.trash_bytes)} of copies are removed for good. "
        "Originals that were only linked stay where they are."
    )
    if desk.confirm("Empty the trash?", consequence):
        library = library_of(desk.session)
        desk.run("Emptying the trash", library.empty_trash, lambda _: desk.show_library())


def remember_case(session: Session, before: State, after: State) -> None:
    """Note in the library which study a case was saved from."""
    if after.case is not None and after.source is not None and after.case != before.case:
        # A case is saved whether or not the library can be written to now.
        with suppress(PlannerError):
            library_of(session).remember_case(after.case, after.source)


def describe_space(space: Space) -> str:
    """The disk in one line."""
    parts = [f"{_studies(space.n_copied)} copied, {describe_size(space.copied_bytes)}"]
    if space.n_linked:
        parts.append(f"{_studies(space.n_linked)} linked")
    if space.n_trash:
        parts.append(f"trash {describe_size(space.trash_bytes)}")
    return "  ·  ".join((*parts, f"{describe_size(space.free_bytes)} free"))


def describe_deleted(entries: Sequence[Entry]) -> str:
    """What was just deleted, and what became of the images."""
    n_links = sum(entry.storage is Storage.LINKED for entry in entries)
    text = f"{_studies(len(entries))} moved to the trash."
    return f"{text} Linked images stay where they are." if n_links else text


def _studies(count: int) -> str:
    return f"{count} study" if count == 1 else f"{count} studies"


def _offline(entry: Entry) -> PlannerError:
    if entry.storage is Storage.LINKED:
        why, fix = "the images are not where they were", "connect their disk, or choose Locate… in the library"
    else:
        why, fix = "its files are gone from the library", "import it again"
    return PlannerError("the study was not opened", why, fix)


def _import_folder(storage: Storage, title: str, desk: Desk) -> None:
    folder = desk.ask_folder(title)
    if folder is not None:
        import_path(desk, folder, storage)


def _import_archive(desk: Desk) -> None:
    path = desk.ask_file("Copy the studies of an archive into the library", ARCHIVE_PATTERN)
    if path is not None:
        import_path(desk, path, Storage.COPIED)


def _import_open(desk: Desk) -> None:
    folder = desk.session.state.folder
    if folder is not None:
        import_path(desk, folder, Storage.COPIED)


COMMANDS = (
    Command("file.library", "Case library", lambda desk: desk.show_library(), ("Ctrl+L",), "shelf"),
    Command(
        "file.import_copy",
        "Copy folder into library…",
        lambda desk: _import_folder(Storage.COPIED, "Copy the studies of a folder into the library", desk),
        ("Ctrl+I",),
        while_busy=False,
    ),
    Command(
        "file.import_open",
        "Copy open study into library",
        _import_open,
        is_enabled=lambda state: state.folder is not None,
        while_busy=False,
        why_not=lambda state: "open a folder of images first",
    ),
    Command("file.import_archive", "Copy archive into library…", _import_archive, while_busy=False),
    Command(
        "file.import_link",
        "Link folder in library…",
        lambda desk: _import_folder(Storage.LINKED, "Link the studies of a folder, where they are", desk),
        ("Ctrl+Shift+I",),
        while_busy=False,
    ),
)
IMPORTS = ("file.import_copy", "file.import_archive", "file.import_open", "file.import_link")

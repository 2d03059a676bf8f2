"""Archives in the window: what is asked of them, and what becomes of what they answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.command import Command, Desk
from app.commands.study import open_study
from app.session import Session
from core.errors import Finding, PlannerError
from core.progress import Progress
from imaging.network.node import Node
from imaging.network.query import Level, Match, Query, Target

if TYPE_CHECKING:
    from imaging.network.receive import Received
    from imaging.network.store import Sent


def name_pattern(text: str) -> str:
    """What a person types as the name a search begins with: ``Doe, Jane`` is ``Doe^Jane*``."""
    parts = [part.strip() for part in text.split(",")]
    pattern = "^".join(part for part in parts if part)
    return pattern if not pattern or "*" in pattern or "?" in pattern else f"{pattern}*"


def date_range(first: str, last: str) -> str:
    """Two dates as a person types them (2024-01-31, or without hyphens) as a DICOM range; either may be empty.

    Raises PlannerError when one of them is no date.
    """
    days = [text.strip().replace("-", "") for text in (first, last)]
    for day in days:
        if day and not (len(day) == 8 and day.isascii() and day.isdecimal()):
            raise PlannerError("cannot search", f"'{day}' is no date", "write it as 2024-01-31")
    return "-".join(days) if any(days) else ""


def echo_work(node: Node, secret: str) -> Callable[[Progress], None]:
    """Work that asks whether the archive answers."""

    def work(progress: Progress) -> None:
        from imaging.network import client

        client.echo(node, secret, progress)

    return work


def find_work(node: Node, query: Query, secret: str) -> Callable[[Progress], tuple[Match, ...]]:
    """Work that searches the archive."""

    def work(progress: Progress) -> tuple[Match, ...]:
        from imaging.network import client

        return client.find(node, query, secret, progress)

    return work


def series_query(study: Match) -> Query:
    """What asks for the series of a study."""
    return Query(Level.SERIES, study_uid=study.study_uid)


def retrieve_work(
    session: Session, node: Node, targets: Sequence[Target], method: str, secret: str
) -> Callable[[Progress], Received]:
    """Work that brings what is chosen into its folder. Raises PlannerError when that is of several studies."""
    studies = {target.study_uid for target in targets}
    if len(studies) != 1:
        raise PlannerError(
            "cannot retrieve", f"{len(studies) or 'no'} studies are chosen", "choose one study, or series of it"
        )
    folder = folder_of(session, studies.pop())

    def work(progress: Progress) -> Received:
        from imaging.network import client

        return client.retrieve(node, targets, folder, method, secret, progress)

    return work


def send_work(node: Node, paths: Sequence[Path], secret: str) -> Callable[[Progress], Sent]:
    """Work that gives the archive DICOM files."""

    def work(progress: Progress) -> Sent:
        from imaging.network import client

        return client.send(node, paths, secret, progress)

    return work


def folder_of(session: Session, study_uid: str) -> Path:
    """Where a study from an archive is put. The UID comes from a network: hashed, it names no other place."""
    root = session.settings.receive_folder
    name = hashlib.sha256(study_uid.encode()).hexdigest()[:24]
    return (Path(root).expanduser() if root else session.data_folder / "received") / name


def open_received(desk: Desk, received: Received) -> None:
    """Open what came, and say what did not."""
    for finding in received.findings:
        desk.session.note(finding)
    open_study(desk, received.folder)


def note_sent(desk: Desk, node: Node, sent: Sent) -> None:
    """Say what was sent."""
    for finding in sent.findings:
        desk.session.note(finding)
    what = f"{sent.n_images} image{'s were' if sent.n_images != 1 else ' was'} sent"
    desk.session.note(Finding("sent", what, f"{node.name} has taken them", "nothing to do"))


def files_to_send(session: Session) -> tuple[Path, ...]:
    """The DICOM files of the series that is open; empty when it has none."""
    from imaging.find.files import FileKind, file_kind

    series = session.state.series
    files = {path for phase in series.phases for path in phase} if series is not None else set()
    return tuple(sorted(path for path in files if file_kind(path) is FileKind.DICOM))


COMMANDS = (Command("file.pacs", "PACS…", lambda desk: desk.show_pacs(), ("Ctrl+Shift+D",)),)

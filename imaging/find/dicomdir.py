"""DICOMDIR, a disc's table of contents: what should be there, in the order of its records.

It orders what was found and tells what is missing. No path of it is ever opened: a file counts as listed when the walk
through the folder has met it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePath

from core.errors import Finding, PlannerError
from core.progress import Progress
from imaging.find.files import FoundFile
from imaging.guard.child import Unreadable
from imaging.guard.doors import CREW

STAGE = "Reading the table of contents"
_DAMAGED = Finding(
    "damaged_dicomdir",
    "the table of contents (DICOMDIR) could not be read",
    "it is damaged",
    "nothing to do: all files were looked at instead",
)


def in_listed_order(
    directory: Path, files: Sequence[FoundFile], progress: Progress
) -> tuple[tuple[FoundFile, ...], tuple[Finding, ...]]:
    """The files that were found, first those that a DICOMDIR lists below its own folder, and what is wrong with it.

    Raises Cancelled when told to stop.
    """
    try:
        listed = _listed(directory, progress)
    except (Unreadable, PlannerError, ValueError):
        return tuple(files), (_DAMAGED,)
    disc = directory.parent
    on_disc = (file for file in files if file.path.is_relative_to(disc))
    by_place = {_place(file.path.relative_to(disc)): file for file in on_disc}
    first = {file.path: file for place in listed if (file := by_place.get(place)) is not None}
    n_missing = sum(place not in by_place for place in listed)
    others = [file for file in files if file.path not in first]
    return (*first.values(), *others), _missing(n_missing)


def _listed(directory: Path, progress: Progress) -> list[tuple[str, ...]]:
    (text,) = CREW.stream("directory", directory, None, lambda: progress.report(STAGE, 0.0))
    content = json.loads(text) if isinstance(text, str) else None
    if not isinstance(content, list):
        raise ValueError("no list")
    return [tuple(str(part).casefold() for part in parts) for parts in content if isinstance(parts, list)]


def _place(path: PurePath) -> tuple[str, ...]:
    """A path as a DICOMDIR would write it, whatever the disc's file system made of its letters and its version."""
    return tuple(part.casefold().removesuffix(";1") for part in path.parts)


def _missing(n_missing: int) -> tuple[Finding, ...]:
    if not n_missing:
        return ()
    what = f"{n_missing} files that the table of contents (DICOMDIR) lists are not in the folder"
    return (Finding("missing_files", what, "the copy is not complete", "copy the whole disc again"),)

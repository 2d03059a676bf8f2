"""The headers of many files: remembered where a file is unchanged, parsed by the guard where it is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from core.progress import Progress
from imaging.files import FoundFile
from imaging.guard.facts import FileFacts, facts_of_text, text_of_facts
from imaging.guard.trouble import Trouble

STAGE = "Reading headers"
ROWS_AT_ONCE = 500


class HeaderCache(Protocol):
    """Keeps what headers said from one scan to the next, so that a folder that was scanned opens at once.

    The text is JSON that only this room reads, and it is checked again when it comes back: damaged or outdated
    text counts as none. It holds the patient's name and id as the file does, so it is kept as privately.
    """

    def get(self, path: str, size: int, mtime_ns: int) -> str | None:
        """What was put for this file when it had this size (bytes) and time of change; None otherwise."""

    def put_many(self, rows: Sequence[tuple[str, int, int, str]]) -> None:
        """Keep (path, size, mtime_ns, text) of files; a row of a path that is there replaces it."""


def facts_of_files(
    files: Sequence[FoundFile], progress: Progress, cache: HeaderCache | None
) -> list[FileFacts | Trouble]:
    """What each file says, in the order given. Raises Cancelled when told to stop; what was read is kept."""
    found: list[FileFacts | Trouble | None] = [_remembered(file, cache) for file in files]
    new = [index for index, facts in enumerate(found) if facts is None]
    rows: list[tuple[str, int, int, str]] = []
    try:
        for index, facts in _parsed(files, new, progress):
            found[index] = facts
            if isinstance(facts, FileFacts) and cache is not None:
                rows.append((*_key(files[index]), text_of_facts(facts)))
    finally:
        if cache is not None and rows:
            cache.put_many(rows)
    progress.report(STAGE, 1.0)
    return [facts for facts in found if facts is not None]


def _key(file: FoundFile) -> tuple[str, int, int]:
    # A name that is no UTF-8 has surrogates, which a database refuses to store.
    name = str(file.path.absolute()).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return name, file.size, file.mtime_ns


def _remembered(file: FoundFile, cache: HeaderCache | None) -> FileFacts | None:
    text = None if cache is None else cache.get(*_key(file))
    if text is None:
        return None
    try:
        return facts_of_text(text, file.path)
    except ValueError:
        return None


def _parsed(
    files: Sequence[FoundFile], chosen: Sequence[int], progress: Progress
) -> Iterator[tuple[int, FileFacts | Trouble]]:
    """The facts of the chosen files, each with its index, as they come."""
    from imaging.guard.operations import read_facts

    for done, index in enumerate(chosen):
        progress.report(STAGE, 1.0 - (len(chosen) - done) / len(files))
        try:
            yield index, read_facts(files[index].path)
        except PermissionError:
            yield index, Trouble.CLOSED
        except Exception:
            yield index, Trouble.DAMAGED

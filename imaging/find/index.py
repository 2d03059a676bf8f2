"""The headers of many files: remembered where a file is unchanged, parsed by the guard where it is new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core.progress import Progress
from imaging.find.files import FoundFile
from imaging.find.identity import lasting_path
from imaging.guard.doors import texts_of_headers
from imaging.guard.facts import FileFacts, facts_of_text, fingerprint
from imaging.guard.trouble import Trouble

STAGE = "Reading headers"


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
    files: Sequence[FoundFile], progress: Progress, cache: HeaderCache | None = None
) -> list[FileFacts | Trouble]:
    """What each file says, in the order given.

    Raises Cancelled when told to stop, within a tenth of a second; what was read until then is kept.
    """
    found: list[FileFacts | Trouble | None] = [_remembered(file, cache) for file in files]
    new = [index for index, facts in enumerate(found) if facts is None]
    rows: list[tuple[str, int, int, str]] = []
    n_read = 0

    def on_wait() -> None:
        progress.report(STAGE, (len(files) - len(new) + n_read) / len(files))

    try:
        for number, text in texts_of_headers([files[index].path for index in new], on_wait):
            n_read += 1
            found[new[number]] = _facts(text, files[new[number]].path)
            if isinstance(text, str):
                rows.append((*_key(files[new[number]]), f"{fingerprint()}{text}"))
    finally:
        if cache is not None and rows:
            cache.put_many(rows)
    progress.report(STAGE, 1.0)
    return [facts if facts is not None else Trouble.DAMAGED for facts in found]


def _facts(text: str | Trouble, path: Path) -> FileFacts | Trouble:
    if isinstance(text, Trouble):
        return text
    try:
        return facts_of_text(text, path)
    except ValueError:
        return Trouble.DAMAGED


def _key(file: FoundFile) -> tuple[str, int, int]:
    # A name that is no UTF-8 has surrogates, which a database refuses to store.
    name = str(lasting_path(file.path)).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return name, file.size, file.mtime_ns


def _remembered(file: FoundFile, cache: HeaderCache | None) -> FileFacts | None:
    text = None if cache is None else cache.get(*_key(file))
    if text is None or not text.startswith(fingerprint()):
        return None
    facts = _facts(text.removeprefix(fingerprint()), file.path)
    return facts if isinstance(facts, FileFacts) else None

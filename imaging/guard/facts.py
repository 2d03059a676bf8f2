"""What the header of one file says, as one line of JSON: what the child process answers and the index keeps."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from imaging.grid import FileGrid
from imaging.guard.codec import decoder, encoder
from imaging.headers import Plane

LONGEST_FACTS_BYTES = 1 << 26


@dataclass(frozen=True)
class FileFacts:
    """What a file holds: DICOM planes, or the grid of a NIfTI, NRRD or MHA file; neither when it is no image."""

    planes: tuple[Plane, ...] = ()
    grid: FileGrid | None = None


def text_of_facts(facts: FileFacts) -> str:
    """One line of JSON. Every Path is left out, so the text says nothing of where the file lies."""
    return json.dumps([fingerprint(), encoder(FileFacts)(facts)], separators=(",", ":"))


def facts_of_text(text: str, path: Path) -> FileFacts:
    """The facts of the file at `path`. Raises ValueError when the text is damaged or from another version."""
    if len(text) > LONGEST_FACTS_BYTES:
        raise ValueError("more than any file can have to say")
    try:
        content: Any = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(content, list) or len(content) != 2 or content[0] != fingerprint():
        raise ValueError("written by another version")
    facts: FileFacts = decoder(FileFacts)(content[1], path)
    return facts


@cache
def fingerprint() -> str:
    """Changes whenever the code that reads headers does: facts that older code read are not to be relied on."""
    digest = hashlib.sha256(version("pydicom").encode())
    for source in sorted(Path(__file__).resolve().parent.parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]

"""An identity for images that name none, so that no two of them ever share a plan or a heart."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

BLOCK_BYTES = 16384
N_BLOCKS = 16


_archives: dict[Path, Path] = {}


def stand_in(folder: Path, archive: Path) -> None:
    """Let files below a folder that is gone tomorrow be known by the archive that they came from."""
    _archives[folder.resolve()] = archive.resolve()


def lasting_path(path: Path) -> Path:
    """The absolute path by which a file is known for good: for one from an archive, the archive and its place there."""
    path = path.absolute()
    for folder, archive in _archives.items():
        if path.is_relative_to(folder):
            return archive / path.relative_to(folder)
    return path


def uid_of_file(path: Path) -> str:
    """A UID that follows from where a file lies, its size and its content.

    The whole of a small file counts, of a large one its beginning, its end (in which gzip keeps a checksum of
    all it holds) and blocks between them. Its time does not: a file that was only copied back keeps its plan.
    Raises OSError when the file cannot be read.

    Source: DICOM PS3.5 B.2 (a UUID as a UID under 2.25).
    """
    place = path.parent.resolve() / path.name
    digest = hashlib.sha256()
    for where in (place, place.resolve()):
        # Both count: a link may be turned to another file, and two links to one file are two entries of a list.
        name = str(lasting_path(where)).encode("utf-8", "surrogateescape")
        digest.update(len(name).to_bytes(8, "little") + name)
    with place.open("rb") as stream:
        size = stream.seek(0, 2)
        digest.update(size.to_bytes(8, "little"))
        for start in _starts(size):
            stream.seek(start)
            digest.update(stream.read(BLOCK_BYTES))
    return f"2.25.{uuid.UUID(bytes=digest.digest()[:16], version=5).int}"


def _starts(size: int) -> list[int]:
    last = max(size - BLOCK_BYTES, 0)
    if size <= N_BLOCKS * BLOCK_BYTES:
        return list(range(0, size, BLOCK_BYTES))
    return [last * number // (N_BLOCKS - 1) for number in range(N_BLOCKS)]

"""Files copied so that every byte is known to be on the disk: written, synced, read back, compared."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from app.library.entry import describe_size
from app.library.store import CopiedFile
from core.errors import PlannerError
from core.progress import Progress

BLOCK_BYTES = 1 << 20
N_AT_ONCE = 8
COPYING_SHARE = 0.7
"""Of the time; reading back takes the rest."""


@dataclass(frozen=True)
class Order:
    """One file to copy: where it is, what it is called in the library, and its size."""

    source: Path
    name: str
    size_bytes: int


def copy_files(orders: Sequence[Order], folder: Path, progress: Progress) -> tuple[CopiedFile, ...]:
    """Copy files into a new folder; returns what was written.

    Raises:
        PlannerError: a file cannot be read, changed meanwhile, came out differently, or the disk is full.
        Cancelled: told to stop; what was written is left for the caller to remove.
    """
    total = max(sum(order.size_bytes for order in orders), 1)
    stage = f"Copying {describe_size(total)}"
    n_done = 0

    def report(n_bytes: int) -> None:
        progress.report(stage, COPYING_SHARE * (n_done + n_bytes) / total)

    copied = []
    for order in orders:
        copied.append(_copy(order, folder, report))
        n_done += order.size_bytes
    _check_all(copied, folder, progress)
    return tuple(copied)


def _copy(order: Order, folder: Path, report: Callable[[int], None]) -> CopiedFile:
    digest = hashlib.sha256()
    size = 0
    try:
        with order.source.open("rb") as source, open(folder / order.name, "xb", opener=_private) as target:
            before = os.fstat(source.fileno())
            while block := source.read(BLOCK_BYTES):
                report(size)
                digest.update(block)
                target.write(block)
                size += len(block)
            after = os.fstat(source.fileno())
    except OSError as error:
        raise not_copied(error) from error
    if size != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise PlannerError(
            "the study was not imported", "one of its files changed while it was copied", "import it again"
        )
    return CopiedFile(order.name, size, digest.hexdigest())


def _check_all(copied: Sequence[CopiedFile], folder: Path, progress: Progress) -> None:
    """Check every file, several at once: a disk writes out many small files in one go when it is asked for all."""
    pool = ThreadPoolExecutor(N_AT_ONCE)
    try:
        for n_done, _ in enumerate(pool.map(_check, copied, repeat(folder))):
            progress.report("Checking the copy", COPYING_SHARE + (1 - COPYING_SHARE) * n_done / len(copied))
    finally:
        # Told to stop or refused: nobody waits for the files that are left.
        pool.shutdown(wait=True, cancel_futures=True)


def _check(file: CopiedFile, folder: Path) -> None:
    """Sync a copy and compare what the disk gives back."""
    digest = hashlib.sha256()
    try:
        with (folder / file.name).open("rb") as copy:
            os.fsync(copy.fileno())
            if hasattr(os, "posix_fadvise"):
                # Otherwise only the memory that was just written would be read, not the disk.
                os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while block := copy.read(BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise not_copied(error) from error
    if digest.hexdigest() != file.sha256:
        raise PlannerError(
            "the study was not imported", "a file came out differently than it went in", "check the disk"
        )


def not_copied(error: OSError) -> PlannerError:
    """Why a copy was given up, without the name of a file: it may be a person's."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PlannerError(
            "the study was not imported", "the disk is full", "free some space and import it again"
        )
    return PlannerError(
        "the study was not imported",
        str(error.strerror or error),
        "check its folder and the disk, then repeat it",
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

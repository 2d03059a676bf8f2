"""Who is at work on a part of the library; the lock goes with its process, even when that is killed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import PlannerError


@contextmanager
def held(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the lock of the file `path`, which is made when it is not there.

    SQLite's own file lock is used because it is the one lock of the standard library that works on every system
    and that a kill -9 releases. Raises PlannerError when another process keeps it longer than `wait_s`.
    """
    try:
        make_private(path)
        database = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _unreachable(error) from error
    with closing(database):
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if "locked" in str(error):
                raise PlannerError(
                    "the case library is busy", "another window is changing it", "wait a moment and repeat it"
                ) from error
            raise _unreachable(error) from error
        yield


def make_private(path: Path) -> None:
    """Make an empty file that only its owner reads, with the folders above it, unless it is there."""
    make_private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner enters, and those above it that are missing. Raises OSError."""
    for place in (*reversed(folder.parents), folder):
        if not place.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)


def _unreachable(error: Exception) -> PlannerError:
    return PlannerError(
        "the case library cannot be used",
        str(getattr(error, "strerror", None) or error),
        "check the rights and the free space of the program's data folder",
    )

"""Files written so that a crash leaves either the old one or the new one, never half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import PlannerError


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Give a sibling path to write to; when the block ends well it is synced to disk and moved over `path`.

    The suffix is kept because writers choose their format by it.
    Raises PlannerError when the place cannot be written; what was at `path` is still there.
    """
    stage = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield stage
        with stage.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(stage, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise PlannerError(
            f"cannot write {path.name}",
            str(error.strerror or error),
            "choose another folder or free some space",
        ) from error
    finally:
        with suppress(OSError):
            stage.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to `path`, staged and readable by its owner only: plans and cases are about a patient.

    Raises PlannerError when the place cannot be written.
    """
    with staged(path) as stage:
        handle = os.open(stage, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def _sync_folder(folder: Path) -> None:
    # The new name is only safe once the folder itself is on the disk; Windows cannot open folders.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

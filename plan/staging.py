"""Files written so that a crash leaves either the old one or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import PlannerError


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to `path` by a staged file, fsync and os.replace.

    Raises:
        PlannerError: the place cannot be written; what was at `path` is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, staged = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(staged, path)
        except BaseException:
            Path(staged).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise PlannerError(
            f"cannot write {path.name}",
            str(error.strerror or error),
            "choose another folder or free some space",
        ) from error


def _sync_folder(folder: Path) -> None:
    # The new name is only safe once the folder itself is on the disk; Windows cannot open folders.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

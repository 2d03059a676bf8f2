"""Zip and tar archives opened as folders: unpacked into a private place that goes when the program ends.

The child process reads the archive; this room decides where each piece may go: nowhere outside, never too much.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import PlannerError
from core.progress import Progress, Silent
from imaging.find.files import DICOM_MAGIC_OFFSET
from imaging.find.identity import stand_in
from imaging.guard.child import Unreadable
from imaging.guard.crew import Item
from imaging.guard.doors import CREW
from imaging.guard.trouble import refusal_of

MOST_FILES = 200_000
MOST_BYTES = 40 << 30
MOST_RATIO = 150
"""Times its own size that an archive may unpack to, once it is beyond `FREE_OF_RATIO_BYTES`; images reach 10."""
FREE_OF_RATIO_BYTES = 256 << 20
ROOM_BYTES = 512 << 20
"""Left free on the disk."""
OLD_S = 24 * 3600.0
PREFIX = "auricle-archive-"
LOCK = "lock"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
TAR_NAMES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
OTHER_NAMES = (".zip", ".rar", ".7z")
UNKNOWN = {b"Rar!": "a RAR archive", b"7z\xbc\xaf": "a 7z archive"}
STAGE = "Unpacking"

_folders: dict[tuple[Path, int, int], Path] = {}
_locks: list[BinaryIO] = []
_one_at_a_time = threading.Lock()


def is_archive(path: Path) -> bool:
    """True for a zip by its first bytes, and for a tar by its name.

    Raises PlannerError for an archive of a kind that is not unpacked here.
    """
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(DICOM_MAGIC_OFFSET + 4)
    if head[DICOM_MAGIC_OFFSET:] == b"DICM":
        return False
    if head[:4] in UNKNOWN:
        why = f"it is {UNKNOWN[head[:4]]}, which Auricle does not unpack"
        raise PlannerError(f"cannot open {path.name}", why, "unpack it and choose the folder")
    return head[:4] in ZIP_MAGICS or path.name.lower().endswith(TAR_NAMES)


def is_named_as_archive(path: Path) -> bool:
    """True for what is called as archives are, also those that are not unpacked here; the file is not opened."""
    return path.name.lower().endswith((*OTHER_NAMES, *TAR_NAMES))


def unpacked(path: Path, progress: Progress | None = None) -> Path:
    """The folder with what an archive holds; the same one when the same archive is opened again.

    Links inside are left out, archives inside stay archives. Raises PlannerError when the archive is damaged,
    encrypted, would leave its folder, or is larger than any study; Cancelled when told to stop.
    """
    path = path.resolve()
    status = path.stat()
    key = (path, status.st_size, status.st_mtime_ns)
    with _one_at_a_time:
        if key not in _folders or not _folders[key].is_dir():
            _folders[key] = _unpack(path, status.st_size, status.st_mtime_ns, progress or Silent())
    return _folders[key]


def _unpack(path: Path, size: int, mtime_ns: int, progress: Progress) -> Path:
    place = _private_place()
    folder = place / "files"
    folder.mkdir()
    try:
        _Writing(path, size, mtime_ns, folder, progress).run()
    except Unreadable as error:
        shutil.rmtree(place, ignore_errors=True)
        raise refusal_of(error.trouble, f"cannot open {path.name}") from error
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        why = error.strerror or "its names fit no folder"
        raise PlannerError(f"cannot open {path.name}", why, "unpack it and choose the folder") from error
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    stand_in(folder, path)
    return folder


class _Writing:
    """One archive on its way to the disk: how much was written, and which file is open."""

    def __init__(self, path: Path, size: int, mtime_ns: int, folder: Path, progress: Progress) -> None:
        self._path, self._folder, self._mtime_ns = path, folder, mtime_ns
        self._progress = progress
        self._most_bytes = min(
            MOST_BYTES,
            max(FREE_OF_RATIO_BYTES, size * MOST_RATIO),
            max(shutil.disk_usage(folder).free - ROOM_BYTES, 0),
        )
        self._n_files = self._n_bytes = self._claimed_bytes = 0

    def run(self) -> None:
        """Write all members. Raises PlannerError, Unreadable, OSError, and Cancelled when told to stop."""
        with closing(CREW.stream("unpack", self._path, None, self._report)) as items:
            n_files, self._claimed_bytes = self._claim(next(items, None))
            self._check(n_files, self._claimed_bytes)
            name = next(items, None)
            while name is not None:
                name = self._write(name, items)

    def _report(self) -> None:
        self._progress.report(STAGE, min(self._n_bytes / max(self._claimed_bytes, 1), 1.0))

    def _claim(self, item: Item | None) -> tuple[int, int]:
        n_files, n_bytes = json.loads(item) if isinstance(item, str) else (0, 0)
        return int(n_files), int(n_bytes)

    def _check(self, n_files: int, n_bytes: int) -> None:
        if n_files > MOST_FILES or n_bytes > self._most_bytes:
            why = "it unpacks to more than a study can be, or than the disk has room for"
            raise PlannerError(f"cannot open {self._path.name}", why, "unpack it and choose the folder")

    def _write(self, name: Item, items: Iterator[Item]) -> Item | None:
        """Write one member; returns the name of the next, None at the end."""
        self._n_files += 1
        target = self._target(json.loads(name) if isinstance(name, str) else "")
        target.parent.mkdir(parents=True, exist_ok=True)
        following: Item | None = None
        with _new_file(target) as file:
            for item in items:
                if not isinstance(item, bytes):
                    following = item
                    break
                self._n_bytes += len(item)
                self._check(self._n_files, self._n_bytes)
                file.write(item)
        os.utime(file.name, ns=(self._mtime_ns, self._mtime_ns))
        self._check(self._n_files, self._n_bytes)
        self._report()
        return following

    def _target(self, name: object) -> Path:
        """Where a member goes, always below the folder. Raises PlannerError for a name that leads out of it."""
        parts = str(name).replace("\\", "/").split("/")
        kept = [part for part in parts if part not in ("", ".")]
        has_drive = bool(kept) and len(kept[0]) == 2 and kept[0][1] == ":"
        if not kept or ".." in kept or parts[0] == "" or has_drive or "\0" in str(name):
            why = "a file in it would be written outside of its folder"
            raise PlannerError(f"cannot open {self._path.name}", why, "do not trust this archive")
        return self._folder.joinpath(*kept)


def _new_file(target: Path) -> BinaryIO:
    """A file that was not there before; a second one of its name gets a number."""
    for number in range(1, 100):
        name = target if number == 1 else target.with_name(f"{number}-{target.name}")
        with suppress(FileExistsError):
            return name.open("xb")
    raise OSError(None, "it holds many files of one name")


def _private_place() -> Path:
    """A new folder that only this user can enter, locked while this process lives; what others left is removed."""
    _sweep(Path(tempfile.gettempdir()))
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = (place / LOCK).open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    _locks.append(lock)
    return place


def _sweep(places: Path) -> None:
    """Remove what programs that were killed have left."""
    for place in places.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if place.is_symlink() or place.stat().st_uid != os.getuid():
                continue
            if not (place / LOCK).exists() and time.time() - place.stat().st_mtime < OLD_S:
                continue
            with (place / LOCK).open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)


@atexit.register
def _remove_all() -> None:
    for lock in _locks:
        shutil.rmtree(Path(lock.name).parent, ignore_errors=True)
        lock.close()

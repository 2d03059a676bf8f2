"""The library's own folders: whole studies, unfinished copies, the trash. A study is only ever in one of them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.library.catalogue import series_from_json
from app.library.entry import Entry, SeriesLine, Storage, checked_id
from app.library.lock import held, make_private_folder
from core.errors import PlannerError
from core.staging import replace_file
from plan.schema import parse_json

PATIENCE_S = 10.0
MANIFEST = "study.json"
FORMAT, SCHEMA = "auricle-study", 1


@dataclass(frozen=True)
class CopiedFile:
    """One file of a copy: its name in the library, its size and the SHA-256 of its bytes."""

    name: str
    size_bytes: int
    sha256: str


class Store:
    """Folders below one root; the name of a folder says whose study it holds.

    A study's images lie in ``<place>/<id>/<id>``, its manifest beside them: what a folder browser or a list of
    recent folders shows is the id, and reading the images does not meet the manifest.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.studies = root / "studies"
        self.staging = root / "staging"
        self.trash = root / "trash"

    def images_of(self, entry_id: str) -> Path:
        """Where the images of a copy are, or would be."""
        return self.studies / checked_id(entry_id) / entry_id

    def begin(self, entry_id: str) -> Path:
        """Make the folder for the images of an unfinished copy. Raises OSError."""
        images = self.staging / checked_id(entry_id) / entry_id
        make_private_folder(images)
        return images

    def finish(self, entry: Entry, files: tuple[CopiedFile, ...]) -> None:
        """Make an unfinished copy whole: in one step, on the disk before it returns. Raises OSError, PlannerError."""
        folder = self.staging / checked_id(entry.entry_id)
        replace_file(folder / MANIFEST, json.dumps(_manifest(entry, files), indent=1).encode())
        sync_folder(folder / entry.entry_id)
        sync_folder(folder)
        self._move(folder, self.studies / entry.entry_id)

    def discard(self, entry_id: str) -> None:
        """Remove an unfinished copy, or what is left of a purged one."""
        shutil.rmtree(self.staging / checked_id(entry_id), ignore_errors=True)

    def to_trash(self, entry_id: str) -> None:
        """Move a copy to the trash. Raises OSError; FileNotFoundError when it is not among the studies."""
        self._move(self.studies / checked_id(entry_id), self.trash / entry_id)

    def from_trash(self, entry_id: str) -> None:
        """Move a copy back. Raises OSError; FileNotFoundError when it is not in the trash."""
        self._move(self.trash / checked_id(entry_id), self.studies / entry_id)

    def out_of_trash(self, entry_id: str) -> None:
        """Take a copy out of the trash for good; `discard` frees its space. Raises OSError."""
        self._move(self.trash / checked_id(entry_id), self.staging / entry_id)

    def whole(self) -> tuple[str, ...]:
        """Ids of the whole studies."""
        return _ids(self.studies)

    def trashed(self) -> tuple[str, ...]:
        """Ids of the studies in the trash."""
        return _ids(self.trash)

    def unfinished(self) -> tuple[str, ...]:
        """Ids of copies that were begun, or purged and not yet removed."""
        return _ids(self.staging)

    def locks(self) -> tuple[str, ...]:
        """Ids that have a lock file."""
        return _checked(path.stem for path in _children(self.staging) if path.suffix == ".lock")

    def lock_of(self, entry_id: str) -> Path:
        """The file that is locked for as long as somebody works on an unfinished copy."""
        return self.staging / f"{checked_id(entry_id)}.lock"

    def read_entry(self, entry_id: str, *, in_trash: bool) -> Entry | None:
        """The entry as the manifest of a copy tells it; None where there is no manifest that can be believed."""
        folder = (self.trash if in_trash else self.studies) / checked_id(entry_id)
        try:
            content = parse_json((folder / MANIFEST).read_bytes())
            return _entry_of(content, entry_id, self.images_of(entry_id))
        except (OSError, PlannerError, ValueError, KeyError, TypeError):
            return None

    def free_bytes(self) -> int:
        """What is free on the library's disk. Raises OSError."""
        place = self.root
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def _move(self, source: Path, target: Path) -> None:
        make_private_folder(target.parent)
        os.rename(source, target)
        sync_folder(target.parent)
        sync_folder(source.parent)


@contextmanager
def moving(store: Store) -> Iterator[None]:
    """Alone with the folders, so that a folder and its row change together. Raises PlannerError."""
    with held(store.root / "moves.lock", PATIENCE_S):
        yield


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn what the disk says into a refusal."""
    try:
        yield
    except FileNotFoundError as error:
        raise PlannerError(what, "its files are gone", "import it again") from error
    except OSError as error:
        fix = "check the rights and the free space of the program's data folder"
        raise PlannerError(what, str(error.strerror or error), fix) from error


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk. Windows cannot, and keeps its own journal."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _ids(folder: Path) -> tuple[str, ...]:
    return _checked(child.name for child in _children(folder) if child.is_dir() and not child.is_symlink())


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _checked(names: Iterable[str]) -> tuple[str, ...]:
    found = []
    for name in names:
        with suppress(PlannerError):
            found.append(checked_id(name))
    return tuple(found)


def _manifest(entry: Entry, files: tuple[CopiedFile, ...]) -> Mapping[str, object]:
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "id": entry.entry_id,
        "study_uid": entry.study_uid,
        "patient_name": entry.patient_name,
        "patient_id": entry.patient_id,
        "study_date": entry.study_date,
        "description": entry.description,
        "imported_utc": entry.imported_utc,
        "series": [[s.series_uid, s.modality, s.description, s.n_images] for s in entry.series],
        "files": [[file.name, file.size_bytes, file.sha256] for file in files],
    }


def _entry_of(content: object, entry_id: str, place: Path) -> Entry:
    if not isinstance(content, Mapping) or content["format"] != FORMAT or content["id"] != entry_id:
        raise ValueError("not the manifest of this study")
    names = ("study_uid", "patient_name", "patient_id", "study_date", "description")
    study_uid, name, patient_id, date, description = (_text(content[key]) for key in names)
    series: tuple[SeriesLine, ...] = series_from_json(content["series"])
    return Entry(
        entry_id,
        Storage.COPIED,
        place,
        study_uid,
        name,
        patient_id,
        date,
        description,
        series,
        sum(_size(size) for _, size, _ in content["files"]),
        _text(content["imported_utc"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("no size")
    return value

"""What the case library knows of a study. A patient's name, id, notes and places never show in a `repr`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from core.errors import Finding, PlannerError

LONGEST_TAG = 40


class Storage(Enum):
    """How a study came into the library."""

    COPIED = "copied"
    LINKED = "linked"


@dataclass(frozen=True)
class SeriesLine:
    """One series of a study, as a list shows it."""

    series_uid: str
    modality: str
    description: str
    n_images: int


@dataclass(frozen=True)
class Entry:
    """One study of the library.

    Attributes:
        entry_id: stable name of the entry: study date, modalities and eight random digits; safe as a folder's name.
        place: the folder of its images; the library's own for a copy, the user's for a link.
        study_uid, study_date, description: as the files say; the date as YYYYMMDD; empty when unknown.
        size_bytes: of its image files.
        imported_utc, opened_utc, deleted_utc: ISO 8601; the last two empty for never.
        tags, cases: labels given by the user; folders `*.auricle` that were saved from it.
    """

    entry_id: str
    storage: Storage
    place: Path = field(repr=False)
    study_uid: str
    patient_name: str = field(repr=False)
    patient_id: str = field(repr=False)
    study_date: str
    description: str = field(repr=False)
    series: tuple[SeriesLine, ...] = field(repr=False)
    size_bytes: int
    imported_utc: str
    opened_utc: str = ""
    notes: str = field(default="", repr=False)
    deleted_utc: str = ""
    tags: tuple[str, ...] = field(default=(), repr=False)
    cases: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Each modality once, in order."""
        return modalities_of(self.series)

    @property
    def n_images(self) -> int:
        """Number of image files of all series."""
        return sum(line.n_images for line in self.series)

    @property
    def is_deleted(self) -> bool:
        """True while it waits in the trash."""
        return bool(self.deleted_utc)


@dataclass(frozen=True)
class Space:
    """Bytes on the disk: copies in the library, copies in its trash, originals that are linked, and what is free."""

    copied_bytes: int
    n_copied: int
    trash_bytes: int
    n_trash: int
    linked_bytes: int
    n_linked: int
    free_bytes: int


@dataclass(frozen=True)
class Imported:
    """What an import brought, and what the user should know of it."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()


def modalities_of(series: tuple[SeriesLine, ...]) -> tuple[str, ...]:
    """Each modality once, in order of the alphabet."""
    return tuple(sorted({line.modality for line in series if line.modality}))


def checked_id(entry_id: str) -> str:
    """The id, when it can name nothing but a folder directly below another. Raises PlannerError otherwise."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{3,63}", entry_id):
        raise PlannerError(
            "the library has no such study", "this is no name of an entry", "choose one of its list"
        )
    return entry_id


def checked_tag(tag: str) -> str:
    """The tag without blanks around it. Raises PlannerError when it is empty, long, or holds a comma or line break."""
    text = " ".join(tag.split())
    if not text or len(text) > LONGEST_TAG or "," in text or not text.isprintable():
        raise PlannerError(
            "the tag is not set",
            f"a tag has 1 to {LONGEST_TAG} characters and no comma",
            "choose a shorter word",
        )
    return text


def describe_size(n_bytes: int) -> str:
    """Bytes as a person reads them, with powers of ten as disks are sold: 1.2 GB."""
    size = float(n_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"

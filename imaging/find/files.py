"""Which files there are, and what kind each is, told by its name and its first bytes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from core.errors import Finding

DICOM_MAGIC_OFFSET = 128
FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")
"""File meta information or identification, little endian: what a DICOM file without a preamble begins with."""
FIRST_VRS = {b"UL", b"CS", b"DA", b"TM", b"UI", b"OB", b"SH", b"LO", b"DT"}
LONGEST_FIRST_VALUE_BYTES = 1024
DICOMDIR = "DICOMDIR"
"""The table of contents of a disc: named so at its root, and no image itself."""


class FileKind(Enum):
    """The families of image files that Auricle opens."""

    DICOM = "dicom"
    NIFTI = "nifti"
    ITK = "itk"
    OTHER = "other"


@dataclass(frozen=True)
class FoundFile:
    """A regular file: where it lies, its size in bytes and when it was last changed."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Walk:
    """All regular files under a folder, in the order of their names, and what could not be looked at.

    The tables of contents of discs are in `directories` only.
    """

    files: tuple[FoundFile, ...]
    directories: tuple[Path, ...]
    findings: tuple[Finding, ...]


def files_under(folder: Path) -> Walk:
    """Every regular file under a folder. Links to files are followed, links to folders are not.

    A link to a folder leads to what is found anyway, round in a circle, or out of what the user has chosen.
    """
    files: list[FoundFile] = []
    n_closed = n_links = 0
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            n_closed += 1
            continue
        inner = [entry for entry in found if entry.is_dir()]
        n_links += sum(entry.is_symlink() for entry in inner)
        waiting.extend(place / entry.name for entry in reversed(inner) if not entry.is_symlink())
        files.extend(file for entry in found if (file := found_file(place / entry.name)) is not None)
    directories = [file.path for file in files if is_dicomdir(file.path)]
    images = tuple(file for file in files if not is_dicomdir(file.path))
    return Walk(images, tuple(directories), _walk_findings(n_closed, n_links))


def is_dicomdir(path: Path) -> bool:
    """True for what is called as the table of contents of a disc is."""
    return path.name.upper().removesuffix(";1") == DICOMDIR


def found_file(path: Path) -> FoundFile | None:
    """The file at a path; None for what is no regular file: a folder, a broken link, a pipe, a device."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return FoundFile(path, status.st_size, status.st_mtime_ns)


def _walk_findings(n_closed: int, n_links: int) -> tuple[Finding, ...]:
    found = []
    if n_closed:
        what, why = f"{n_closed} folders could not be opened", "this user may not read them"
        found.append(Finding("closed_folders", what, why, "allow it, and scan again"))
    if n_links:
        what, why = f"{n_links} links to folders were not followed", "they lead elsewhere or in a circle"
        found.append(Finding("folder_links", what, why, "open the folders that they lead to by themselves"))
    return tuple(found)


def file_kind(path: Path) -> FileKind:
    """The family of a file: by name for NIfTI, NRRD and MHA, by its first bytes for DICOM.

    DICOM needs no preamble (archives strip it): a file that begins as a data set does counts as DICOM too.
    """
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return FileKind.NIFTI
    if name.endswith((".nrrd", ".mha")):
        return FileKind.ITK
    try:
        with path.open("rb") as stream:
            head = stream.read(DICOM_MAGIC_OFFSET + 4)
    except OSError:
        return FileKind.OTHER
    is_dicom = head[DICOM_MAGIC_OFFSET:] == b"DICM" or begins_as_data_set(head)
    return FileKind.DICOM if is_dicom else FileKind.OTHER


def begins_as_data_set(head: bytes) -> bool:
    """True when bytes begin with one plausible element of group 0002 or 0008, little endian, any VR form.

    Source: DICOM PS3.5 7.1.2 and 7.1.3 (the first element in explicit and in implicit VR).
    """
    if len(head) < DICOM_MAGIC_OFFSET + 4 or head[:2] not in FIRST_GROUPS or head[3] != 0:
        return False
    if head[4:6] in FIRST_VRS:
        return True
    length = int.from_bytes(head[4:8], "little")
    return head[:2] == FIRST_GROUPS[1] and length % 2 == 0 and length <= LONGEST_FIRST_VALUE_BYTES

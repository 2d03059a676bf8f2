"""What the child process can be asked to do: the doors through which files from anywhere come in."""

from __future__ import annotations

from pathlib import Path

from imaging import nifti, nrrd
from imaging.files import FileKind, file_kind
from imaging.guard.facts import FileFacts
from imaging.headers import read_planes


def read_facts(path: Path) -> FileFacts:
    """What the header of a file says. Raises OSError when it cannot be opened, and whatever its parser raises."""
    path.open("rb").close()
    kind = file_kind(path)
    if kind is FileKind.DICOM:
        return FileFacts(planes=read_planes(path))
    if kind is FileKind.NIFTI:
        return FileFacts(grid=nifti.read_grid(path))
    if kind is FileKind.ITK:
        return FileFacts(grid=nrrd.read_grid(path))
    return FileFacts()

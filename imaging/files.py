"""What kind of file this is, and how a result reaches the disk whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from core.errors import PlannerError

DICOM_MAGIC_OFFSET = 128


class FileKind(Enum):
    """The families of image files that Auricle opens."""

    DICOM = "dicom"
    NIFTI = "nifti"
    ITK = "itk"
    OTHER = "other"


def file_kind(path: Path) -> FileKind:
    """The family of a file: by name for NIfTI, NRRD and MHA, by its first bytes for DICOM."""
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return FileKind.NIFTI
    if name.endswith((".nrrd", ".mha")):
        return FileKind.ITK
    try:
        with path.open("rb") as stream:
            stream.seek(DICOM_MAGIC_OFFSET)
            return FileKind.DICOM if stream.read(4) == b"DICM" else FileKind.OTHER
    except OSError:
        return FileKind.OTHER


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Give a sibling path to write to, and move it over `path` when the block ends well.

    A crash half-way leaves the old file. The suffix is kept because writers choose their format by it.
    Raises PlannerError when the place cannot be written.
    """
    stage = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield stage
        os.replace(stage, path)
    except OSError as error:
        raise PlannerError(
            f"cannot write {path.name}",
            str(error.strerror or error),
            "choose another folder or free some space",
        ) from error
    finally:
        stage.unlink(missing_ok=True)

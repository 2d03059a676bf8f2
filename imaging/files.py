"""What kind of file this is, told by its name and its first bytes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

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

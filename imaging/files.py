"""What kind of file this is, told by its name and its first bytes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

DICOM_MAGIC_OFFSET = 128
FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")
"""File meta information or identification, little endian: what a DICOM file without a preamble begins with."""
FIRST_VRS = {b"UL", b"CS", b"DA", b"TM", b"UI", b"OB", b"SH", b"LO", b"DT"}
LONGEST_FIRST_VALUE_BYTES = 1024


class FileKind(Enum):
    """The families of image files that Auricle opens."""

    DICOM = "dicom"
    NIFTI = "nifti"
    ITK = "itk"
    OTHER = "other"


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

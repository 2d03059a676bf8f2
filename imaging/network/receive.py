"""Where objects from a network become files: checked, under names of our own, never over another one."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_file_meta_info
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from core.errors import Finding, PlannerError
from core.staging import staged
from imaging.dicom.headers import quiet_parser
from imaging.network.query import UID as UID_PATTERN
from imaging.network.query import Target
from imaging.network.syntaxes import is_read

KEPT_FREE_BYTES = 1 << 29
SUCCESS, NO_SPACE, NOT_WANTED, UNREADABLE, DUPLICATE = 0x0000, 0xA700, 0xA900, 0xC000, 0x0111
LONGEST_HEAD_BYTES = 1 << 24
"""As far as an object is read to know which one it is."""
UNDEFINED_LENGTH = 0xFFFFFFFF
IDENTITY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
PREAMBLE = b"\0" * 128 + b"DICM"
OUR_CLASS_UID = "2.25.305828488182831875890203105390285383139"
"""Identifies this program as the writer of the file meta information."""


@dataclass(frozen=True)
class Identity:
    """Which object it is; empty where it does not say."""

    sop_class: str
    sop_uid: str
    study_uid: str
    series_uid: str


@dataclass(frozen=True)
class Received:
    """What came: the folder it lies in, and what the user should know."""

    folder: Path
    n_images: int
    findings: tuple[Finding, ...] = ()


class Receiver:
    """Writes objects below one folder. Several threads may hand it objects."""

    def __init__(
        self, folder: Path, targets: Sequence[Target] = (), kept_free_bytes: int = KEPT_FREE_BYTES
    ) -> None:
        """Take what belongs to `targets`; everything where none are named.

        Raises PlannerError when the folder cannot be made.
        """
        self.folder, self._targets, self._kept_free_bytes = folder, tuple(targets), kept_free_bytes
        self._lock = threading.Lock()
        self._is_closed = False
        self._uids: set[str] = set()
        self.refusals: dict[int, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise PlannerError(
                "cannot receive", f"the folder cannot be made ({error.strerror})", "choose another folder"
            ) from error

    @property
    def n_images(self) -> int:
        """How many different objects are here."""
        return len(self._uids)

    def close(self) -> None:
        """Take nothing more: what a cancelled transfer still brings is dropped."""
        with self._lock:
            self._is_closed = True

    def store(self, content: memoryview | bytes, syntax: str, sop_class: str, sop_uid: str) -> int:
        """Keep one encoded data set as it came; returns a DIMSE status.

        Args:
            content: the data set without file meta information.
            syntax: its transfer syntax.
            sop_class, sop_uid: what the sender says it is; a data set that says otherwise is refused.
        """
        with self._lock:
            status = NO_SPACE if self._is_closed else self._store(content, syntax, sop_class, sop_uid)
        if status != SUCCESS:
            self.refuse(status)
        return status

    def refuse(self, status: int) -> None:
        """Count an object that is not kept, under the status that says why."""
        with self._lock:
            self.refusals[status] = self.refusals.get(status, 0) + 1

    def _store(self, content: memoryview | bytes, syntax: str, sop_class: str, sop_uid: str) -> int:
        if not is_read(syntax):
            return UNREADABLE
        identity = read_identity(content, syntax)
        if identity is None:
            return UNREADABLE
        if (identity.sop_class, identity.sop_uid) != (sop_class, sop_uid) or not self._is_wanted(identity):
            return NOT_WANTED
        path = self.folder / hashed(identity.series_uid) / f"{hashed(sop_uid)}.dcm"
        if path.exists():
            is_same = _holds(path, file_head(sop_class, sop_uid, syntax), content)
            self._uids |= {sop_uid} if is_same else set()
            return SUCCESS if is_same else DUPLICATE
        if shutil.disk_usage(self.folder).free - len(content) < self._kept_free_bytes:
            return NO_SPACE
        try:
            with staged(path) as stage, open(stage, "xb", opener=_owners_only) as file:
                file.write(file_head(sop_class, sop_uid, syntax))
                file.write(content)
        except PlannerError:
            return NO_SPACE
        self._uids.add(sop_uid)
        return SUCCESS

    def _is_wanted(self, identity: Identity) -> bool:
        return not self._targets or any(
            identity.study_uid == target.study_uid and target.series_uid in ("", identity.series_uid)
            for target in self._targets
        )


def read_identity(content: memoryview | bytes, syntax: str) -> Identity | None:
    """Which object an encoded data set is; None when it is damaged or a UID is absent or none."""
    uid = UID(syntax)
    stop = Tag("SeriesInstanceUID")

    stream = BytesIO(content[:LONGEST_HEAD_BYTES])

    def is_past(tag: BaseTag, vr: str | None, length: int) -> bool:
        if length != UNDEFINED_LENGTH and stream.tell() + length > len(content):
            raise ValueError("an element is longer than its data set")
        return tag > stop

    try:
        with quiet_parser():
            dataset = read_dataset(
                stream,
                uid.is_implicit_VR,
                uid.is_little_endian,
                stop_when=is_past,
                specific_tags=[Tag(name) for name in IDENTITY],
            )
            values = [str(dataset.get(name, "")) for name in IDENTITY]
    except Exception:
        # A hostile data set may raise anything in a parser.
        return None
    if not all(UID_PATTERN.fullmatch(value) for value in values):
        return None
    return Identity(*values)


def file_head(sop_class: str, sop_uid: str, syntax: str) -> bytes:
    """Preamble and file meta information (DICOM PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_uid)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(OUR_CLASS_UID)
    stream = DicomBytesIO()
    write_file_meta_info(stream, meta)
    return PREAMBLE + stream.getvalue()


def hashed(uid: str) -> str:
    """A file name that follows from a UID and can name no other place on the disk."""
    return hashlib.sha256(uid.encode()).hexdigest()[:24]


def _owners_only(path: str, flags: int) -> int:
    """Images are about a patient: nobody else on this machine reads them."""
    return os.open(path, flags, 0o600)


def _holds(path: Path, head: bytes, content: memoryview | bytes) -> bool:
    """True when a file is this head and this data set."""
    if path.stat().st_size != len(head) + len(content):
        return False
    with path.open("rb") as file:
        return file.read(len(head)) == head and file.read() == bytes(content)

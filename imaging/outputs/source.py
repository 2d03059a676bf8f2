"""Whose objects they are: patient, study and frame of reference, taken from the images or from nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import CTImageStorage, generate_uid

from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from imaging.dicom.headers import quiet_parser
from imaging.guard.codec import LONGEST_TEXT, decoder, encoder
from imaging.guard.doors import CREW
from imaging.guard.facts import as_text, parsed
from imaging.guard.trouble import Trouble, refusal_of

PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientBirthTime",
    "OtherPatientIDs", "EthnicGroup", "PatientComments", "PatientIdentityRemoved", "DeidentificationMethod",
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
    "StudyDescription", "PatientAge", "PatientSize", "PatientWeight",
)  # fmt: skip
"""Patient, General Study and Patient Study modules (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2), values only."""
EMPTY_WHEN_ABSENT = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "ReferringPhysicianName", "StudyID", "AccessionNumber",
)  # fmt: skip
"""Attributes of type 2: they must be there, if only empty."""
_IMAGE = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "FrameOfReferenceUID",
    "Rows",
    "Columns",
)
_PLANE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness")
_WANTED = (*PATIENT_AND_STUDY, *_IMAGE, *_PLANE, "NumberOfFrames")
_WHAT = "cannot read a source image"
_Values = tuple[tuple[str, tuple[str, ...]], ...]
"""Attributes by their names, each with its values as text."""
_VALID = {
    "DA": r"\d{8}", "TM": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?", "AS": r"\d{3}[DWMY]", "DS": r"[-+0-9.eE]{1,16}",
}  # fmt: skip
_LONGEST = {"LO": 64, "SH": 16, "LT": 10240}


@dataclass(frozen=True, eq=False)
class Source:
    """The images that an object is about.

    Attributes:
        images: headers without pixels, one per file; text in UTF-8, values that DICOM forbids left empty.
        frame_of_reference_uid: their patient space; empty when they name none.
        is_anonymous: True when there are no DICOM images, and the patient is nobody.
    """

    images: tuple[Dataset, ...] = field(repr=False)
    frame_of_reference_uid: str
    is_anonymous: bool = False

    @property
    def header(self) -> Dataset:
        """The first file's header: patient, study and what it says of itself."""
        return self.images[0]


NO_PATIENT = Finding(
    "anonymous_patient",
    "the objects name no patient",
    "their source is no DICOM series, so that nothing says whose heart it is",
    "give the DICOM series (--source) to link them to its patient and study",
)


def read_source(paths: Sequence[Path], progress: Progress | None = None) -> Source:
    """The headers of a source series, read by the guard.

    Raises PlannerError when a file cannot be read, or they belong to several patients, studies or spaces;
    Cancelled when told to stop.
    """
    if not paths:
        raise PlannerError("cannot use the source", "it has no images", "choose another series")
    progress = progress or Silent()
    found: dict[int, Dataset] = {}
    stage = "Reading source images"
    for index, text in CREW.each("source", paths, lambda: progress.report(stage, len(found) / len(paths))):
        found[index] = _header(text, paths[index])
    images = [found[index] for index in range(len(paths))]
    for name in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        if len({str(image.get(name, "")) for image in images}) > 1:
            why = "its files belong to several patients, studies or patient spaces"
            raise PlannerError("cannot use the source", why, "choose the series of one stack")
    return Source(tuple(images), str(images[0].get("FrameOfReferenceUID", "")))


NO_SPACE = Finding(
    "new_patient_space",
    "the objects lie in a patient space of their own",
    "their source names no frame of reference",
    "other programs cannot lay them over the images by themselves",
)


def space_of(source: Source, stated_uid: str) -> tuple[str, tuple[Finding, ...]]:
    """The frame of reference of all objects of one export: as stated, else the source's, else a new one."""
    known = stated_uid or source.frame_of_reference_uid
    return (known, ()) if known else (generate_uid(), (NO_SPACE,))


def anonymous_source(frame_of_reference_uid: str) -> Source:
    """A patient who is nobody, and a new study, for a result whose images are no DICOM."""
    header = Dataset()
    header.SOPClassUID = CTImageStorage
    header.Modality = "OT"
    for name in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        setattr(header, name, generate_uid())
    _complete(header)
    header.PatientName = "Anonymous^"
    header.PatientID = "ANONYMOUS"
    return Source((header,), frame_of_reference_uid, is_anonymous=True)


def header_texts(path: Path, argument: Any) -> Iterator[str]:
    """In the guard's child: what the header of a file says of the wanted attributes, as JSON."""
    with quiet_parser():
        tags: list[Any] = [*_WANTED, "SpecificCharacterSet"]
        found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags, force=True)
        found.decode()
        values = [(keyword_for_tag(one.tag), _texts(one.value)) for one in found if one.value is not None]
    yield as_text(encoder(_Values)(tuple(one for one in values if one[0] in _WANTED)))


def _texts(value: object) -> tuple[str, ...]:
    is_list = isinstance(value, (list, tuple, MultiValue))
    parts = list(value) if is_list else [value]  # type: ignore[call-overload]
    return tuple(str(part)[:LONGEST_TEXT] for part in parts)


def _header(text: str | Trouble, path: Path) -> Dataset:
    if isinstance(text, Trouble):
        raise refusal_of(text, _WHAT)
    header = Dataset()
    try:
        with quiet_parser():
            for name, parts in decoder(_Values)(parsed(text), path):
                if name in _WANTED:
                    setattr(header, name, _allowed(name, list(parts)))
    except (ValueError, TypeError, OverflowError) as error:
        raise refusal_of(Trouble.DAMAGED, _WHAT) from error
    if not header.get("StudyInstanceUID") or not header.get("SOPInstanceUID"):
        raise PlannerError(
            "cannot use the source", "an image has no study or instance UID", "export it from the archive again"
        )
    _complete(header)
    return header


def _allowed(name: str, parts: list[str]) -> object:
    """The values as DICOM allows them; an attribute with one that it forbids is left empty."""
    vr = dictionary_VR(name)
    parts = ["".join(c for c in part if c.isprintable()).strip() for part in parts]
    pattern = _VALID.get(vr)
    if pattern and not all(re.fullmatch(pattern, part) for part in parts):
        return ""
    parts = [part[: _LONGEST.get(vr, len(part))] for part in parts]
    return parts if len(parts) > 1 else parts[0] if parts else ""


def _complete(header: Dataset) -> None:
    header.SpecificCharacterSet = "ISO_IR 192"
    for name in EMPTY_WHEN_ABSENT:
        if name not in header:
            setattr(header, name, "")
    if header.PatientSex not in ("M", "F", "O"):
        header.PatientSex = ""

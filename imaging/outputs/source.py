"""Whose objects they are: patient, study and frame of reference, taken from the images or from nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, generate_uid

from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from imaging.dicom.headers import quiet_parser

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
    """The headers of a source series.

    Raises PlannerError when a file cannot be read, or they belong to several patients, studies or spaces.
    """
    progress = progress or Silent()
    images = []
    for done, path in enumerate(paths):
        progress.report("Reading source images", done / len(paths))
        images.append(_header(path))
    if not images:
        raise PlannerError("cannot use the source", "it has no images", "choose another series")
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


def _header(path: Path) -> Dataset:
    names = [*PATIENT_AND_STUDY, *_IMAGE, *_PLANE, "SpecificCharacterSet", "NumberOfFrames"]
    try:
        with quiet_parser():
            found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(names), force=True)
            found.decode()
            header = Dataset()
            for element in found:
                _take(header, element.tag, element.value)
    except Exception as error:
        # Broken files raise anything in a parser; the user needs one sentence.
        raise PlannerError(
            "cannot read a source image", "its file is damaged or gone", "scan the folder again"
        ) from error
    if not header.get("StudyInstanceUID") or not header.get("SOPInstanceUID"):
        raise PlannerError(
            "cannot use the source", "an image has no study or instance UID", "export it from the archive again"
        )
    _complete(header)
    return header


def _take(header: Dataset, tag: int, value: object) -> None:
    name = keyword_for_tag(tag)
    if name and name != "SpecificCharacterSet" and value is not None:
        parts = [
            str(part)
            for part in (value if hasattr(value, "__iter__") and not isinstance(value, str) else [value])
        ]
        if name == "PatientName" or name == "ReferringPhysicianName":
            parts = [str(value)]
        setattr(header, name, _allowed(header, tag, parts))


def _allowed(header: Dataset, tag: int, parts: list[str]) -> object:
    """The values as DICOM allows them; an attribute with one that it forbids is left empty."""
    from pydicom.datadict import dictionary_VR

    vr = dictionary_VR(tag)
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

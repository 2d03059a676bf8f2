"""What one DICOM file says of its image planes, read without the pixels."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pydicom.config
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag

from imaging.files import DICOM_MAGIC_OFFSET
from imaging.multiframe import frame_groups
from imaging.order import is_orientation

# Real files break value representations all the time; the facts that matter are checked here instead.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

HEADER_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "PatientName",
    "PatientID",
    "StudyDate",
    "StudyDescription",
    "SeriesNumber",
    "SeriesDescription",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "InstanceNumber",
    "NominalPercentageOfCardiacPhase",
    "ScanOptions",
    "TemporalPositionIdentifier",
    "ContentTime",
    "TriggerTime",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]
HEADER_TAG_NUMBERS: list[BaseTag | int] = [Tag(name) for name in HEADER_TAGS]
"""Looked up once: pydicom would look every name up for every file."""
PIXEL_TAG = 0x7FE00008
"""The first of the elements that hold pixels (7FE0,0008 floats, 7FE0,0009 doubles, 7FE0,0010 whole numbers)."""
BARE_HEADER_BYTES = 1 << 22
NOT_IMAGES = {"SEG", "RTSTRUCT", "RTDOSE", "PR", "SR", "KO", "REG", "DOC"}
PHASE_KEYS = (
    "nominal_percent",
    "scan_options",
    "temporal_position",
    "content_time",
    "trigger_time",
    "instance",
)


@dataclass(frozen=True)
class Owner:
    """Whose image it is. Name and id stay out of `repr`."""

    patient_name: str = field(repr=False)
    patient_id: str = field(repr=False)
    study_uid: str
    study_date: str
    study_description: str


@dataclass(frozen=True)
class Plane:
    """One image plane of one file.

    Attributes:
        series_number: the scanner's number of the series; infinite when absent, which sorts last.
        frame: index into the file's frames (0 in a single-frame file); n_frames: how many the file has.
        is_enhanced: True when the frames carry their own geometry.
        position: centre (x, y, z) of the first pixel, LPS mm; None when the file does not say.
        orientation: six direction cosines, along a row then down a column; None when absent or not a frame.
        pixel_spacing_mm: (between rows, between columns); None when absent.
        thickness_mm: slice thickness; None when absent.
        rescale: (slope, intercept); None when absent.
        phase: one value per PHASE_KEYS; None where the file does not say.
    """

    path: Path
    frame: int
    n_frames: int
    is_enhanced: bool
    owner: Owner
    sop_uid: str
    series_uid: str
    series_number: float
    modality: str
    description: str
    image_kind: str
    frame_of_reference_uid: str
    shape: tuple[int, int]
    samples: int
    photometric: str
    position: tuple[float, float, float] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, float] | None
    thickness_mm: float | None
    rescale: tuple[float, float] | None
    rescale_type: str
    phase: tuple[float | None, ...]


def read_planes(path: Path) -> tuple[Plane, ...]:
    """The image planes of a DICOM file; empty for a DICOM file that is no image. Pixels are not read.

    Raises whatever pydicom raises on a broken file.
    """
    with quiet_parser():
        with path.open("rb") as stream:
            head = stream.read(DICOM_MAGIC_OFFSET + 4)
            is_bare = head[DICOM_MAGIC_OFFSET:] != b"DICM"
            stream.seek(0)
            # A bare data set is only a guess: whatever lengths it claims, no more than this is read of it.
            source = BytesIO(stream.read(BARE_HEADER_BYTES)) if is_bare else stream
            dataset = read_partial(source, _is_past_header, force=is_bare, specific_tags=HEADER_TAG_NUMBERS)
        if is_bare and "SOPClassUID" not in dataset:
            return ()
        return planes_of(dataset, path)


def _is_past_header(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag >= PIXEL_TAG


@contextmanager
def quiet_parser() -> Iterator[None]:
    """Keep pydicom's remarks on odd values to itself: they quote the values, which may name a person."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def planes_of(dataset: Dataset, path: Path) -> tuple[Plane, ...]:
    """The image planes of a dataset that was read from `path`; empty when it is no image.

    Raises ValueError when it says nothing at all or contradicts itself.
    """
    if not len(dataset):
        raise ValueError("a DICOM file without any known fact is damaged")
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if not rows or not columns or _text(dataset, "Modality") in NOT_IMAGES:
        return ()
    owner = Owner(
        *(
            _text(dataset, k)
            for k in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "StudyDescription")
        )
    )
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    groups = frame_groups(dataset)
    if groups and len(groups) != n_frames:
        raise ValueError("the number of frames and of their descriptions differ")
    facts = groups or [dataset] * n_frames
    is_volume = bool(groups) or n_frames == 1
    return tuple(_plane(dataset, facts[i], i, owner, path, bool(groups), is_volume) for i in range(n_frames))


def _plane(
    dataset: Dataset, facts: Dataset, frame: int, owner: Owner, path: Path, is_enhanced: bool, is_volume: bool
) -> Plane:
    orientation = _numbers(facts, "ImageOrientationPatient", 6) if is_volume else None
    spacing = _numbers(facts, "PixelSpacing", 2)
    position = _numbers(facts, "ImagePositionPatient", 3) if is_volume else None
    slope, intercept = _number(facts, "RescaleSlope"), _number(facts, "RescaleIntercept")
    image_type = list(facts.get("FrameType") or facts.get("ImageType") or [])
    modality = _text(dataset, "Modality") or "OT"
    number = _number(dataset, "SeriesNumber")
    return Plane(
        path=path,
        frame=frame,
        n_frames=int(dataset.get("NumberOfFrames") or 1),
        is_enhanced=is_enhanced,
        owner=owner,
        sop_uid=_text(dataset, "SOPInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        series_number=np.inf if number is None else number,
        modality=modality,
        description=_text(dataset, "SeriesDescription"),
        image_kind=str(image_type[2]) if modality == "MR" and len(image_type) > 2 else "",
        frame_of_reference_uid=_text(dataset, "FrameOfReferenceUID"),
        shape=(int(dataset.Rows), int(dataset.Columns)),
        samples=int(dataset.get("SamplesPerPixel") or 1),
        photometric=_text(dataset, "PhotometricInterpretation"),
        position=None if position is None else (position[0], position[1], position[2]),
        orientation=orientation if orientation is not None and is_orientation(orientation) else None,
        pixel_spacing_mm=(spacing[0], spacing[1]) if spacing is not None and min(spacing) > 0 else None,
        thickness_mm=_positive(_number(facts, "SliceThickness")),
        rescale=None if slope is None or intercept is None or slope == 0 else (slope, intercept),
        rescale_type=_text(facts, "RescaleType"),
        phase=_phase(facts, dataset, frame, is_volume and not is_enhanced),
    )


def _phase(facts: Dataset, dataset: Dataset, frame: int, is_single: bool) -> tuple[float | None, ...]:
    """The values that may tell cardiac phases apart, in the order of PHASE_KEYS."""
    options = " ".join(str(v) for v in _as_list(dataset.get("ScanOptions")))
    percent = re.search(r"(\d+(?:\.\d+)?)\s*(?:%|PC)", options)
    return (
        _number(facts, "NominalPercentageOfCardiacPhase"),
        float(percent.group(1)) if percent else None,
        _number(facts, "TemporalPositionIdentifier") or _number(facts, "TemporalPositionIndex"),
        _seconds(_text(dataset, "ContentTime")) if is_single else None,
        _number(facts, "TriggerTime") if is_single else _number(facts, "NominalCardiacTriggerDelayTime"),
        _number(dataset, "InstanceNumber") if is_single else float(frame),
    )


def _text(dataset: Dataset, name: str) -> str:
    """A value as one line of printable text: a file must not steer the terminal that shows it."""
    value = dataset.get(name)
    return "" if value is None else "".join(c for c in str(value) if c.isprintable()).strip()


def _as_list(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return (
        [value]
        if isinstance(value, (str, bytes, int, float)) or not hasattr(value, "__iter__")
        else list(value)
    )


def _numbers(dataset: Dataset, name: str, count: int) -> tuple[float, ...] | None:
    item = dataset.get_item(name)
    try:
        if isinstance(item, RawDataElement) and item.VR in ("DS", "IS") and item.value:
            # Straight from the bytes: pydicom's own number objects take most of the time of a scan.
            numbers = tuple(float(part) for part in item.value.rstrip(b"\0").split(b"\\"))
        else:
            numbers = tuple(float(str(v)) for v in _as_list(dataset.get(name)))
    except ValueError:
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _number(dataset: Dataset, name: str) -> float | None:
    numbers = _numbers(dataset, name, 1)
    return None if numbers is None else numbers[0]


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _seconds(time: str) -> float | None:
    """Seconds since midnight of a DICOM time HHMMSS.FFFFFF; None when it is not one."""
    if not re.fullmatch(r"\d{6}(\.\d{1,6})?", time):
        return None
    return int(time[:2]) * 3600.0 + int(time[2:4]) * 60.0 + float(time[4:])

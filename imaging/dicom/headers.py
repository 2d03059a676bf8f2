"""What one DICOM file says of its image planes, read without the pixels."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
import pydicom
import pydicom.config
from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag

from core.study import SeriesKind
from imaging.dicom.kinds import PICTURE_KINDS, PLACED_KINDS, is_slice_class, kind_of
from imaging.dicom.mosaics import SIEMENS_COUNT_TAG, SIEMENS_HEADER_TAG, is_mosaic
from imaging.dicom.multiframe import frame_groups
from imaging.dicom.quick_header import NotPlainError, quick_header
from imaging.dicom.values import as_list, number_of, numbers_of, seconds_of, text_of
from imaging.find.files import DICOM_MAGIC_OFFSET
from imaging.slices.order import is_orientation

# Real files break value representations all the time; the facts that matter are checked here instead.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

HEADER_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "VolumeFrameOfReferenceUID",
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
    "AcquisitionNumber",
    "NominalPercentageOfCardiacPhase",
    "ScanOptions",
    "TemporalPositionIdentifier",
    "ContentTime",
    "TriggerTime",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]
HEADER_TAG_NUMBERS: list[BaseTag | int] = [
    *(Tag(name) for name in HEADER_TAGS),
    SIEMENS_COUNT_TAG,
    SIEMENS_HEADER_TAG,
]
"""Looked up once: pydicom would look every name up for every file."""
HEADER_TAG_SET = frozenset(int(tag) for tag in HEADER_TAG_NUMBERS)
PIXEL_TAG = 0x7FE00008
"""The first of the elements that hold pixels (7FE0,0008 floats, 7FE0,0009 doubles, 7FE0,0010 whole numbers)."""
BARE_HEADER_BYTES = 1 << 22
MOST_FRAMES = 50_000
"""No file that a hospital sends has more; a damaged or hostile one may claim billions."""
FARTHEST_MM = 1e5
SMALLEST_MM, LARGEST_MM = 1e-3, 1e3
"""No scanner images beyond these; larger or smaller numbers are damage, and would overflow what follows."""
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
    """One image plane of one file; a file without a picture (a report, a surface) is one of shape (0, 0).

    Attributes:
        kind: what the file is to a person.
        series_number: the scanner's number of the series; infinite when absent, which sorts last.
        frame: index into the file's frames (0 in a single-frame file); n_frames: how many the file has.
        is_enhanced: True when the frames carry their own geometry.
        position: centre (x, y, z) of the first pixel, LPS mm; None when the file does not say.
        orientation: six direction cosines, along a row then down a column; None when absent or not a frame.
        pixel_spacing_mm: (between rows, between columns); None when absent.
        thickness_mm: slice thickness; None when absent.
        rescale: (slope, intercept); None when absent.
        phase: one value per PHASE_KEYS; None where the file does not say.
        stack_id: the stack that an enhanced file puts the frame in; empty when it does not say.
        acquisition: number of the acquisition; None when absent.
        is_mosaic: True when the picture tiles many slices.
        is_in_patient: False for a 3-D ultrasound, placed in a space of its own and not in the patient's.
    """

    path: Path
    kind: SeriesKind
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
    stack_id: str = ""
    acquisition: float | None = None
    is_mosaic: bool = False
    is_in_patient: bool = True


def read_planes(path: Path) -> tuple[Plane, ...]:
    """The image planes of a DICOM file; empty for a DICOM file that is no image. Pixels are not read.

    Raises whatever pydicom raises on a broken file.
    """
    with suppress(NotPlainError):
        return planes_of(cast(Dataset, quick_header(path, HEADER_TAG_SET)), path)
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
    kind = kind_of(dataset)
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if kind in PICTURE_KINDS and not (rows and columns):
        if is_slice_class(dataset):
            raise ValueError("a slice without a size is cut short")
        return ()
    if kind is None:
        return ()
    owner = Owner(
        *(
            text_of(dataset, k)
            for k in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "StudyDescription")
        )
    )
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    if not 0 < n_frames <= MOST_FRAMES:
        raise ValueError("the number of frames is not plausible")
    if kind not in PICTURE_KINDS:
        return (_plane(dataset, dataset, 0, owner, path, kind, False),)
    groups = frame_groups(dataset)
    if groups and len(groups) != n_frames:
        raise ValueError("the number of frames and of their descriptions differ")
    if groups:
        return tuple(_plane(dataset, groups[i], i, owner, path, kind, True) for i in range(n_frames))
    return frames_of(_plane(dataset, dataset, 0, owner, path, kind, False))


def frames_of(first: Plane) -> tuple[Plane, ...]:
    """All frames of a file without functional groups, from its first: they differ by their number only."""
    later = (replace(first, frame=i, phase=(*first.phase[:-1], float(i))) for i in range(1, first.n_frames))
    return (first, *later)


def _plane(
    dataset: Dataset,
    facts: Dataset,
    frame: int,
    owner: Owner,
    path: Path,
    kind: SeriesKind,
    is_enhanced: bool,
) -> Plane:
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    # One position for many frames is no position of any of them; only functional groups place frames.
    is_placed = kind in PLACED_KINDS and (is_enhanced or n_frames == 1)
    orientation = numbers_of(facts, "ImageOrientationPatient", 6) if is_placed else None
    position = numbers_of(facts, "ImagePositionPatient", 3) if is_placed else None
    if position is not None and max(map(abs, position)) > FARTHEST_MM:
        position = None
    spacing = numbers_of(facts, "PixelSpacing", 2)
    slope, intercept = number_of(facts, "RescaleSlope"), number_of(facts, "RescaleIntercept")
    thickness = number_of(facts, "SliceThickness")
    # A 3-D ultrasound that lies in a space of its own names that space among the frame's facts.
    is_in_patient = facts is dataset or "FrameOfReferenceUID" not in facts
    image_type = as_list(facts.get("FrameType") or facts.get("ImageType"))
    modality = text_of(dataset, "Modality") or "OT"
    number = number_of(dataset, "SeriesNumber")
    return Plane(
        path=path,
        kind=kind,
        frame=frame,
        n_frames=n_frames,
        is_enhanced=is_enhanced,
        owner=owner,
        sop_uid=text_of(dataset, "SOPInstanceUID"),
        series_uid=text_of(dataset, "SeriesInstanceUID"),
        series_number=np.inf if number is None else number,
        modality=modality,
        description=text_of(dataset, "SeriesDescription"),
        image_kind=_image_kind(facts, image_type) if modality == "MR" else "",
        frame_of_reference_uid=text_of(dataset if is_in_patient else facts, "FrameOfReferenceUID"),
        shape=(int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)),
        samples=int(dataset.get("SamplesPerPixel") or 1),
        photometric=text_of(dataset, "PhotometricInterpretation"),
        position=None if position is None else (position[0], position[1], position[2]),
        orientation=orientation if orientation is not None and is_orientation(orientation) else None,
        pixel_spacing_mm=(spacing[0], spacing[1])
        if spacing is not None and all(map(_is_length, spacing))
        else None,
        thickness_mm=thickness if thickness is not None and _is_length(thickness) else None,
        rescale=None if slope is None or intercept is None or slope == 0 else (slope, intercept),
        rescale_type=text_of(facts, "RescaleType"),
        phase=_phase(facts, dataset, frame, n_frames == 1 and not is_enhanced),
        stack_id=text_of(facts, "StackID") if is_enhanced else "",
        acquisition=number_of(dataset, "AcquisitionNumber"),
        is_mosaic=modality == "MR" and is_mosaic(dataset),
        is_in_patient=is_in_patient,
    )


def _image_kind(facts: Dataset, image_type: list[object]) -> str:
    """What an MR image shows: magnitude, phase, water, fat, ...; makers name it in the third word or a later one."""
    words = (*image_type[2:], facts.get("ComplexImageComponent") or "")
    return " ".join(str(word).strip() for word in words).strip()


def _is_length(value_mm: float) -> bool:
    return SMALLEST_MM <= value_mm <= LARGEST_MM


def _phase(facts: Dataset, dataset: Dataset, frame: int, is_single: bool) -> tuple[float | None, ...]:
    """The values that may tell cardiac phases apart, in the order of PHASE_KEYS."""
    options = " ".join(str(v) for v in as_list(dataset.get("ScanOptions")))
    percent = re.search(r"(\d+(?:\.\d+)?)\s*(?:%|PC)", options)
    return (
        number_of(facts, "NominalPercentageOfCardiacPhase"),
        float(percent.group(1)) if percent else None,
        number_of(facts, "TemporalPositionIdentifier") or number_of(facts, "TemporalPositionIndex"),
        seconds_of(text_of(dataset, "ContentTime")) if is_single else None,
        number_of(facts, "TriggerTime") if is_single else number_of(facts, "NominalCardiacTriggerDelayTime"),
        number_of(dataset, "InstanceNumber") if is_single else float(frame),
    )

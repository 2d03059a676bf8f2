"""What every object made here has in common: who made it, its series, and how it is saved."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from core.staging import staged
from imaging.outputs.source import PATIENT_AND_STUDY, Source

MAKER = "Auricle"
SERIAL = "none"
"""Programs have no serial number, and the attribute may not be empty."""
IMPLEMENTATION_UID = generate_uid(entropy_srcs=["Auricle"])


@dataclass(frozen=True)
class MadeSeries:
    """A new series: its UID, number and a description that says what it is not for."""

    description: str
    number: int
    uid: str

    @classmethod
    def new(cls, title: str, number: int) -> MadeSeries:
        """A series with a UID of its own; the title is at most 20 characters."""
        return cls(f"{title}; research, not for clinical decisions", number, generate_uid())

    def arguments(self) -> dict[str, Any]:
        """What highdicom asks of every object that it makes: its series, a new instance of it, and the maker."""
        return {
            "series_instance_uid": self.uid,
            "series_number": self.number,
            "series_description": self.description,
            "sop_instance_uid": generate_uid(),
            "instance_number": 1,
            "manufacturer": MAKER,
            "manufacturer_model_name": MAKER,
            "software_versions": program_version(),
            "device_serial_number": SERIAL,
        }


@contextmanager
def quiet_writer() -> Iterator[None]:
    """Keep the libraries' remarks on names and dates to themselves: they quote them."""
    log = logging.getLogger("highdicom")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


@cache
def program_version() -> str:
    """The version of the program; "unknown" when it is not installed."""
    try:
        return version("auricle")
    except PackageNotFoundError:
        return "unknown"


def code_item(code: Code) -> Dataset:
    """One item of a code sequence. Source: DICOM PS3.3 Table 8.8-1."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = (
        code.value,
        code.scheme_designator,
        code.meaning,
    )
    return item


def new_object(source: Source, series: MadeSeries, sop_class: str, modality: str, instance: int) -> Dataset:
    """A dataset with patient, study, series, equipment and SOP common modules.

    Source: DICOM PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.7.5.2, C.12.1.
    """
    now = datetime.now()
    made = Dataset()
    for name in PATIENT_AND_STUDY:
        if name in source.header:
            setattr(made, name, source.header[name].value)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = sop_class, generate_uid()
    made.SeriesInstanceUID, made.SeriesNumber = series.uid, series.number
    made.SeriesDescription, made.Modality = series.description, modality
    made.InstanceNumber = instance
    made.Manufacturer = made.ManufacturerModelName = MAKER
    made.DeviceSerialNumber, made.SoftwareVersions = SERIAL, program_version()
    made.InstanceCreationDate = made.ContentDate = made.SeriesDate = now.strftime("%Y%m%d")
    made.InstanceCreationTime = made.ContentTime = made.SeriesTime = now.strftime("%H%M%S")
    return made


def referenced_series(source: Source) -> Dataset:
    """One item that names all images of the source. Source: DICOM PS3.3 C.12.2."""
    item = Dataset()
    item.SeriesInstanceUID = source.header.SeriesInstanceUID
    item.ReferencedInstanceSequence = [referenced_instance(image) for image in source.images]
    return item


def referenced_instance(image: Dataset) -> Dataset:
    """One item that names an image. Source: DICOM PS3.3 Table 10-11."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return item


def save_object(dataset: Dataset, path: Path) -> Path:
    """Write a dataset as a DICOM file, explicit VR little endian. Raises PlannerError."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(ExplicitVRLittleEndian)
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.update(dataset)
    with staged(path) as stage:
        file.save_as(stage, enforce_file_format=True)
    return path

"""Volumes out as valid single-frame CT or MR DICOM series, in the patient space they came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from core.errors import PlannerError
from core.progress import Progress, Silent
from core.staging import staged
from core.volume import Volume
from imaging.formats.grid import checked_affine

SOP_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}
SMALLEST_RANGE = 100.0
"""Rounding to whole numbers may lose half a percent of an image's range, not more."""


@dataclass(frozen=True)
class PatientModule:
    """The patient as DICOM writes it; who it is stays out of `repr`. Dates are YYYYMMDD or empty."""

    name: str = field(repr=False)
    patient_id: str = field(repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = ""


def write_series(
    volume: Volume,
    folder: Path,
    *,
    patient: PatientModule,
    study_uid: str,
    series_uid: str | None = None,
    modality: str,
    description: str,
    series_number: int,
    study_date: str = "",
    study_description: str = "",
    progress: Progress | None = None,
) -> list[Path]:
    """Write every slice of a volume as one CT or MR Image Storage file; returns the files, in slice order.

    Values are rounded to whole numbers. The volume's frame of reference is kept, or a new one made when it has
    none. UIDs are random; with a given `series_uid` all other UIDs of the series follow from it.

    Raises PlannerError when the modality is neither CT nor MR, the values do not fit 16 bits or would lose
    their contrast by rounding, the voxels are sheared, or the folder cannot be written.
    """
    if modality not in SOP_CLASSES:
        raise PlannerError(f"cannot write {modality} as DICOM", "only CT and MR are written", "choose CT or MR")
    stored = _whole_numbers(volume.voxels)
    matrix = checked_affine(volume.patient_from_index, "the volume")
    series_uid = series_uid or generate_uid()
    frame_uid = volume.frame_of_reference_uid or generate_uid(entropy_srcs=[series_uid, "frame of reference"])
    progress = progress or Silent()
    paths = []
    for index, pixels in enumerate(stored):
        progress.report("Writing DICOM", index / len(stored))
        dataset = Dataset()
        _add_patient_and_study(dataset, patient, study_uid, study_date, study_description)
        _add_series(dataset, series_uid, modality, description, series_number, frame_uid)
        _add_plane(dataset, matrix, index)
        _add_pixels(dataset, pixels)
        IMAGE_MODULES[modality](dataset)
        dataset.SOPClassUID = SOP_CLASSES[modality]
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[series_uid, str(index)])
        paths.append(_save(dataset, folder / f"{modality.lower()}-{index + 1:04d}.dcm"))
    progress.report("Writing DICOM", 1.0)
    return paths


def _whole_numbers(voxels: np.ndarray) -> np.ndarray:
    """Voxels as int16. Raises PlannerError when that would change what the image shows."""
    what = "cannot write the volume as DICOM"
    low, high = float(voxels.min()), float(voxels.max())
    if not (np.isfinite(low) and np.isfinite(high) and low >= -32768 and high <= 32767):
        raise PlannerError(what, "its values do not fit 16 bits", "scale the values to -32768 to 32767 first")
    if voxels.dtype.kind == "f" and 0 < high - low < SMALLEST_RANGE and not (voxels == np.rint(voxels)).all():
        raise PlannerError(
            what, "rounding its values would lose contrast", "scale the values to some hundreds first"
        )
    return np.rint(voxels).astype("<i2")


def _add_patient_and_study(
    dataset: Dataset, patient: PatientModule, study_uid: str, study_date: str, study_description: str
) -> None:
    """DICOM PS3.3 C.7.1.1, C.7.2.1."""
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = patient.name
    dataset.PatientID = patient.patient_id
    dataset.PatientBirthDate = patient.birth_date
    dataset.PatientSex = patient.sex
    dataset.StudyInstanceUID = study_uid
    dataset.StudyDate = study_date
    dataset.StudyTime = ""
    dataset.StudyID = ""
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    if study_description:
        dataset.StudyDescription = study_description


def _add_series(
    dataset: Dataset, series_uid: str, modality: str, description: str, number: int, frame_uid: str
) -> None:
    """DICOM PS3.3 C.7.3.1, C.7.4.1, C.7.5.1."""
    dataset.Modality = modality
    dataset.SeriesInstanceUID = series_uid
    dataset.SeriesNumber = number
    dataset.SeriesDescription = description
    dataset.Laterality = ""
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = frame_uid
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = "Auricle"
    dataset.SoftwareVersions = _version()


def _add_plane(dataset: Dataset, patient_from_index: np.ndarray, index: int) -> None:
    """DICOM PS3.3 C.7.6.2: where the slice lies, from the affine's own columns."""
    spacing = np.linalg.norm(patient_from_index[:3, :3], axis=0)
    axes = patient_from_index[:3, :3] / spacing
    position = patient_from_index[:3, 3] + index * patient_from_index[:3, 0]
    dataset.ImageOrientationPatient = _decimals([*axes[:, 2], *axes[:, 1]])
    dataset.ImagePositionPatient = _decimals(position)
    dataset.PixelSpacing = _decimals(spacing[1:])
    dataset.SliceThickness = _decimals(spacing[:1])[0]
    dataset.InstanceNumber = index + 1


def _add_pixels(dataset: Dataset, pixels: np.ndarray) -> None:
    """DICOM PS3.3 C.7.6.3."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1
    dataset.PixelData = pixels.tobytes()


def _add_ct(dataset: Dataset) -> None:
    """DICOM PS3.3 C.8.2.1."""
    dataset.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    dataset.RescaleIntercept = "0"
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "HU"
    dataset.KVP = None
    dataset.AcquisitionNumber = None


def _add_mr(dataset: Dataset) -> None:
    """DICOM PS3.3 C.8.3.1."""
    dataset.ImageType = ["DERIVED", "PRIMARY", "OTHER"]
    dataset.ScanningSequence = "RM"
    dataset.SequenceVariant = "NONE"
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "3D"
    dataset.EchoTime = None
    dataset.EchoTrainLength = None


IMAGE_MODULES: dict[str, Callable[[Dataset], None]] = {"CT": _add_ct, "MR": _add_mr}


def _decimals(values: np.ndarray | list[float]) -> list[str]:
    """Decimal strings of at most 16 characters, as DICOM's DS demands, as exact as that allows."""
    texts = []
    for value in values:
        digits = 14
        text = f"{float(value):.{digits}g}"
        while len(text) > 16:
            digits -= 1
            text = f"{float(value):.{digits}g}"
        texts.append(text)
    return texts


def _save(dataset: Dataset, path: Path) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["Auricle"])
    with staged(path) as stage:
        FileDataset(str(stage), dataset, file_meta=meta, preamble=b"\0" * 128).save_as(
            stage, enforce_file_format=True
        )
    return path


def _version() -> str:
    try:
        return version("auricle")
    except PackageNotFoundError:
        return "unknown"

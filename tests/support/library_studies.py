"""Small studies for the case library: real DICOM files on the disk, and scans of files that only have bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.study import Patient, ScanResult, Series, Study

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def write_dicom_study(
    folder: Path, n_slices: int = 3, *, study: int = 1, name: str = "Ball^Bea", date: str = "20240312"
) -> Path:
    """One CT series of a few slices; `study` numbers the study and its patient."""
    # Imported here because processes that are only killed need no DICOM and should start quickly.
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    folder.mkdir(parents=True, exist_ok=True)
    for index in range(n_slices):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"2.25.{study}.1.{index + 1}"
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        file = FileDataset(None, _slice(study, index, name, date, meta), file_meta=meta, preamble=b"\0" * 128)
        pydicom.dcmwrite(folder / f"IM{index:03d}", file, enforce_file_format=True)
    return folder


def bytes_scan(
    folder: Path, n_files: int = 4, n_bytes: int = 3000, *, uid: str = "2.25.7", name: str = "Ball^Bea"
) -> ScanResult:
    """A scan of files made here: their bytes are no images, which a copy need not know."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(n_files)
    paths = tuple(folder / f"{index}.dcm" for index in range(n_files))
    for path in paths:
        path.write_bytes(rng.bytes(n_bytes))
    series = Series(f"{uid}.1", "CT", "Heart", (paths,), (n_files, 8, 8), (1.0, 1.0, 1.0), f"{uid}.2")
    return ScanResult((Patient(name, "P-7", (Study(uid, "20240312", "Chest", (series,)),)),))


def bytes_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """All files below a folder: content and time of change by relative name."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def _slice(study: int, index: int, name: str, date: str, meta: Dataset) -> Dataset:
    from pydicom.dataset import Dataset

    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.PatientName, dataset.PatientID = name, f"P-{study}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"2.25.{study}", f"2.25.{study}.1"
    dataset.FrameOfReferenceUID = f"2.25.{study}.9"
    dataset.StudyDate, dataset.StudyDescription, dataset.SeriesDescription = date, "Chest CT", "Heart"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, index + 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [0, 0, 2.0 * index]
    dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 2
    dataset.Rows = dataset.Columns = 8
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.PixelData = np.full((8, 8), 100 * index, "<i2").tobytes()
    return dataset

"""DICOM slices at any positions and orientation, painted with a pattern that is known everywhere in the patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

Paint = Callable[[np.ndarray], np.ndarray]
Change = Callable[[int, Dataset], None]
SHAPE = (14, 18)
PIXEL_MM = (0.9, 0.7)


@dataclass(frozen=True, eq=False)
class Slices:
    """Where slices lie: rotation (3, 3), columns along a row, down a column, along the normal; positions (n, 3)."""

    rotation: np.ndarray
    positions_mm: np.ndarray
    shape: tuple[int, int] = SHAPE
    pixel_mm: tuple[float, float] = PIXEL_MM

    @property
    def normal(self) -> np.ndarray:
        """Row direction x column direction."""
        return self.rotation[:, 2]

    def pixels_mm(self, index: int) -> np.ndarray:
        """LPS places (rows, columns, 3) of the pixels of a slice, as DICOM PS3.3 C.7.6.2.1.1 has them."""
        rows, columns = np.indices(self.shape, dtype=np.float64)
        return (
            self.positions_mm[index]
            + self.rotation[:, 0] * (columns * self.pixel_mm[1])[..., None]
            + self.rotation[:, 1] * (rows * self.pixel_mm[0])[..., None]
        )


def slices_along(
    rotation: np.ndarray,
    along_mm: np.ndarray,
    lean: tuple[float, float] = (0.0, 0.0),
    origin_mm: tuple[float, float, float] = (-21.0, 35.5, -102.25),
) -> Slices:
    """Slices at places along their normal, leaning by a slope along the rows and down the columns."""
    axis = rotation[:, 2] + lean[0] * rotation[:, 0] + lean[1] * rotation[:, 1]
    return Slices(rotation, np.array(origin_mm) + np.outer(along_mm, axis))


def ramp(direction: np.ndarray, centre_mm: np.ndarray, per_mm: float = 30.0) -> Paint:
    """Values that grow evenly along a direction: what straight interpolation keeps exactly."""
    return lambda points: per_mm * ((points - centre_mm) @ direction)


def write_slices(
    folder: Path,
    slices: Slices,
    paint: Paint | list[np.ndarray],
    change: Change | None = None,
    modality: str = "CT",
    series_uid: str = "1.2.77",
) -> list[Path]:
    """Write every slice as a file, named and numbered in the order of its positions; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(len(slices.positions_mm)):
        values = paint(slices.pixels_mm(index)) if callable(paint) else paint[index]
        dataset = _header(slices, index, modality, series_uid)
        dataset.Rows, dataset.Columns = values.shape
        dataset.PixelData = np.rint(values).astype("<i2").tobytes()
        if change is not None:
            change(index, dataset)
        path = folder / f"{modality.lower()}-{index:03d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _header(slices: Slices, index: int, modality: str, series_uid: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = CTImageStorage if modality == "CT" else MRImageStorage
    dataset.SOPInstanceUID = f"{series_uid}.{index}"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "secret-17"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.7", series_uid
    dataset.FrameOfReferenceUID = "1.2.70"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = modality, 1, index + 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if modality == "CT" else "M"]
    dataset.PatientPosition = "HFS"
    along_row, down_column = slices.rotation[:, 0], slices.rotation[:, 1]
    dataset.ImageOrientationPatient = [f"{v:.10f}" for v in (*along_row, *down_column)]
    dataset.ImagePositionPatient = [f"{v:.8f}" for v in slices.positions_mm[index]]
    dataset.PixelSpacing = list(slices.pixel_mm)
    dataset.SliceThickness = "1.5"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope = "0", "1"
    return dataset

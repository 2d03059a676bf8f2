"""An enhanced multi-frame CT or MR file with shared and per-frame groups, as DICOM PS3.3 C.7.6.16 has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian

from tests.support.slices import Slices


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame: pixels, the slice that it shows, and what its own groups say."""

    pixels: np.ndarray
    slices: Slices
    index: int
    rescale: tuple[float, float] = (1.0, 0.0)
    stack: str = "1"
    trigger_ms: float | None = None
    percent: float | None = None


def write_enhanced(
    path: Path, frames: Sequence[Frame], modality: str = "MR", series_uid: str = "1.2.88"
) -> None:
    """Write frames, in the order given, as one file; orientation is per frame, pixel size shared."""
    first = frames[0]
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = EnhancedCTImageStorage if modality == "CT" else EnhancedMRImageStorage
    dataset.SOPInstanceUID = f"{series_uid}.{abs(hash(path.name)) % 10**6}"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "17", "1.2.8", series_uid
    dataset.FrameOfReferenceUID, dataset.Modality = "1.2.80", modality
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.NumberOfFrames = len(frames)
    dataset.Rows, dataset.Columns = first.pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    shared = Dataset()
    shared.PixelMeasuresSequence = _one(
        PixelSpacing=list(first.slices.pixel_mm), SliceThickness="2", SpacingBetweenSlices="99"
    )
    dataset.SharedFunctionalGroupsSequence = Items([shared])
    dataset.PerFrameFunctionalGroupsSequence = Items([_groups(frame) for frame in frames])
    dataset.PixelData = b"".join(np.rint(frame.pixels).astype("<i2").tobytes() for frame in frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


def _groups(frame: Frame) -> Dataset:
    group = Dataset()
    rotation = frame.slices.rotation
    group.PlanePositionSequence = _one(
        ImagePositionPatient=[f"{v:.8f}" for v in frame.slices.positions_mm[frame.index]]
    )
    group.PlaneOrientationSequence = _one(
        ImageOrientationPatient=[f"{v:.10f}" for v in (*rotation[:, 0], *rotation[:, 1])]
    )
    slope, intercept = frame.rescale
    group.PixelValueTransformationSequence = _one(
        RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="US"
    )
    group.FrameContentSequence = _one(
        StackID=frame.stack, InStackPositionNumber=frame.index + 1, DimensionIndexValues=[1, frame.index + 1]
    )
    cardiac = {}
    if frame.trigger_ms is not None:
        cardiac["NominalCardiacTriggerDelayTime"] = frame.trigger_ms
    if frame.percent is not None:
        cardiac["NominalPercentageOfCardiacPhase"] = frame.percent
    if cardiac:
        group.CardiacSynchronizationSequence = _one(**cardiac)
    return group


def _one(**values: object) -> Items:
    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return Items([item])

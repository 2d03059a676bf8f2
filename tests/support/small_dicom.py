"""Small DICOM studies written for the window's tests: a beating disc as cine MR, an X-ray run, an ultrasound loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR, XA, US = (f"1.2.840.10008.5.1.4.1.1.{part}" for part in ("4", "12.1", "3.1"))
FRAME_UID = "2.25.777"
N_PHASES = 12
CYCLE_MS = 960.0
US_REGION = (10, 8, 59, 47)
US_PIXEL_CM = 0.05


def write_cine(folder: Path, series_uid: str = "2.25.501", slices: int = 3) -> Path:
    """A cine MR of a bright disc whose radius follows the cycle: largest at phase 0, smallest at phase 4."""
    for phase in range(N_PHASES):
        for place in range(slices):
            dataset = _dataset(MR, "MR", series_uid, phase * slices + place + 1)
            dataset.SeriesDescription = "Cine"
            dataset.FrameOfReferenceUID = FRAME_UID
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            dataset.ImagePositionPatient = [-40.0, -40.0, 3.0 * place]
            dataset.PixelSpacing = [2.0, 2.0]
            dataset.SliceThickness = 3.0
            dataset.TriggerTime = phase * CYCLE_MS / N_PHASES
            _add_pixels(dataset, _disc(phase))
            _save(dataset, folder / f"cine-{phase:02d}-{place:02d}.dcm")
    return folder


def write_xray(folder: Path, n_frames: int = 5) -> Path:
    """An X-ray run with a spacing at the detector only."""
    dataset = _dataset(XA, "XA", "2.25.601", 1)
    dataset.SeriesDescription = "Run"
    dataset.ImagerPixelSpacing = [0.3, 0.3]
    dataset.PositionerPrimaryAngle, dataset.PositionerSecondaryAngle = -30.0, 20.0
    dataset.DistanceSourceToDetector = 1000.0
    dataset.FrameTime = 66.0
    _add_pixels(dataset, np.stack([_bar(frame) for frame in range(n_frames)]))
    return _save(dataset, folder / "run.dcm")


def write_ultrasound(folder: Path, n_frames: int = 4) -> Path:
    """An ultrasound loop with one calibrated region of 0.5 mm pixels."""
    dataset = _dataset(US, "US", "2.25.701", 1)
    dataset.SeriesDescription = "Loop"
    dataset.FrameTime = 40.0
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = US_REGION[:2]
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = US_REGION[2:]
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = US_PIXEL_CM
    dataset.SequenceOfUltrasoundRegions = Sequence([region])
    _add_pixels(dataset, np.stack([_bar(frame) for frame in range(n_frames)]))
    return _save(dataset, folder / "loop.dcm")


def _disc(phase: int) -> np.ndarray:
    rows, columns = np.indices((40, 40))
    # One beat: emptied in the first third of the cycle, filled again in the rest of it.
    share = phase / N_PHASES
    filled = np.cos(3.0 * np.pi * share) if share < 1 / 3 else -np.cos(1.5 * np.pi * (share - 1 / 3))
    radius = 11.0 + 3.0 * filled
    inside = np.hypot(rows - 19.5, columns - 19.5) < radius
    return np.where(inside, 900, 120).astype("<u2")


def _bar(frame: int) -> np.ndarray:
    picture = np.full((60, 80), 200, dtype="u1")
    picture[:, 10 + 4 * frame : 14 + 4 * frame] = 20
    return picture


def _dataset(sop_class: str, modality: str, series_uid: str, number: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[series_uid, str(number)])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.500", series_uid
    dataset.PatientName, dataset.PatientID = "Disc^Dora", "D-1"
    dataset.StudyDate, dataset.Modality = "20260102", modality
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    return dataset


def _add_pixels(dataset: Dataset, pixels: np.ndarray) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        dataset.NumberOfFrames = len(pixels)
    bits = 8 * pixels.dtype.itemsize
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    dataset.PixelData = pixels.tobytes()


def _save(dataset: Dataset, path: Path) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    file = FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128)
    file.save_as(path, enforce_file_format=True)
    return path

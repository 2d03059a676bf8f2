"""Small DICOM picture files whose pixels, packing and header are chosen one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)


def picture_header(shape: tuple[int, ...], dtype: Any = np.uint8, **changes: Any) -> Dataset:
    """A header for one frame of `shape` (rows, columns[, 3]) in numbers of `dtype`; changes None drop a fact."""
    item = np.dtype(dtype)
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = UltrasoundMultiFrameImageStorage, generate_uid()
    header.StudyInstanceUID, header.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    header.PatientName, header.PatientID, header.Modality = "Doe^Jane", "secret-17", "US"
    header.InstanceNumber = 1
    header.Rows, header.Columns = shape[:2]
    header.SamplesPerPixel = shape[2] if len(shape) > 2 else 1
    header.PhotometricInterpretation = "RGB" if len(shape) > 2 else "MONOCHROME2"
    if len(shape) > 2:
        header.PlanarConfiguration = 0
    header.BitsAllocated = header.BitsStored = 8 * item.itemsize
    header.HighBit = 8 * item.itemsize - 1
    header.PixelRepresentation = int(item.kind == "i")
    for name, value in changes.items():
        if value is None:
            if name in header:
                del header[name]
        else:
            setattr(header, name, value)
    return header


_AS_LONG_AS = {
    "1.2.840.10008.1.2.8.1": JPEG2000Lossless,
    "1.2.840.10008.1.2.4.110": HTJ2KLossless,
    "1.2.3.4.5.6.7.8.9.10.11": HTJ2KLossless,
}
"""Syntaxes that pydicom does not write, and ones as long that it does."""


def write_picture(
    path: Path, header: Dataset, pixels: bytes | list[bytes], syntax: str = ExplicitVRLittleEndian
) -> Path:
    """Write a header with native bytes, or with compressed frames, one fragment each."""
    is_native = isinstance(pixels, bytes)
    written_as = _AS_LONG_AS.get(syntax, syntax)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = UID(written_as)
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    header.PixelData = pixels if isinstance(pixels, bytes) else encapsulate(pixels, has_bot=False)
    header["PixelData"].VR = "OW" if header.BitsAllocated > 8 else "OB"
    header["PixelData"].is_undefined_length = not is_native
    path.parent.mkdir(parents=True, exist_ok=True)
    header.save_as(path, enforce_file_format=True)
    if written_as != syntax:
        path.write_bytes(path.read_bytes().replace(_padded(written_as), _padded(syntax), 1))
    return path


def _padded(syntax: str) -> bytes:
    return syntax.encode() + b"\0" * (len(syntax) % 2)


NATIVE_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)

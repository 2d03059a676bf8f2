"""The pixels of DICOM planes as physical values: HU for CT, the scanner's numbers for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.errors import PlannerError
from imaging.files import FileKind, file_kind
from imaging.grid import compact
from imaging.headers import Plane, planes_of, quiet_parser

COPY_AGAIN = "copy the study again from its source"


def decode_planes(planes: Sequence[Plane]) -> Iterator[np.ndarray]:
    """Yield the values (rows, columns) of each plane, int16 when whole numbers fit, else float32.

    Each file is opened once while its planes follow each other. Raises PlannerError for colour images, pixel
    data that is cut short, a file that changed since it was scanned, or a compression without a decoder.
    """
    path: Path | None = None
    dataset = Dataset()
    described: tuple[Plane, ...] = ()
    for plane in planes:
        if plane.path != path:
            dataset = _read(plane.path)
            with quiet_parser():
                described = planes_of(dataset, plane.path)
            path = plane.path
        if plane.frame >= len(described) or not _is_same(described[plane.frame], plane):
            raise PlannerError(
                "cannot read an image", "its file changed since the scan", "scan the folder again"
            )
        yield physical_values(_stored(dataset, plane), plane, dataset)


def _is_same(found: Plane, expected: Plane) -> bool:
    """True when a file still holds the plane that was scanned; how names are spelt does not matter."""
    return replace(found, owner=expected.owner, description=expected.description) == expected


def physical_values(stored: np.ndarray, plane: Plane, dataset: Dataset) -> np.ndarray:
    """Stored numbers (rows, columns) as physical values.

    A CT's rescale is required and gives HU. For the rest MONOCHROME1 is turned so that more is brighter; HU
    are absorption however they are displayed, so a CT is never turned.
    """
    if plane.modality == "CT" and plane.rescale is None:
        raise PlannerError(
            "cannot read a CT",
            "it does not say how its numbers become Hounsfield units",
            "export the original CT",
        )
    values = stored
    if plane.photometric == "MONOCHROME1" and plane.modality != "CT":
        bits = int(dataset.BitsStored)
        ceiling = -1 if int(dataset.PixelRepresentation) else 2**bits - 1
        values = ceiling - stored.astype(np.int32)
    slope, intercept = plane.rescale or (1.0, 0.0)
    if slope == int(slope) and intercept == int(intercept):
        whole = values.astype(np.int64) * int(slope) + int(intercept)
        return compact(whole)
    return (values.astype(np.float64) * slope + intercept).astype(np.float32)


def _read(path: Path) -> Dataset:
    try:
        with quiet_parser():
            dataset = pydicom.dcmread(path, force=file_kind(path) is FileKind.DICOM)
        if "TransferSyntaxUID" not in dataset.file_meta:
            # A bare data set names no syntax; it is one of the two that need no name to be read.
            is_implicit, _ = dataset.original_encoding
            dataset.file_meta.TransferSyntaxUID = (
                ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian
            )
        return dataset
    except Exception as error:
        # Broken files raise anything in a parser; the user needs one sentence.
        raise PlannerError("cannot read an image", "its file is damaged or gone", COPY_AGAIN) from error


def _stored(dataset: Dataset, plane: Plane) -> np.ndarray:
    if plane.samples != 1 or plane.photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise PlannerError(
            "cannot read an image", f"it is a colour picture ({plane.photometric or 'unknown'})",
            "choose a series of grey-scale images",
        )  # fmt: skip
    if "PixelData" not in dataset:
        raise PlannerError("cannot read an image", "it has no whole-number pixels", "choose another series")
    _check_length(dataset, plane)
    try:
        with quiet_parser():
            pixels = pixel_array(dataset, index=plane.frame, raw=True)
    except Exception as error:
        syntax = dataset.file_meta.TransferSyntaxUID.name
        raise PlannerError(
            "cannot read an image", f"its pixels could not be decoded ({syntax})",
            "export the study uncompressed or with a lossless compression",
        ) from error  # fmt: skip
    if pixels.shape != plane.shape:
        raise PlannerError("cannot read an image", "its pixels do not fit its rows and columns", COPY_AGAIN)
    return np.asarray(pixels)


def _check_length(dataset: Dataset, plane: Plane) -> None:
    """Refuse uncompressed pixels that are cut short: a decoder may fill the rest with anything."""
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    needed = plane.shape[0] * plane.shape[1] * plane.n_frames * int(dataset.BitsAllocated) // 8
    if len(dataset.PixelData) < needed:
        why = f"{needed - len(dataset.PixelData)} of {needed} bytes of its pixels are absent"
        raise PlannerError("cannot read an image", why, COPY_AGAIN)

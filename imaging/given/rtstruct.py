"""Contours drawn in another program (RT Structure Set), read as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from core.contours import GivenContours, GivenRegion
from core.errors import Finding, PlannerError
from imaging.dicom.headers import quiet_parser
from imaging.dicom.values import items, number_of, numbers_of, text_of
from imaging.find.files import FileKind, file_kind

_WHAT = "cannot read the contours"
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_GREY = (0.8, 0.8, 0.8)
_LOOSE_PLANE_MM = 0.1
"""Points of one contour may lie this far beside its plane; files round to 0.01 mm."""


def read_contours(path: Path) -> GivenContours:
    """The regions of an RT Structure Set, as its author drew them, in LPS mm.

    Regions without contours are left out with a finding. Raises PlannerError when the file is damaged, is no
    structure set, or a contour has no right number of coordinates or does not lie in a plane.

    Source: DICOM PS3.3 C.8.8.5 (structure set), C.8.8.6 (contours).
    """
    dataset = _read(path)
    drawn = {number_of(item, "ReferencedROINumber"): item for item in items(dataset, "ROIContourSequence")}
    regions, empty = [], 0
    for roi in items(dataset, "StructureSetROISequence"):
        region = _region(roi, drawn.get(number_of(roi, "ROINumber")), dataset)
        empty += region is None
        if region is not None:
            regions.append(region)
    if not regions:
        raise PlannerError(_WHAT, "no region of the structure set has a contour", "export it again")
    label = text_of(dataset, "StructureSetLabel") or text_of(dataset, "SeriesDescription")
    return GivenContours(label, tuple(regions), tuple(dict.fromkeys(_series_uids(dataset))), _empty(empty))


def _read(path: Path) -> Dataset:
    try:
        with quiet_parser():
            dataset = pydicom.dcmread(path, force=file_kind(path) is FileKind.DICOM)
            is_set = text_of(dataset, "Modality") == "RTSTRUCT" and "StructureSetROISequence" in dataset
    except Exception as error:
        # Broken files raise anything in a parser; the user needs one sentence.
        raise PlannerError(_WHAT, "the file is damaged or gone", "copy it again from its source") from error
    if not is_set:
        raise PlannerError(_WHAT, "the file is no structure set", "choose an RT Structure Set")
    return dataset


def _region(roi: Dataset, drawn: Dataset | None, dataset: Dataset) -> GivenRegion | None:
    polygons, points = [], []
    for contour in items(drawn, "ContourSequence") if drawn is not None else []:
        found = _coordinates(contour)
        if text_of(contour, "ContourGeometricType").upper() in _CLOSED and len(found) >= 3:
            _check_plane(found)
            polygons.append(found)
        else:
            points.append(found)
    if drawn is None or not (polygons or points):
        return None
    colour = numbers_of(drawn, "ROIDisplayColor", 3)
    return GivenRegion(
        name=text_of(roi, "ROIName") or f"region {int(number_of(roi, 'ROINumber') or 0)}",
        colour=(colour[0] / 255, colour[1] / 255, colour[2] / 255) if colour else _GREY,
        polygons=tuple(polygons),
        points=tuple(points),
        frame_of_reference_uid=text_of(roi, "ReferencedFrameOfReferenceUID")
        or text_of(dataset, "FrameOfReferenceUID"),
    )


def _coordinates(contour: Dataset) -> np.ndarray:
    """LPS positions (n, 3) of one contour, straight from the bytes: there may be hundreds of thousands."""
    element = contour.get_item("ContourData")
    try:
        raw = element.value if element is not None else b""
        parts = raw.split(b"\\") if isinstance(element, RawDataElement) and isinstance(raw, bytes) else raw
        found = np.array([float(part) for part in parts or ()], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _damaged() from error
    n_points = number_of(contour, "NumberOfContourPoints")
    if len(found) % 3 or not np.isfinite(found).all() or n_points not in (None, len(found) // 3):
        raise _damaged()
    return found.reshape(-1, 3)


def _damaged() -> PlannerError:
    return PlannerError(_WHAT, "a contour's coordinates are not whole triples", "export the set again")


def _check_plane(points_mm: np.ndarray) -> None:
    centred = points_mm - points_mm.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][-1]
    beside_mm = float(np.abs(centred @ normal).max())
    if beside_mm > _LOOSE_PLANE_MM:
        raise PlannerError(
            _WHAT, f"a contour leaves its plane by {beside_mm:.1f} mm", "draw it in one plane"
        )  # fmt: skip


def _series_uids(dataset: Dataset) -> Iterator[str]:
    for frame in items(dataset, "ReferencedFrameOfReferenceSequence"):
        for study in items(frame, "RTReferencedStudySequence"):
            for series in items(study, "RTReferencedSeriesSequence"):
                yield text_of(series, "SeriesInstanceUID")


def _empty(count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    what = f"{count} regions of the structure set are empty"
    return (Finding("empty_regions", what, "they have a name and no contour", "nothing to do"),)

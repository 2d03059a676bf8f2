"""Ultrasound pictures: which rectangles of them have a pixel size, as the device calibrated them."""

from __future__ import annotations

from pydicom.dataset import Dataset

from core.clip import CalibratedRegion
from imaging.dicom.values import items, number_of, text_of

_CENTIMETRES = 3
_PLANAR = 1
_LOW_PRIORITY = 1
MM_PER_CM = 10.0
_PRIVATE_VOLUMES = {"1.2.840.113543.6.6.1.3.1000": "Philips 3-D"}
"""By SOP Class UID; their frames are scan lines or slices of a space that only the maker describes."""
_FORMATS = {2: "M-mode", 3: "spectral Doppler", 4: "wave form", 5: "graphics"}
_DATA = {
    1: "tissue",
    2: "colour flow",
    3: "spectral Doppler",
    4: "spectral Doppler",
    5: "ECG",
    6: "pulse wave form",
    7: "respiration wave form",
    9: "graphics",
    10: "wave form",
    12: "colour bar",
    13: "grey bar",
}


def ultrasound_regions(header: Dataset, rows: int, columns: int) -> tuple[CalibratedRegion, ...]:
    """The calibrated regions of a picture of `rows` x `columns`.

    A region's pixels have a size only where it is a planar picture and both its axes are centimetres: those
    of Doppler and M-mode are times and velocities. The sign of a step tells the direction of the axis and
    leaves the size alone. Regions that lie beside the picture are dropped.

    Source: DICOM PS3.3 C.8.5.5.
    """
    found = (_region(item, rows, columns) for item in items(header, "SequenceOfUltrasoundRegions"))
    return tuple(region for region in found if region is not None)


def _region(item: Dataset, rows: int, columns: int) -> CalibratedRegion | None:
    corners = [
        number_of(item, name)
        for name in (
            "RegionLocationMinX0",
            "RegionLocationMinY0",
            "RegionLocationMaxX1",
            "RegionLocationMaxY1",
        )
    ]
    if any(corner is None for corner in corners):
        return None
    left, top, right, bottom = (int(corner or 0.0) for corner in corners)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, columns - 1), min(bottom, rows - 1)
    if left > right or top > bottom:
        return None
    row_mm, column_mm = _size_mm(item)
    spatial, data = (int(number_of(item, name) or 0) for name in ("RegionSpatialFormat", "RegionDataType"))
    kind = _FORMATS.get(spatial) or _DATA.get(data, "unknown")
    flags = int(number_of(item, "RegionFlags") or 0)
    return CalibratedRegion(
        left, top, right, bottom, row_mm, column_mm, kind, is_on_top=not flags & _LOW_PRIORITY
    )


def _size_mm(item: Dataset) -> tuple[float | None, float | None]:
    units = (number_of(item, "PhysicalUnitsXDirection"), number_of(item, "PhysicalUnitsYDirection"))
    x_cm, y_cm = number_of(item, "PhysicalDeltaX"), number_of(item, "PhysicalDeltaY")
    if number_of(item, "RegionSpatialFormat") != _PLANAR or units != (_CENTIMETRES, _CENTIMETRES):
        return None, None
    if not x_cm or not y_cm:
        return None, None
    return abs(y_cm) * MM_PER_CM, abs(x_cm) * MM_PER_CM


def private_volume(header: Dataset) -> str:
    """The name of a maker's private 3-D format whose pixels are no pictures; empty for everything else."""
    sop_class = text_of(header, "SOPClassUID")
    return next((name for root, name in _PRIVATE_VOLUMES.items() if sop_class.startswith(root)), "")

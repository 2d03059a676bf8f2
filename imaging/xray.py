"""X-ray projections: what a pixel of them measures, and where it does."""

from __future__ import annotations

from pydicom.dataset import Dataset

from core.clip import CalibratedRegion
from imaging.facts import numbers, text

PROJECTIONS = ("XA", "RF", "DX", "CR", "MG", "PX")


def xray_regions(header: Dataset, rows: int, columns: int) -> tuple[CalibratedRegion, ...]:
    """The whole picture as one region when it was calibrated at the depth of what it shows; else none.

    ImagerPixelSpacing is a size at the detector, where nothing of the patient lies. PixelSpacing is a
    calibration when the file says how it was made, or when it differs from the detector's.

    Source: DICOM PS3.3 10.7.1.3.
    """
    spacing, at_detector = numbers(header, "PixelSpacing", 2), numbers(header, "ImagerPixelSpacing", 2)
    how = text(header, "PixelSpacingCalibrationType")
    if spacing is None or min(spacing) <= 0.0:
        return ()
    is_calibrated = bool(how) or (at_detector is not None and not _same(spacing, at_detector))
    if not is_calibrated:
        return ()
    kind = f"X-ray, calibrated ({how.lower()})" if how else "X-ray, calibrated"
    return (CalibratedRegion(0, 0, columns - 1, rows - 1, spacing[0], spacing[1], kind),)


def _same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= 1e-4 * abs(b) for a, b in zip(one, other, strict=True))

"""X-ray projections: the geometry of each frame, and whether a pixel of it measures anything in the patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from core.clip import CalibratedRegion
from core.xray import XRayView
from imaging.dicom.values import items, number_of, numbers_of, text_of

PROJECTIONS = ("XA", "RF", "DX", "CR", "MG", "PX")
_ENHANCED_GROUPS = (
    "PositionerPositionSequence",
    "XRayGeometrySequence",
    "FramePixelDataPropertiesSequence",
    "TablePositionSequence",
)
_TABLE = ("TableTopVerticalPosition", "TableTopLongitudinalPosition", "TableTopLateralPosition")
_PLAIN = (
    "ImagerPixelSpacing",
    "PositionerPrimaryAngle",
    "PositionerSecondaryAngle",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
)
_DIRECTIONS: Mapping[str, tuple[float, float, float]] = {
    "L": (1, 0, 0),
    "R": (-1, 0, 0),
    "P": (0, 1, 0),
    "A": (0, -1, 0),
    "H": (0, 0, 1),
    "F": (0, 0, -1),
}


def xray_views(header: Dataset, n_frames: int) -> tuple[XRayView, ...]:
    """The geometry of each of `n_frames` frames of a file.

    A run with a moving positioner gives the first frame's angles and their increments from it; an enhanced
    file gives each frame its own. What is absent stays None: `XRayView` refuses what needs it.

    Source: DICOM PS3.3 C.8.7.5 (positioner), C.8.7.2 (acquisition), C.8.19 (enhanced).
    """
    frames = [_enhanced(header, index) for index in range(n_frames)]
    primary, secondary = (_increments(header, name, n_frames) for name in ("Primary", "Secondary"))
    return tuple(_view(header, facts, primary[index], secondary[index]) for index, facts in enumerate(frames))


def _view(header: Dataset, facts: Dataset, primary_step_deg: float, secondary_step_deg: float) -> XRayView:
    primary, secondary = (
        number_of(facts, "PositionerPrimaryAngle"),
        number_of(facts, "PositionerSecondaryAngle"),
    )
    spacing = numbers_of(facts, "ImagerPixelSpacing", 2)
    table = tuple(number_of(facts, name) for name in _TABLE)
    view = XRayView(
        rows=int(header.Rows),
        columns=int(header.Columns),
        primary_deg=None if primary is None else primary + primary_step_deg,
        secondary_deg=None if secondary is None else secondary + secondary_step_deg,
        source_detector_mm=_length(facts, "DistanceSourceToDetector"),
        source_isocentre_mm=_length(facts, "DistanceSourceToIsocenter")
        or _length(facts, "DistanceSourceToPatient"),
        detector_spacing_mm=(spacing[0], spacing[1]) if spacing is not None and min(spacing) > 0.0 else None,
        table_mm=None if None in table else (table[0] or 0.0, table[1] or 0.0, table[2] or 0.0),
        plane=_plane(header),
    )
    return replace(view, is_upright=_is_upright(header, view))


def _enhanced(header: Dataset, index: int) -> Dataset:
    """The header's own facts, over them the shared and over these the frame's functional groups."""
    facts = Dataset()
    for name in _PLAIN:
        if name in header:
            facts[name] = header[name]
    shared = items(header, "SharedFunctionalGroupsSequence")[:1]
    own = items(header, "PerFrameFunctionalGroupsSequence")[index : index + 1]
    for group in (*shared, *own):
        for name in _ENHANCED_GROUPS:
            for item in items(group, name)[:1]:
                facts.update(item)
    return facts


def _increments(header: Dataset, which: str, n_frames: int) -> tuple[float, ...]:
    found = numbers_of(header, f"Positioner{which}AngleIncrement", n_frames)
    return found or (0.0,) * n_frames


def _length(facts: Dataset, name: str) -> float | None:
    value = number_of(facts, name)
    return value if value is not None and value > 0.0 else None


def _plane(header: Dataset) -> str:
    """A or B of a biplane pair, by the third value of ImageType; empty for a single plane."""
    kind = header.get("ImageType") or []
    words = str(kind[2]).upper() if not isinstance(kind, str) and len(kind) > 2 else ""
    return words.removeprefix("BIPLANE ").strip() if words.startswith("BIPLANE ") else ""


def _is_upright(header: Dataset, view: XRayView) -> bool:
    """False when PatientOrientation says that the picture runs against what the angles show."""
    along = header.get("PatientOrientation") or []
    if isinstance(along, str) or len(along) != 2 or view.primary_deg is None or view.secondary_deg is None:
        return True
    right, up = view.axes[:, 0], view.axes[:, 1]
    return bool(_towards(str(along[0])) @ right >= 0.0 and _towards(str(along[1])) @ up <= 0.0)


def _towards(letters: str) -> np.ndarray:
    """LPS direction of PatientOrientation's letters, the leading one counting most."""
    weights = (1.0, 0.5, 0.25)
    known: Sequence[str] = [letter for letter in letters.upper() if letter in _DIRECTIONS]
    return sum((w * np.array(_DIRECTIONS[k]) for w, k in zip(weights, known, strict=False)), np.zeros(3))


def xray_regions(header: Dataset, rows: int, columns: int) -> tuple[CalibratedRegion, ...]:
    """The whole picture as one region when it was calibrated at the depth of what it shows; else none.

    ImagerPixelSpacing is a size at the detector, where nothing of the patient lies. PixelSpacing is a
    calibration when the file says how it was made, or when it differs from the detector's.

    Source: DICOM PS3.3 10.7.1.3.
    """
    spacing, at_detector = numbers_of(header, "PixelSpacing", 2), numbers_of(header, "ImagerPixelSpacing", 2)
    how = text_of(header, "PixelSpacingCalibrationType")
    if spacing is None or min(spacing) <= 0.0:
        return ()
    is_calibrated = bool(how) or (at_detector is not None and not _same(spacing, at_detector))
    if not is_calibrated:
        return ()
    kind = f"X-ray, calibrated ({how.lower()})" if how else "X-ray, calibrated"
    return (CalibratedRegion(0, 0, columns - 1, rows - 1, spacing[0], spacing[1], kind),)


def _same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= 1e-4 * abs(b) for a, b in zip(one, other, strict=True))

"""An X-ray projection: where source and detector stood around the patient, and where a point lands.

The frame of a view is the isocentre's: origin at the isocentre, millimetres, axes LPS as the patient lies (x to
the patient's left, y to the back, z to the head). DICOM gives positioner angles with respect to the patient,
so the axes hold for any way of lying; how far the isocentre is from a CT's origin is not told by any file.

DICOM PS3.3 C.8.7.5 defines the angles by the place of the detector: primary 0 before the chest and +90 at the
patient's left (LAO positive, RAO negative), secondary +90 at the head (cranial positive, caudal negative). The
picture is the one that a viewer at the detector sees, the head up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from core.errors import PlannerError

Fact = TypeVar("Fact")
_ORIENTED = "export the original run, with its positioner angles and distances"


@dataclass(frozen=True)
class XRayView:
    """The geometry of one frame of an X-ray run; what the file does not say is None.

    Attributes:
        rows, columns: size of the picture in pixels.
        primary_deg, secondary_deg: positioner angles, LAO and cranial positive.
        source_detector_mm: SID, from the X-ray source to the detector.
        source_isocentre_mm: SOD, from the source to the isocentre.
        detector_spacing_mm: (between rows, between columns) of pixels at the detector. Not the size of anything
            in the patient.
        table_mm: table position (vertical, longitudinal, lateral) as the device counts it; None where unknown.
        plane: "A" or "B" of a biplane pair; empty for a single plane.
        is_upright: False when the file says that its picture is not shown as a viewer at the detector sees it.
    """

    rows: int
    columns: int
    primary_deg: float | None
    secondary_deg: float | None
    source_detector_mm: float | None
    source_isocentre_mm: float | None
    detector_spacing_mm: tuple[float, float] | None
    table_mm: tuple[float, float, float] | None = None
    plane: str = ""
    is_upright: bool = True

    @property
    def title(self) -> str:
        """The angles as a cardiologist says them, such as "LAO 31 CRA 24"; empty when unknown."""
        if self.primary_deg is None or self.secondary_deg is None:
            return ""
        side = "LAO" if self.primary_deg >= 0.0 else "RAO"
        tilt = "CRA" if self.secondary_deg >= 0.0 else "CAU"
        return f"{side} {abs(self.primary_deg):.0f} {tilt} {abs(self.secondary_deg):.0f}"

    @property
    def axes(self) -> np.ndarray:
        """Unit directions (3, 3), one per column: right and up in the picture, and from source to detector.

        Raises PlannerError when the angles are absent.
        """
        primary, secondary = (
            np.radians(_needed(angle, "its positioner angles"))
            for angle in (self.primary_deg, self.secondary_deg)
        )
        sin_p, cos_p, sin_s, cos_s = np.sin(primary), np.cos(primary), np.sin(secondary), np.cos(secondary)
        right = (cos_p, sin_p, 0.0)
        up = (-sin_p * sin_s, cos_p * sin_s, cos_s)
        to_detector = (cos_s * sin_p, -cos_s * cos_p, sin_s)
        return np.array([right, up, to_detector]).T

    @property
    def source_mm(self) -> np.ndarray:
        """Position (3,) of the X-ray source. Raises PlannerError when an angle or a distance is absent."""
        return -self._source_isocentre_mm * self.axes[:, 2]

    @property
    def detector_mm(self) -> np.ndarray:
        """Position (3,) of the detector's centre. Raises PlannerError when an angle or a distance is absent."""
        return (self._source_detector_mm - self._source_isocentre_mm) * self.axes[:, 2]

    @property
    def isocentre_spacing_mm(self) -> tuple[float, float]:
        """(between rows, between columns) of pixels for an object exactly at the isocentre.

        An object 100 mm nearer to the source or the detector is shown 10 to 20 percent larger or smaller: a
        length by this is an estimate, and is to be called one. Raises PlannerError when a fact is absent.
        """
        row_mm, column_mm = _needed(self.detector_spacing_mm, "the pixel size at its detector")
        shrink = self._source_isocentre_mm / self._source_detector_mm
        return row_mm * shrink, column_mm * shrink

    def project(self, points_mm: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) as (column, row), centres at integers, of points (n, 3) in the isocentre's frame.

        The central ray meets the middle of the picture. Points not before the source become NaN. Raises
        PlannerError when an angle, a distance or the pixel size at the detector is absent.
        """
        row_mm, column_mm = _needed(self.detector_spacing_mm, "the pixel size at its detector")
        if not self.is_upright:
            raise _refusal("its picture is turned or mirrored")
        right, up, along = (np.asarray(points_mm, dtype=np.float64).reshape(-1, 3) @ self.axes).T
        depth = along + self._source_isocentre_mm
        scale = self._source_detector_mm / np.where(depth > 0.0, depth, np.nan)
        column = (self.columns - 1) / 2.0 + right * scale / column_mm
        row = (self.rows - 1) / 2.0 - up * scale / row_mm
        return np.stack([column, row], axis=1)

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """Unit directions (n, 3) from the source through pixels (n, 2) given as (column, row).

        Raises PlannerError as `project` does.
        """
        row_mm, column_mm = _needed(self.detector_spacing_mm, "the pixel size at its detector")
        if not self.is_upright:
            raise _refusal("its picture is turned or mirrored")
        column, row = np.asarray(pixels, dtype=np.float64).reshape(-1, 2).T
        right = (column - (self.columns - 1) / 2.0) * column_mm
        up = ((self.rows - 1) / 2.0 - row) * row_mm
        along = np.full_like(right, self._source_detector_mm)
        directions = np.stack([right, up, along], axis=1) @ self.axes.T
        return directions / np.linalg.norm(directions, axis=1, keepdims=True)

    @property
    def _source_detector_mm(self) -> float:
        return _needed(self.source_detector_mm, "the distance from source to detector")

    @property
    def _source_isocentre_mm(self) -> float:
        return _needed(self.source_isocentre_mm, "the distance from source to isocentre")


def _needed(fact: Fact | None, name: str) -> Fact:
    if fact is None:
        raise _refusal(f"the file does not say {name}")
    return fact


def _refusal(why: str) -> PlannerError:
    return PlannerError("cannot place the X-ray picture", why, _ORIENTED)

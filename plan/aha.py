"""The seventeen segments of the left ventricle: which one a place of its wall belongs to.

Source: M. Cerqueira et al., Standardized myocardial segmentation and nomenclature for tomographic imaging of the
heart, Circulation 105 (2002) 539.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError

SEGMENTS: tuple[str, ...] = (
    "basal anterior",
    "basal anteroseptal",
    "basal inferoseptal",
    "basal inferior",
    "basal inferolateral",
    "basal anterolateral",
    "mid anterior",
    "mid anteroseptal",
    "mid inferoseptal",
    "mid inferior",
    "mid inferolateral",
    "mid anterolateral",
    "apical anterior",
    "apical septal",
    "apical inferior",
    "apical lateral",
    "apex",
)
"""Titles of segments 1 to 17, in order."""
SHORTEST_AXIS_MM = 20.0
# From the middle of the septum over the anterior wall: the segments in steps of 60 and of 90 degrees.
_SIX = np.array([2, 1, 6, 5, 4, 3])
_FOUR = np.array([14, 13, 16, 15])


@dataclass(frozen=True, eq=False)
class LongAxis:
    """The ventricle's axis and where its septum is.

    Attributes:
        base_mm, apex_mm: (3,) middle of the mitral valve, and the tip of the cavity, LPS mm.
        septum_mm: (3,) any place in the middle of the septum.
    """

    base_mm: np.ndarray
    apex_mm: np.ndarray
    septum_mm: np.ndarray


def segments_of(points_mm: np.ndarray, axis: LongAxis) -> np.ndarray:
    """Segment 1 to 17 of each point (n, 3), LPS mm; 0 for points above the base.

    Thirds of the cavity's length are basal, mid and apical; the wall beyond its tip is the apex.

    Raises:
        PlannerError: base, apex and septum do not define the segments.
    """
    along = axis.base_mm - axis.apex_mm
    length_mm = float(np.linalg.norm(along))
    if length_mm < SHORTEST_AXIS_MM:
        raise _no_axis("base and apex are in one place")
    along = along / length_mm
    to_septum = axis.septum_mm - axis.apex_mm
    to_septum = to_septum - (to_septum @ along) * along
    if np.linalg.norm(to_septum) < 1.0:
        raise _no_axis("the septum lies on the long axis")
    to_septum = to_septum / np.linalg.norm(to_septum)
    # Seen from the apex the septum is on the left and the anterior wall at the top.
    to_anterior = np.cross(along, to_septum)
    from_apex = np.asarray(points_mm, dtype=np.float64) - axis.apex_mm
    height = from_apex @ along / length_mm
    turn = np.degrees(np.arctan2(from_apex @ to_anterior, from_apex @ to_septum)) % 360.0
    six = _SIX[(turn // 60.0).astype(np.int64) % 6]
    four = _FOUR[((turn + 45.0) // 90.0).astype(np.int64) % 4]
    is_basal, is_mid = height > 2.0 / 3.0, height > 1.0 / 3.0
    found = np.where(is_basal, six, np.where(is_mid, six + 6, four))
    return np.where(height < 0.0, 17, np.where(height > 1.0, 0, found))


def _no_axis(why: str) -> PlannerError:
    return PlannerError("the segments are not told", why, "place the mitral valve and the apex by hand")

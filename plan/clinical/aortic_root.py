"""The aortic root as it is measured before a valve is implanted, and how a C-arm sees its annulus edge-on.

The set is that of the SCCT: P. Blanke et al., Computed tomography imaging in the context of TAVI/TAVR, JACC
Cardiovascular Imaging 12 (2019) 1-24. The annular plane is the one through the lowest points of the three cusps.
Angles of the C-arm are the positioner angles of DICOM PS3.3 C.8.7.5, with respect to the patient: LAO and cranial
positive, the detector before the chest at 0, 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.errors import PlannerError
from plan.contours import curve_from_points, flattened, shape_values, vector_area_mm2, why_no_area
from plan.formula import Formula, Points, Values, points_of
from plan.items import AorticRoot

HINGES = ("right_hinge_mm", "left_hinge_mm", "non_coronary_hinge_mm")
# Each sinus with the commissure across from it.
SINUSES = {
    "right": ("right_sinus_mm", "left_non_commissure_mm"),
    "left": ("left_sinus_mm", "right_non_commissure_mm"),
    "non_coronary": ("non_coronary_sinus_mm", "right_left_commissure_mm"),
}
# Three hinge points that span less than this are no plane; a real annulus spans 150 mm2 and more.
LEAST_TRIANGLE_MM2 = 10.0
# Drawn farther from the annular plane than this, a contour is not the annulus.
MOST_OFF_PLANE_MM = 4.0
# Nearer to upright than this (of the normal's length) a plane is seen edge-on from one LAO angle only.
LEAST_UPWARD = 0.02

_SHAPE_TITLES = {
    "area_mm2": "area",
    "perimeter_mm": "perimeter",
    "area_diameter_mm": "D-area",
    "perimeter_diameter_mm": "D-perimeter",
    "min_diameter_mm": "smallest D",
    "max_diameter_mm": "largest D",
}
_NO_PLANE = "the three hinge points are not placed yet"


def formulas(root: AorticRoot) -> tuple[Formula, ...]:
    """How all measures of a root follow from what is placed of it; those that lack points say so."""
    why = why_no_plane(root)
    return (
        _annulus(root, why),
        Formula(
            {
                "three_cusp_lao_deg": "Three-cusp view, side",
                "three_cusp_cranial_deg": "Three-cusp view, tilt",
                "cusp_overlap_lao_deg": "Cusp-overlap view, side",
                "cusp_overlap_cranial_deg": "Cusp-overlap view, tilt",
            },
            _views,
            why,
        ),
        _height(root, "left_ostium_mm", "left_coronary_height_mm", "Left coronary height", why),
        _height(root, "right_ostium_mm", "right_coronary_height_mm", "Right coronary height", why),
        _sinuses(root),
        _sinotubular(root),
        _height(root, "sinotubular_mm", "sinotubular_height_mm", "Sinotubular junction height", why),
    )


def annular_plane(points: Points) -> tuple[np.ndarray, np.ndarray]:
    """A point (..., 3) and the unit normal (..., 3), towards the aorta, of the plane through the hinge points.

    Seen from the aorta the right, left and non-coronary cusps follow each other counter-clockwise.
    """
    right, left, non_coronary = (points[name] for name in HINGES)
    normal = np.cross(left - right, non_coronary - right)
    return (right + left + non_coronary) / 3.0, normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def why_no_plane(root: AorticRoot) -> str:
    """Why the hinge points define no annular plane; empty when they do."""
    places = points_of(root)
    if any(name not in places for name in HINGES):
        return _NO_PLANE
    right, left, non_coronary = (places[name] for name in HINGES)
    span_mm2 = float(np.linalg.norm(np.cross(left - right, non_coronary - right))) / 2.0
    return "the three hinge points lie almost on a line" if span_mm2 < LEAST_TRIANGLE_MM2 else ""


def edge_on_cranial_deg(normal: np.ndarray, lao_deg: np.ndarray) -> np.ndarray:
    """The S-curve: the cranial angle (n,) that sees a plane edge-on at each LAO angle (n,); caudal negative.

    Raises:
        PlannerError: the plane is upright, so that no tilt but that of one LAO angle sees it edge-on.

    Source: P. Theriault-Lauzier et al., Fluoroscopic anatomy of left-sided heart structures for transcatheter
    interventions, JACC Cardiovascular Interventions 7 (2014) 947-957.
    """
    x, y, z = (float(part) for part in normal)
    if abs(z) < LEAST_UPWARD:
        raise PlannerError(
            "no curve of edge-on views", "the plane stands upright in the patient", "check its three points"
        )
    lao = np.radians(np.asarray(lao_deg, dtype=np.float64))
    # The detector's direction (cos s sin p, -cos s cos p, sin s) lies in the plane.
    return np.degrees(np.arctan((y * np.cos(lao) - x * np.sin(lao)) / z))


def view_angles_deg(to_detector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """LAO and cranial angle (...) of the C-arm whose detector lies in a direction (..., 3) or the opposite one.

    Of the two opposite positions, which see the same lines, the one with the detector before the patient.
    """
    front = np.where(to_detector[..., 1:2] > 0.0, -to_detector, to_detector)
    across = np.hypot(front[..., 0], front[..., 1])
    return np.degrees(np.arctan2(front[..., 0], -front[..., 1])), np.degrees(np.arctan2(front[..., 2], across))


def view_title(lao_deg: float, cranial_deg: float) -> str:
    """The angles as a cardiologist says them: "LAO 12 CAU 8"."""
    lao, cranial = round(lao_deg), round(cranial_deg)
    return f"{'LAO' if lao >= 0 else 'RAO'} {abs(lao)} {'CRA' if cranial >= 0 else 'CAU'} {abs(cranial)}"


def _views(points: Points) -> Values:
    """Both see the plane edge-on: one with the right cusp midway between the others, one with it over the left."""
    right, left, non_coronary = (points[name] for name in HINGES)
    three, overlap = right - (left + non_coronary) / 2.0, right - left
    angles = (*view_angles_deg(three), *view_angles_deg(overlap))
    keys = ("three_cusp_lao_deg", "three_cusp_cranial_deg", "cusp_overlap_lao_deg", "cusp_overlap_cranial_deg")
    return dict(zip(keys, angles, strict=True))


def _annulus(root: AorticRoot, why_no: str) -> Formula:
    titles = {f"annulus_{key}": f"Annulus {title}" for key, title in _SHAPE_TITLES.items()}
    titles |= {"annulus_eccentricity_percent": "Annulus eccentricity"}
    places = points_of(root)
    why = _why_no_ring(places.get("annulus_mm"), "the annulus") or why_no or _why_off_plane(places)
    curve_of = np.eye(1) if why else curve_from_points(places["annulus_mm"])

    def compute(points: Points) -> Values:
        _, normal = annular_plane(points)
        values = shape_values(flattened(curve_of @ points["annulus_mm"], normal))
        ratio = values["min_diameter_mm"] / values["max_diameter_mm"]
        found = {f"annulus_{key}": value for key, value in values.items()}
        return found | {"annulus_eccentricity_percent": 100.0 * (1.0 - ratio)}

    return Formula(titles, compute, why)


def _sinotubular(root: AorticRoot) -> Formula:
    titles = {f"sinotubular_{key}": f"Sinotubular junction {title}" for key, title in _SHAPE_TITLES.items()}
    places = points_of(root).get("sinotubular_mm")
    why = _why_no_ring(places, "the sinotubular junction")
    curve_of = np.eye(1) if why or places is None else curve_from_points(places)

    def compute(points: Points) -> Values:
        curve = curve_of @ points["sinotubular_mm"]
        area = vector_area_mm2(curve)
        normal = area / np.linalg.norm(area, axis=-1, keepdims=True)
        return {f"sinotubular_{key}": value for key, value in shape_values(flattened(curve, normal)).items()}

    return Formula(titles, compute, why)


def _sinuses(root: AorticRoot) -> Formula:
    titles = {f"{name}_sinus_diameter_mm": f"{_spoken(name)} sinus to commissure" for name in SINUSES}
    titles |= {"sinus_diameter_mm": "Sinuses of Valsalva, mean diameter"}
    places = points_of(root)
    missing = [name for pair in SINUSES.values() for name in pair if name not in places]

    def compute(points: Points) -> Values:
        across = [np.linalg.norm(points[first] - points[second], axis=-1) for first, second in SINUSES.values()]
        found = {f"{name}_sinus_diameter_mm": value for name, value in zip(SINUSES, across, strict=True)}
        return found | {"sinus_diameter_mm": sum(across) / len(across)}

    return Formula(titles, compute, "the sinuses and commissures are not all placed yet" if missing else "")


def _height(root: AorticRoot, field: str, key: str, title: str, why_no: str) -> Formula:
    compute = _height_over_plane(field, key)
    places = points_of(root)
    why = why_no
    if field not in places:
        why = "it is not placed yet"
    elif not why and compute(places)[key] <= 0.0:
        # A mirrored order of the cusps turns the plane's upper side down; so does a misplaced ostium.
        why = "it lies below the annular plane: check it, and which hinge point is right, left and non-coronary"
    return Formula({key: title}, compute, why)


def _height_over_plane(field: str, key: str) -> Callable[[Points], Values]:
    def compute(points: Points) -> Values:
        origin, normal = annular_plane(points)
        place = points[field]
        if field == "sinotubular_mm":
            place = place.mean(axis=-2)  # the middle of the drawn points
        return {key: ((place - origin) * normal).sum(axis=-1)}

    return compute


def _why_no_ring(places: np.ndarray | None, what: str) -> str:
    return f"{what} is not drawn yet" if places is None else why_no_area(places)


def _why_off_plane(places: Points) -> str:
    origin, normal = annular_plane(places)
    farthest_mm = float(np.abs((places["annulus_mm"] - origin) @ normal).max())
    if farthest_mm <= MOST_OFF_PLANE_MM:
        return ""
    return f"a point of it lies {farthest_mm:.1f} mm from the annular plane"


def _spoken(name: str) -> str:
    return {"right": "Right", "left": "Left", "non_coronary": "Non-coronary"}[name]

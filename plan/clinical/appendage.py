"""The left atrial appendage as it is measured before it is closed: its ostium, its landing zone and its depth.

Source: K. Korsholm et al., Expert recommendations on cardiac computed tomography for planning transcatheter left atrial
appendage occlusion, JACC Cardiovasc Interv 13 (2020) 277. The depth is taken at right angles to the ostium's plane.
"""

from __future__ import annotations

import numpy as np

from plan.contours import curve_from_points, flattened, shape_values, vector_area_mm2, why_no_area
from plan.formula import Formula, Points, Values, points_of
from plan.items import Appendage

_SHAPE_TITLES = {
    "area_mm2": "area",
    "perimeter_mm": "perimeter",
    "min_diameter_mm": "smallest D",
    "max_diameter_mm": "largest D",
    "area_diameter_mm": "D-area",
    "perimeter_diameter_mm": "D-perimeter",
}


def formulas(appendage: Appendage) -> tuple[Formula, ...]:
    """How all measures of an appendage follow from what is placed of it; those that lack points say so."""
    return (
        _ring(appendage, "ostium_mm", "ostium", "Ostium"),
        _ring(appendage, "landing_mm", "landing", "Landing zone"),
        _depth(appendage),
    )


def ring_plane(curve_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle (..., 3) of a closed curve (..., m, 3) and the unit normal (..., 3) along which it encloses most."""
    area = vector_area_mm2(curve_mm)
    return curve_mm.mean(axis=-2), area / np.linalg.norm(area, axis=-1, keepdims=True)


def _ring(appendage: Appendage, field: str, key: str, title: str) -> Formula:
    places = points_of(appendage).get(field)
    why = f"the {title.lower()} is not drawn yet" if places is None else why_no_area(places)
    curve_of = np.eye(1) if why or places is None else curve_from_points(places)

    def compute(points: Points) -> Values:
        curve = curve_of @ points[field]
        _, normal = ring_plane(curve)
        return {f"{key}_{name}": value for name, value in shape_values(flattened(curve, normal)).items()}

    return Formula({f"{key}_{name}": f"{title} {text}" for name, text in _SHAPE_TITLES.items()}, compute, why)


def _depth(appendage: Appendage) -> Formula:
    places = points_of(appendage)
    why = "the ostium is not drawn yet" if "ostium_mm" not in places else why_no_area(places["ostium_mm"])
    why = why or ("" if "tip_mm" in places else "the tip is not placed yet")
    curve_of = np.eye(1) if why else curve_from_points(places["ostium_mm"])

    def compute(points: Points) -> Values:
        middle, normal = ring_plane(curve_of @ points["ostium_mm"])
        way = points["tip_mm"] - middle
        return {
            "depth_mm": np.abs((way * normal).sum(axis=-1)),
            "reach_mm": np.linalg.norm(way, axis=-1),
        }

    return Formula({"depth_mm": "Depth", "reach_mm": "Ostium to tip"}, compute, why)

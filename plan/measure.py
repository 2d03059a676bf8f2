"""What a plan's items measure. Pure functions; a value that the points do not define is refused."""

from __future__ import annotations

import numpy as np

from core.errors import PlannerError
from plan.items import Angle, CutPlane, Distance

SHORTEST_MM = 1e-6


def distance_mm(item: Distance) -> float:
    """Straight distance between the two points in mm."""
    return float(np.linalg.norm(np.subtract(item.end_mm, item.start_mm)))


def angle_deg(item: Angle) -> float:
    """Angle at the vertex in degrees, 0 to 180. Raises PlannerError when a side has no length."""
    first = np.subtract(item.start_mm, item.vertex_mm)
    second = np.subtract(item.end_mm, item.vertex_mm)
    if min(np.linalg.norm(first), np.linalg.norm(second)) < SHORTEST_MM:
        raise PlannerError(
            f"cannot measure the angle “{item.name}”",
            "one of its points lies on its vertex",
            "place the three points apart from each other",
        )
    return float(angles_between_deg(first, second))


def angle_of_planes_deg(plane: CutPlane, other: CutPlane | Distance) -> float:
    """Angle of a plane with another plane or with a line, 0 (parallel) to 90 degrees, whichever way they point.

    Raises PlannerError when the line has no length.
    """
    if isinstance(other, CutPlane):
        between = float(angles_between_deg(np.array(plane.normal), np.array(other.normal)))
        return min(between, 180.0 - between)
    along = np.subtract(other.end_mm, other.start_mm)
    if np.linalg.norm(along) < SHORTEST_MM:
        raise PlannerError(
            f"cannot measure the angle with “{other.name}”",
            "its two points lie in one place",
            "place its points apart from each other",
        )
    return abs(90.0 - float(angles_between_deg(np.array(plane.normal), along)))


def signed_distance_mm(plane: CutPlane, points: np.ndarray) -> np.ndarray:
    """Distance (n,) of points (n, 3) from a plane in mm; positive on the side that is cut away."""
    return (np.asarray(points, dtype=np.float64) - plane.origin_mm) @ np.array(plane.normal)


def angles_between_deg(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Angles (...) between directions (..., 3) of any length, 0 to 180 degrees."""
    # atan2 keeps full accuracy near 0 and 180 degrees, where acos loses half the digits.
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.degrees(np.arctan2(sine, (first * second).sum(axis=-1)))

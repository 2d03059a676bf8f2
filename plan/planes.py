"""Planes from points: through three of them, or the flattest through many."""

from __future__ import annotations

import numpy as np

from core.errors import PlannerError

# Points that lie nearer than this to one line define no plane.
LEAST_WIDTH_MM = 0.5


def plane_through(points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle (3,) and unit normal (3,) of the plane with the least squared distance to points (n, 3), n >= 3.

    Through three points it is their plane; the normal follows the right hand around the points.

    Raises:
        PlannerError: the points lie on one line.
    """
    points_mm = np.asarray(points_mm, dtype=np.float64)
    middle = points_mm.mean(axis=0)
    away = points_mm - middle
    _, sizes, axes = np.linalg.svd(away, full_matrices=True)
    if len(points_mm) < 3 or sizes[1] < LEAST_WIDTH_MM:
        raise PlannerError(
            "there is no plane through these points", "they lie on one line", "place them apart from each other"
        )
    normal = axes[2]
    turning = np.cross(away, np.roll(away, -1, axis=0)).sum(axis=0)
    return middle, -normal if turning @ normal < 0.0 else normal

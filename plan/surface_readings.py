"""What the measures on surfaces say: from the plan alone, as they were found."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from plan.formula import NO_BAND, Formula, Points, Reading, Values, points_of, read
from plan.surface_items import Ball, FoundItem, Gap, StructureVolume, SurfaceItem, SurfacePath

OUT_OF_DATE = "taken on another heart or phase than the one shown"


@lru_cache(maxsize=256)
def surface_readings(item: SurfaceItem, sd_mm: float | None = None) -> tuple[Reading, ...]:
    """What an item measures; empty for a cut.

    What comes from surfaces alone has no band, and says so. A way along a surface has the band of its ends. What
    was found on another heart than the one that is shown has no value, and says what it was.
    """
    if isinstance(item, Ball):
        formula = Formula({"radius_mm": "Radius", "ball_ml": "Volume of the ball"}, _ball)
        return read((formula,), points_of(item), sd_mm)
    if not isinstance(item, FoundItem):
        return ()
    return tuple(_as_seen(reading, item.is_current) for reading in _found(item, sd_mm))


def _found(item: FoundItem, sd_mm: float | None) -> tuple[Reading, ...]:
    if isinstance(item, SurfacePath):
        ends = {"start_mm": np.array(item.start_mm), "end_mm": np.array(item.end_mm)}
        return read((_path(item),), ends, sd_mm)
    if isinstance(item, Gap):
        apart_mm = float(np.linalg.norm(np.subtract(item.end_mm, item.start_mm)))
        return (Reading("length_mm", "Smallest distance", apart_mm, note=NO_BAND),)
    if isinstance(item, StructureVolume):
        return (Reading("volume_ml", "Volume", item.volume_ml, note=NO_BAND),)
    whole = Reading("voxels_ml", "Muscle taken, in whole voxels", item.voxels_ml, note=NO_BAND)
    return (
        Reading("volume_ml", "Muscle taken", item.volume_ml, note=NO_BAND),
        *([whole] if item.voxels_ml else []),
        Reading("depth_mm", "Depth", item.depth_mm),
        Reading("wall_left_mm", "Thinnest wall left", item.wall_left_mm, note=NO_BAND),
    )


def _as_seen(reading: Reading, is_current: bool | None) -> Reading:
    if is_current:
        return reading
    if is_current is None:
        return replace(reading, title=f"{reading.title}, when taken")
    return replace(
        reading, value=None, plus_minus=None, note="", why_not=f"{OUT_OF_DATE}; it was {reading.text}"
    )


def path_length_mm(path_mm: np.ndarray) -> float:
    """Length of a line through points (n, 3)."""
    return float(np.linalg.norm(np.diff(path_mm, axis=0), axis=1).sum())


def _path(item: SurfacePath) -> Formula:
    """Ends that move a little lengthen a shortest way by how far they move along its ends, and by nothing else.

    Source: first variation of arc length, M. do Carmo, Differential Geometry of Curves and Surfaces, 5-4.
    """
    path = np.array(item.path_mm)
    length_mm = path_length_mm(path)
    outward = [_direction(path[::-1]), _direction(path)]

    def compute(points: Points) -> Values:
        start, end = points["start_mm"] - item.start_mm, points["end_mm"] - item.end_mm
        return {"length_mm": length_mm + start @ outward[0] + end @ outward[1]}

    return Formula({"length_mm": "Length on the surface"}, compute)


def _direction(path_mm: np.ndarray) -> np.ndarray:
    """Unit direction (3,) in which a line leaves its last point."""
    steps = np.diff(path_mm, axis=0)
    long_enough = steps[np.linalg.norm(steps, axis=1) > 1e-9]
    last = long_enough[-1] if len(long_enough) else np.zeros(3)
    return last / max(float(np.linalg.norm(last)), 1e-12)


def _ball(points: Points) -> Values:
    radius = np.linalg.norm(points["rim_mm"] - points["centre_mm"], axis=-1)
    return {"radius_mm": radius, "ball_ml": 4.0 / 3.0 * np.pi * radius**3 / 1000.0}

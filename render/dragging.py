"""How a pointer's movement moves a cut plane: pure geometry, without a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Ray:
    """The line of sight through a pixel: a point and a unit direction away from the viewer, LPS mm."""

    origin_mm: np.ndarray
    direction: np.ndarray


def shift_mm(origin_mm: np.ndarray, normal: np.ndarray, start: Ray, now: Ray) -> float:
    """How far along `normal` a plane moves when its handle is dragged from one line of sight to another.

    The handle slides on the line through `origin_mm` along `normal` and stays nearest to the line of sight.
    Returns 0 when that line points straight at the viewer, where the pointer says nothing about depth.
    """
    before, after = _along(origin_mm, normal, start), _along(origin_mm, normal, now)
    return 0.0 if before is None or after is None else after - before


def tilted_normal(origin_mm: np.ndarray, arm_mm: float, ray: Ray, towards_viewer: bool) -> np.ndarray:
    """The unit normal whose tip, `arm_mm` from the origin, lies under the pointer.

    The tip moves on a ball around `origin_mm`, on the half it was on when the drag began; beyond the ball's
    outline it follows the outline.
    """
    from_origin = ray.origin_mm - origin_mm
    nearest = from_origin - (from_origin @ ray.direction) * ray.direction
    beside_mm = float(np.linalg.norm(nearest))
    if beside_mm >= arm_mm:
        return nearest / beside_mm
    depth_mm = np.sqrt(arm_mm**2 - beside_mm**2)
    tip = nearest + ray.direction * (-depth_mm if towards_viewer else depth_mm)
    return tip / np.linalg.norm(tip)


def _along(origin_mm: np.ndarray, normal: np.ndarray, ray: Ray) -> float | None:
    # Nearest point of two lines: solve [n.n -n.d; n.d -d.d] for the position along the normal.
    cosine = float(normal @ ray.direction)
    sine_squared = 1.0 - cosine**2
    if sine_squared < 1e-4:
        return None
    gap = ray.origin_mm - origin_mm
    return float(gap @ normal - cosine * (gap @ ray.direction)) / sine_squared

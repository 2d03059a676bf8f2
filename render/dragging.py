"""How a pointer's movement moves a cut plane: pure geometry, without a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Ray:
    """The line of sight through a pixel: a point and a unit direction away from the viewer, LPS mm."""

    origin_mm: np.ndarray
    direction: np.ndarray


# Sine of 10 degrees: a handle that points at the viewer more closely than this is pushed, not followed.
STRAIGHT_ON = 0.17


def shift_mm(
    origin_mm: np.ndarray, normal: np.ndarray, start: Ray, now: Ray, eye_mm: np.ndarray, up: np.ndarray
) -> float:
    """How far along `normal` a plane moves when its handle is dragged from one line of sight to another.

    The handle slides on the line through `origin_mm` along `normal` and stays nearest to the line of sight.
    When that line points straight at the viewer the pointer says nothing about depth: then moving it up by
    a millimetre of the scene pushes the plane a millimetre away from the viewer.

    Args:
        eye_mm, up: the viewer's position and unit upward direction, LPS.
    """
    if np.linalg.norm(np.cross(normal, start.direction)) < STRAIGHT_ON:
        raised_mm = float(np.linalg.norm(origin_mm - eye_mm) * ((now.direction - start.direction) @ up))
        return raised_mm if normal @ start.direction > 0 else -raised_mm
    return _along(origin_mm, normal, now) - _along(origin_mm, normal, start)


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


def _along(origin_mm: np.ndarray, normal: np.ndarray, ray: Ray) -> float:
    # The point of the handle's line nearest to the line of sight. Where the pointer comes to the line's
    # vanishing point the answer runs away, so the sine is kept from zero.
    cosine = float(normal @ ray.direction)
    gap = ray.origin_mm - origin_mm
    sine_squared = max(1.0 - cosine**2, STRAIGHT_ON**2 / 4.0)
    return float(gap @ normal - cosine * (gap @ ray.direction)) / sine_squared

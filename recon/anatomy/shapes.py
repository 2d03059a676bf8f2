"""Signed distances of simple solids, in torch: negative inside, millimetres, exact or first-order near zero.

Points are float32 tensors of shape (n, 3). Source of the formulas: first-order distance f / |grad f| for
eggs; distance to a segment with linearly changing radius for tubes; polynomial smooth minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

MARGIN_MM = 14.0  # distances are exact up to here; beyond, a lower bound is enough


_PIECE = 5


def _row(values: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    return like.new_tensor(np.asarray(values, dtype=np.float32))


def half_space(points: torch.Tensor, origin: np.ndarray, normal: np.ndarray) -> torch.Tensor:
    """Distance (n,) to the plane through `origin`; positive on the side that `normal` points to."""
    direction = np.asarray(normal, dtype=np.float64)
    direction = direction / np.linalg.norm(direction)
    return points @ _row(direction, points) - float(np.dot(origin, direction))


def tube(points: torch.Tensor, line: np.ndarray, radii_mm: np.ndarray) -> torch.Tensor:
    """Distance (n,) to a tube along a polyline (k, 3) whose radius changes linearly between its points.

    Points far from the whole tube get the distance to a ball around it, which is never too large.
    """
    line = np.asarray(line, dtype=np.float32)
    radii_mm = np.broadcast_to(np.asarray(radii_mm, dtype=np.float32), (len(line),))
    if len(line) > _PIECE:  # each piece has a small ball around it
        half = len(line) // 2
        first = tube(points, line[: half + 1], radii_mm[: half + 1])
        return first.minimum(tube(points, line[half:], radii_mm[half:]))
    middle = 0.5 * (line.min(axis=0) + line.max(axis=0))
    reach = float((np.linalg.norm(line - middle, axis=1) + radii_mm).max())
    return within(points, middle, reach, lambda near: _tube_exact(near, line, radii_mm))


def _tube_exact(points: torch.Tensor, line: np.ndarray, radii_mm: np.ndarray) -> torch.Tensor:
    coordinates = points.T.contiguous()
    best = points.new_full((len(points),), 1e6)
    for i in range(len(line) - 1):
        start, step = line[i].tolist(), (line[i + 1] - line[i]).tolist()
        squared = max(sum(s * s for s in step), 1e-9)
        offset = [c - s for c, s in zip(coordinates, start, strict=True)]
        along = offset[0] * (step[0] / squared)
        along.add_(offset[1], alpha=step[1] / squared).add_(offset[2], alpha=step[2] / squared).clamp_(0.0, 1.0)
        away = along.new_zeros(len(along))
        for axis in range(3):
            across = offset[axis].sub_(along, alpha=step[axis])
            away.addcmul_(across, across)
        distance = away.sqrt_().sub_(along, alpha=float(radii_mm[i + 1] - radii_mm[i]))
        best = best.minimum(distance.sub_(float(radii_mm[i])))
    return best


def indices_where(mask: torch.Tensor) -> torch.Tensor:
    """Indices (k,) where a one-dimensional mask is true."""
    return mask.nonzero()[:, 0]


def smooth_union(a: torch.Tensor, b: torch.Tensor, blend_mm: float) -> torch.Tensor:
    """Union of two solids whose seam is rounded over about `blend_mm`."""
    h = (blend_mm - (a - b).abs()).clamp_min(0.0) / blend_mm
    return a.minimum(b) - h * h * (blend_mm / 4.0)


def smooth_intersection(a: torch.Tensor, b: torch.Tensor, blend_mm: float) -> torch.Tensor:
    """What lies in both solids, its edge rounded over about `blend_mm`."""
    return -smooth_union(-a, -b, blend_mm)


def spline(knots: np.ndarray, n: int) -> np.ndarray:
    """Points (n, 3) along a Catmull-Rom curve through the knots (k, 3)."""
    knots = np.asarray(knots, dtype=np.float64)
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    position = np.linspace(0.0, len(knots) - 1.0, n)
    i = np.minimum(position.astype(int), len(knots) - 2)
    t = (position - i)[:, None]
    p0, p1, p2, p3 = (padded[i + j] for j in range(4))
    return 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )


def frame_along(direction: np.ndarray, hint: np.ndarray) -> np.ndarray:
    """Right-handed unit axes (3, 3) as rows: the direction, the hint made perpendicular to it, their cross."""
    first = np.asarray(direction, dtype=np.float64) / np.linalg.norm(direction)
    second = np.asarray(hint, dtype=np.float64) - first * np.dot(hint, first)
    second = second / np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)])


def egg(
    points: torch.Tensor,
    centre: np.ndarray,
    axes: np.ndarray,
    low_mm: np.ndarray,
    high_mm: np.ndarray,
    exponent: float = 2.0,
) -> torch.Tensor:
    """Distance (n,) to a superellipsoid with its own radius on either side of each axis.

    Args:
        axes: unit axes (3, 3) as rows; `low_mm` and `high_mm` (3,) are the radii against and along them.
        exponent: 2 is round, larger is boxier.
    """
    local = (points - _row(centre, points)) @ _row(axes, points).T
    radii = (local < 0) * _row(low_mm, points) + (local >= 0) * _row(high_mm, points)
    u = (local / radii).abs().clamp_min(1e-6)
    power = u**exponent
    k = power.sum(dim=1) ** (1.0 / exponent)
    gradient = (power / u / radii).norm(dim=1) * k ** (1.0 - exponent)
    return (k - 1.0) / gradient.clamp_min(1e-6)


def distance_to(points: torch.Tensor, centre: np.ndarray) -> torch.Tensor:
    """Distance (n,) to a point (3,)."""
    x, y, z = (points[:, i] - float(centre[i]) for i in range(3))
    return (x * x).addcmul_(y, y).addcmul_(z, z).sqrt_()


def within(
    points: torch.Tensor, centre: np.ndarray, reach_mm: float, solid: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Distance (n,) of a solid that lies within a ball, evaluated only near it; elsewhere the distance to the ball.

    The ball's distance is never too large, and at least `MARGIN_MM` where it stands in.
    """
    distance = distance_to(points, centre) - reach_mm
    near = indices_where(distance < MARGIN_MM)
    if len(near):
        distance[near] = solid(points[near])
    return distance

"""Signed distances of simple solids, in torch: negative inside, millimetres, exact or first-order near zero.

Points are float32 tensors of shape (n, 3). Source of the formulas: first-order distance f / |grad f| for
ellipsoids; distance to a segment with linearly changing radius for tubes; polynomial smooth minimum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def _row(values: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    return like.new_tensor(np.asarray(values, dtype=np.float32))


def ellipsoid(points: torch.Tensor, centre: np.ndarray, axes: np.ndarray, radii_mm: np.ndarray) -> torch.Tensor:
    """Distance (n,) to an ellipsoid; `axes` (3, 3) holds its unit axes as rows."""
    radii = _row(radii_mm, points)
    local = (points - _row(centre, points)) @ _row(axes, points).T / radii
    k = local.norm(dim=1).clamp_min(1e-6)
    gradient = (local / radii).norm(dim=1).clamp_min(1e-6)
    return k * (k - 1.0) / gradient


def half_space(points: torch.Tensor, origin: np.ndarray, normal: np.ndarray) -> torch.Tensor:
    """Distance (n,) to the plane through `origin`; positive on the side that `normal` points to."""
    direction = np.asarray(normal, dtype=np.float64)
    direction = direction / np.linalg.norm(direction)
    return points @ _row(direction, points) - float(np.dot(origin, direction))


def tube(points: torch.Tensor, line: np.ndarray, radii_mm: np.ndarray) -> torch.Tensor:
    """Distance (n,) to a tube along a polyline (k, 3) whose radius changes linearly between its points.

    Points far from the whole tube get the distance to its bounding box, which is never too large.
    """
    line = np.asarray(line, dtype=np.float32)
    radii_mm = np.broadcast_to(np.asarray(radii_mm, dtype=np.float32), (len(line),))
    reach = float(radii_mm.max())
    low, high = _row(line.min(axis=0) - reach, points), _row(line.max(axis=0) + reach, points)
    outside = (low - points).clamp_min(0.0) + (points - high).clamp_min(0.0)
    distance = outside.norm(dim=1)
    near = indices_where(distance < 12.0)
    if len(near):
        distance[near] = _tube_exact(points[near], line, radii_mm)
    return distance


def _tube_exact(points: torch.Tensor, line: np.ndarray, radii_mm: np.ndarray) -> torch.Tensor:
    best = points.new_full((len(points),), 1e6)
    for i in range(len(line) - 1):
        start, step = line[i], line[i + 1] - line[i]
        along = (points - _row(start, points)) @ _row(step / max(float(step @ step), 1e-9), points)
        along = along.clamp(0.0, 1.0)
        foot = _row(start, points) + along[:, None] * _row(step, points)
        radius = float(radii_mm[i]) + along * float(radii_mm[i + 1] - radii_mm[i])
        best = best.minimum((points - foot).norm(dim=1) - radius)
    return best


def indices_where(mask: torch.Tensor) -> torch.Tensor:
    """Indices (k,) where a one-dimensional mask is true."""
    return mask.nonzero()[:, 0]


def smooth_union(a: torch.Tensor, b: torch.Tensor, blend_mm: float) -> torch.Tensor:
    """Union of two solids whose seam is rounded over about `blend_mm`."""
    h = (blend_mm - (a - b).abs()).clamp_min(0.0) / blend_mm
    return a.minimum(b) - h * h * (blend_mm / 4.0)


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

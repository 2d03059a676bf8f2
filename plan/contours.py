"""What a closed line encloses: the smooth curve through its points, and the curve's area, perimeter and diameters.

Every function but the check takes stacks of curves, so that a band from hundreds of redrawn contours costs little.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# Six points of a circle enclose its area to within half a percent, five to within one.
FEWEST_POINTS = 6
N_SAMPLES = 120
N_DIRECTIONS = 36
# A contour that leaves its best plane by more than this part of its width has no area worth the name.
MOST_OFF_PLANE = 0.25
# A ring of this roundness, 4 pi A / P^2, or less is a line.
LEAST_ROUNDNESS = 0.01


def curve_from_points(points_mm: np.ndarray) -> np.ndarray:
    """Matrix (m, n) that takes the n points of a contour to m samples of the smooth closed curve through them.

    The curve is the periodic cubic spline with chord lengths as parameters: of the usual choices the one whose
    error falls with the fourth power of the points' distance, also where they are uneven. Applied to slightly
    moved points, the matrix gives their curve with the parameters of these.

    Args:
        points_mm: (n, 3), n >= 3, neighbours apart.

    Source: C. de Boor, A Practical Guide to Splines; M. Floater, On the deviation of a parametric cubic spline
    interpolant from its data polygon, Computer Aided Geometric Design 25 (2008).
    """
    n = len(points_mm)
    step = np.linalg.norm(np.roll(points_mm, -1, axis=0) - points_mm, axis=1)
    before = np.roll(step, 1)
    following, preceding = np.roll(np.eye(n), 1, axis=1), np.roll(np.eye(n), -1, axis=1)
    here = np.eye(n)
    left = preceding * before[:, None] + here * 2.0 * (before + step)[:, None] + following * step[:, None]
    right = 6.0 * ((following - here) / step[:, None] - (here - preceding) / before[:, None])
    bend = np.linalg.solve(left, right)
    next_bend = np.roll(bend, -1, axis=0)
    n_each = max(2, -(-N_SAMPLES // n))
    u = (np.arange(n_each) / n_each)[None, :, None]
    squared = (step**2)[:, None, None] / 6.0
    rows = (1 - u) * here[:, None] + u * following[:, None]
    rows = rows + squared * (((1 - u) ** 3 - (1 - u)) * bend[:, None] + (u**3 - u) * next_bend[:, None])
    return rows.reshape(n * n_each, n)


def smooth_curve(points_mm: np.ndarray) -> np.ndarray:
    """Samples (m, 3) of the smooth closed curve through a contour's points (n, 3), LPS mm."""
    return curve_from_points(points_mm) @ points_mm


def vector_area_mm2(curve_mm: np.ndarray) -> np.ndarray:
    """The vector (..., 3) along a closed curve's (..., m, 3) normal, as long as the area it encloses.

    For a curve that is not flat it is the largest area of any flat projection. Source: Newell's method.
    """
    from_middle = curve_mm - curve_mm.mean(axis=-2, keepdims=True)
    return 0.5 * np.cross(from_middle, np.roll(from_middle, -1, axis=-2)).sum(axis=-2)


def perimeter_mm(curve_mm: np.ndarray) -> np.ndarray:
    """Length (...) in space of closed curves (..., m, k)."""
    return np.linalg.norm(np.roll(curve_mm, -1, axis=-2) - curve_mm, axis=-1).sum(axis=-1)


def flattened(curve_mm: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Curves (..., m, 3) seen along unit normals (..., 3), as (..., m, 2) mm around their middle."""
    # Any direction that is not the normal's own starts the axes; the patient's axis least along it is safe.
    axis = np.eye(3)[np.abs(normal).argmin(axis=-1)]
    first = np.cross(normal, axis)
    first = first / np.linalg.norm(first, axis=-1, keepdims=True)
    axes = np.stack([first, np.cross(normal, first)], axis=-1)
    return (curve_mm - curve_mm.mean(axis=-2, keepdims=True)) @ axes


def shape_values(flat_mm: np.ndarray) -> Mapping[str, np.ndarray]:
    """Measures (...) of flat closed curves (..., m, 2): area, perimeter and diameters.

    ``area_diameter_mm`` is 2 sqrt(A / pi), ``perimeter_diameter_mm`` P / pi; ``min_diameter_mm`` and
    ``max_diameter_mm`` are the smallest and largest distance between two parallel tangents (calipers).
    Source of the first two: Blanke et al., SCCT consensus on CT before TAVI, JACC Imaging 12 (2019) 1.
    """
    following = np.roll(flat_mm, -1, axis=-2)
    x, y = flat_mm[..., 0], flat_mm[..., 1]
    area = np.abs(0.5 * (x * following[..., 1] - following[..., 0] * y).sum(axis=-1))
    perimeter = perimeter_mm(flat_mm)
    angles = np.pi * np.arange(N_DIRECTIONS) / N_DIRECTIONS
    along = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ np.swapaxes(flat_mm, -1, -2)
    widths = along.max(axis=-1) - along.min(axis=-1)
    return {
        "area_mm2": area,
        "perimeter_mm": perimeter,
        "area_diameter_mm": 2.0 * np.sqrt(area / np.pi),
        "perimeter_diameter_mm": perimeter / np.pi,
        "min_diameter_mm": widths.min(axis=-1),
        "max_diameter_mm": widths.max(axis=-1),
    }


def ellipse_axes_mm(flat_mm: np.ndarray) -> np.ndarray:
    """Short and long axis (..., 2) of the ellipse with the area moments of flat closed curves (..., m, 2).

    Source: Green's theorem; R. Steger, On the calculation of moments of polygons, TU Muenchen FGBV-96-05.
    """
    following = np.roll(flat_mm, -1, axis=-2)
    x, y, x1, y1 = flat_mm[..., 0], flat_mm[..., 1], following[..., 0], following[..., 1]
    wedge = x * y1 - x1 * y
    area = wedge.sum(axis=-1) / 2.0
    middle = np.stack([((x + x1) * wedge).sum(axis=-1), ((y + y1) * wedge).sum(axis=-1)], axis=-1)
    middle = middle / (6.0 * area)[..., None]
    xx = ((x * x + x * x1 + x1 * x1) * wedge).sum(axis=-1) / (12.0 * area) - middle[..., 0] ** 2
    yy = ((y * y + y * y1 + y1 * y1) * wedge).sum(axis=-1) / (12.0 * area) - middle[..., 1] ** 2
    xy = ((x * y1 + 2 * x * y + 2 * x1 * y1 + x1 * y) * wedge).sum(axis=-1) / (24.0 * area)
    xy = xy - middle[..., 0] * middle[..., 1]
    half, apart = (xx + yy) / 2.0, np.hypot((xx - yy) / 2.0, xy)
    return 4.0 * np.sqrt(np.maximum(np.stack([half - apart, half + apart], axis=-1), 0.0))


def off_plane_mm(curve_mm: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Largest distance (...) of closed curves (..., m, 3) from the plane through their middle."""
    height = ((curve_mm - curve_mm.mean(axis=-2, keepdims=True)) * normal[..., None, :]).sum(axis=-1)
    return np.abs(height).max(axis=-1)


def why_no_area(points_mm: np.ndarray) -> str:
    """Why the contour through points (n, 3) encloses no area, as a reason for the user; empty when it does."""
    if len(points_mm) < FEWEST_POINTS:
        return f"it has {len(points_mm)} points, and fewer than {FEWEST_POINTS} do not tell its shape"
    if np.linalg.norm(np.roll(points_mm, -1, axis=0) - points_mm, axis=1).min() < 1e-6:
        return "two neighbouring points lie in one place"
    curve = smooth_curve(points_mm)
    area = vector_area_mm2(curve)
    size_mm2, around_mm = float(np.linalg.norm(area)), float(perimeter_mm(curve))
    if 4.0 * np.pi * size_mm2 < LEAST_ROUNDNESS * around_mm**2:
        return "its points lie on a line or its halves cancel"
    normal = area / size_mm2
    if off_plane_mm(curve, normal) > MOST_OFF_PLANE * 2.0 * np.sqrt(size_mm2 / np.pi):
        return "it is far from flat"
    return "it crosses itself" if crosses_itself(flattened(curve, normal)) else ""


def crosses_itself(flat_mm: np.ndarray) -> bool:
    """Whether two sides of a flat closed curve (m, 2) that are not neighbours meet."""
    m = len(flat_mm)
    start, end = flat_mm, np.roll(flat_mm, -1, axis=0)
    one, other = np.triu_indices(m, 2)
    apart = ~((one == 0) & (other == m - 1))
    one, other = one[apart], other[apart]
    first = _side(start[one], end[one], start[other]) * _side(start[one], end[one], end[other])
    second = _side(start[other], end[other], start[one]) * _side(start[other], end[other], end[one])
    return bool(((first <= 0) & (second <= 0)).any())


def _side(start: np.ndarray, end: np.ndarray, point: np.ndarray) -> np.ndarray:
    along, to = end - start, point - start
    return along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]

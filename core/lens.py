"""How lenses bend the picture, with the derivatives that calibration and tracking need. numpy only.

Two families in OpenCV's conventions: `PINHOLE` with 0, 4, 5 or 8 coefficients (k1, k2, p1, p2[, k3[, k4, k5, k6]];
Brown-Conrady, with eight the rational model) and `FISHEYE` with four (k1 to k4 of Kannala and Brandt 2006).
"""

from __future__ import annotations

import numpy as np

PINHOLE = "pinhole"
FISHEYE = "fisheye"
N_COEFFICIENTS = {PINHOLE: (0, 4, 5, 8), FISHEYE: (4,)}
INVERSE_STEPS = 30
INVERSE_EXACT = 1e-12


def distort(lens: str, coefficients: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Where rays (n, 2), x and y at z = 1, meet the picture of focal length 1 (n, 2)."""
    return distort_with_derivative(lens, coefficients, xy)[0]


def distort_with_derivative(
    lens: str, coefficients: np.ndarray, xy: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `distort`, also its derivative by the ray (n, 2, 2) and by the coefficients (n, 2, k)."""
    if lens == FISHEYE:
        return _fisheye(coefficients, xy)
    return _pinhole(coefficients, xy)


def undistort(lens: str, coefficients: np.ndarray, bent: np.ndarray) -> np.ndarray:
    """The rays (n, 2) of places (n, 2) in the picture of focal length 1; NaN where the lens has no answer."""
    xy = np.array(bent, dtype=np.float64)
    if lens == FISHEYE:
        radius = np.linalg.norm(xy, axis=1, keepdims=True)
        xy = xy * np.where(radius < 1.5, np.tan(np.minimum(radius, 1.45)) / np.maximum(radius, 1e-12), 1.0)
    for _ in range(INVERSE_STEPS):
        found, by_xy, _ = distort_with_derivative(lens, coefficients, xy)
        step = np.linalg.solve(by_xy, (bent - found)[..., None])[..., 0]
        # A long step leaves the range in which the lens is one to one.
        length = np.linalg.norm(step, axis=1, keepdims=True)
        xy = xy + step * np.minimum(1.0, 0.5 / np.maximum(length, 1e-12))
        if not length.size or length.max() < INVERSE_EXACT:
            break
    found = distort(lens, coefficients, xy)
    return np.where((np.abs(found - bent) < 1e-8).all(axis=1, keepdims=True), xy, np.nan)


def _pinhole(coefficients: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k1, k2, p1, p2, k3, k4, k5, k6 = np.pad(coefficients, (0, 8 - len(coefficients)))
    x, y = xy.T
    r2 = x * x + y * y
    r4, r6 = r2 * r2, r2 * r2 * r2
    upper, lower = 1.0 + k1 * r2 + k2 * r4 + k3 * r6, 1.0 + k4 * r2 + k5 * r4 + k6 * r6
    radial = upper / lower
    bent = np.stack(
        [x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
         y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y], axis=1,
    )  # fmt: skip
    slope = (k1 + 2.0 * k2 * r2 + 3.0 * k3 * r4 - radial * (k4 + 2.0 * k5 * r2 + 3.0 * k6 * r4)) / lower
    by_xy = np.empty((len(x), 2, 2))
    by_xy[:, 0, 0] = radial + 2.0 * x * x * slope + 2.0 * p1 * y + 6.0 * p2 * x
    by_xy[:, 1, 1] = radial + 2.0 * y * y * slope + 6.0 * p1 * y + 2.0 * p2 * x
    by_xy[:, 0, 1] = by_xy[:, 1, 0] = 2.0 * x * y * slope + 2.0 * p1 * x + 2.0 * p2 * y
    powers = np.stack([r2, r4, r6], axis=1) / lower[:, None]
    by_k = np.concatenate([powers, -radial[:, None] * powers], axis=1)[:, None, :] * xy[:, :, None]
    by_p = np.stack(
        [np.stack([2.0 * x * y, r2 + 2.0 * x * x], axis=1), np.stack([r2 + 2.0 * y * y, 2.0 * x * y], axis=1)],
        axis=1,
    )
    by_all = np.concatenate([by_k[:, :, :2], by_p, by_k[:, :, 2:]], axis=2)
    return bent, by_xy, by_all[:, :, : len(coefficients)]


def _fisheye(coefficients: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r = np.linalg.norm(xy, axis=1)
    is_middle = r < 1e-8
    safe = np.where(is_middle, 1.0, r)
    angle = np.arctan(r)
    odd = np.stack([angle ** (2 * i + 1) for i in range(5)], axis=1)
    series = np.concatenate([[1.0], coefficients])
    bent_angle = odd @ series
    scale = np.where(is_middle, 1.0, bent_angle / safe)
    even = np.stack([(2 * i + 1) * angle ** (2 * i) for i in range(5)], axis=1)
    by_r = (even @ series) / (1.0 + r * r)
    # d(scale)/dr / r, which goes to a finite value in the middle and matters nothing there.
    bend = np.where(is_middle, 0.0, (by_r - scale) / safe**2)
    by_xy = scale[:, None, None] * np.eye(2) + bend[:, None, None] * xy[:, :, None] * xy[:, None, :]
    by_all = (odd[:, 1:] / safe[:, None])[:, None, :] * xy[:, :, None]
    return xy * scale[:, None], by_xy, by_all

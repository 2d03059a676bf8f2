"""How pixels move when a pose moves: the derivative that refinement and uncertainty share."""

from __future__ import annotations

import numpy as np

from ar.opencv import cv2
from core.lens import FISHEYE
from core.projection import CameraModel

# Sine of the flattest angle under which a print is still read.
MIN_FACING = 0.12


def project_with_derivative(
    camera: CameraModel, matrix: np.ndarray, points_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, 2) and their derivative (n, 2, 6) by a small turn (radians) and shift (mm) in the camera frame.

    `matrix` is `camera_from_body` (4, 4); the turn is applied after the pose's rotation, about the body's origin.
    """
    turned = points_mm @ matrix[:3, :3].T
    if camera.lens == FISHEYE:
        seen, by_point = camera.project_with_derivative(turned + matrix[:3, 3])
        return seen, np.concatenate([cross(turned[:, None, :], by_point), by_point], axis=2)
    zero = np.zeros(3)
    distortion = camera.distortion if camera.distortion.size else None
    pixels, full = cv2.projectPoints(turned[:, None], zero, matrix[:3, 3], camera.camera_matrix, distortion)
    by_point = np.asarray(full)[:, 3:6].reshape(-1, 2, 3)
    derivative = np.empty((len(turned), 2, 6))
    derivative[:, :, 3:] = by_point
    # d(R p) = turn x (R p), so each row g becomes (R p) x g.
    derivative[:, :, :3] = cross(turned[:, None, :], by_point)
    return np.asarray(pixels).reshape(-1, 2), derivative


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products along the last axis (..., 3); several times as fast as numpy's own on small arrays."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    first = ay * bz - az * by
    result = np.empty((*first.shape, 3), dtype=first.dtype)
    result[..., 0] = first
    result[..., 1] = az * bx - ax * bz
    result[..., 2] = ax * by - ay * bx
    return result


def moved(matrix: np.ndarray, step: np.ndarray) -> np.ndarray:
    """`camera_from_body` (4, 4) after a small turn and shift (6,), kept a true rotation."""
    result = matrix.copy()
    result[:3, :3] = cv2.Rodrigues(step[:3])[0] @ matrix[:3, :3]
    result[:3, 3] = matrix[:3, 3] + step[3:]
    return result


def position_sigma_mm(matrix: np.ndarray, covariance: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
    """Expected distance (n,) in mm, root mean square, of body points (n, 3) from where the pose puts them."""
    turned = points_mm @ matrix[:3, :3].T
    zero = np.zeros(len(turned))
    x, y, z = turned.T
    levers = np.array([[zero, z, -y], [-z, zero, x], [y, -x, zero]]).transpose(2, 0, 1)
    derivative = np.concatenate([levers, np.broadcast_to(np.eye(3), (len(turned), 3, 3))], axis=2)
    spread = np.einsum("nij,jk,nik->ni", derivative, covariance, derivative)
    return np.sqrt(np.maximum(spread.sum(axis=1), 0.0))


def looks_at_camera(matrix: np.ndarray, points_mm: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Which (n,) of flat pieces at body points (n, 3) show their print, by the direction (n, 3) into their paper."""
    placed = points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    turned = into @ matrix[:3, :3].T
    sine = (placed * turned).sum(axis=1) / (
        np.linalg.norm(placed, axis=1) * np.linalg.norm(turned, axis=1) + 1e-12
    )
    return sine > MIN_FACING

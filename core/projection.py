"""The camera: how points before it land on its picture. numpy only; checked against OpenCV in the tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A calibrated pinhole camera, OpenCV's conventions: x right, y down, z forward, pixel centres at integers.

    Attributes:
        width, height: picture size in pixels.
        camera_matrix: (3, 3) with fx, fy, cx, cy in pixels.
        distortion: k1, k2, p1, p2[, k3] of the Brown-Conrady model; empty for none.
        rms_px, focal_error_percent: what the calibration said of itself; None when unknown.
    """

    width: int
    height: int
    camera_matrix: np.ndarray
    distortion: np.ndarray
    rms_px: float | None = None
    focal_error_percent: float | None = None

    def __post_init__(self) -> None:
        matrix = np.array(self.camera_matrix, dtype=np.float64)
        distortion = np.array(self.distortion, dtype=np.float64).ravel()
        if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
            raise ValueError("a camera matrix is 3x3 with positive focal lengths")
        if len(distortion) not in (0, 4, 5) or not np.isfinite(distortion).all():
            raise ValueError("distortion has 0, 4 or 5 coefficients: k1, k2, p1, p2, k3")
        matrix.setflags(write=False)
        distortion.setflags(write=False)
        object.__setattr__(self, "camera_matrix", matrix)
        object.__setattr__(self, "distortion", distortion)

    def undistorted(self) -> CameraModel:
        """The same camera with a perfect lens: what sees the undistorted picture."""
        return CameraModel(
            self.width, self.height, self.camera_matrix, np.zeros(0), self.rms_px, self.focal_error_percent
        )

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) of points (n, 3) in the camera frame, mm. Points with z <= 0 become NaN.

        Source: Brown 1971 as in OpenCV's camera model.
        """
        points = np.asarray(points, dtype=np.float64)
        depth = np.where(points[:, 2] > 0, points[:, 2], np.nan)
        x, y = points[:, 0] / depth, points[:, 1] / depth
        k1, k2, p1, p2, k3 = np.pad(self.distortion, (0, 5 - len(self.distortion)))
        r2 = x * x + y * y
        radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        xd = x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x)
        yd = y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y
        fx, skew, cx = self.camera_matrix[0]
        fy, cy = self.camera_matrix[1, 1:]
        return np.stack([fx * xd + skew * yd + cx, fy * yd + cy], axis=1)

    def clip_from_camera(self, near_mm: float, far_mm: float) -> np.ndarray:
        """OpenGL projection (4, 4) for a perfect lens, from OpenCV's camera frame to clip space (y up).

        A pixel centre at integer u covers [u - 0.5, u + 0.5], so the picture spans -0.5 to width - 0.5.
        """
        fx, skew, cx = self.camera_matrix[0]
        fy, cy = self.camera_matrix[1, 1:]
        w, h = float(self.width), float(self.height)
        depth = far_mm - near_mm
        return np.array(
            [
                [2 * fx / w, 2 * skew / w, (2 * cx + 1) / w - 1, 0.0],
                [0.0, -2 * fy / h, 1 - (2 * cy + 1) / h, 0.0],
                [0.0, 0.0, (far_mm + near_mm) / depth, -2 * far_mm * near_mm / depth],
                [0.0, 0.0, 1.0, 0.0],
            ]
        )

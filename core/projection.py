"""The camera: how points before it land on its picture. numpy only; checked against OpenCV in the tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.lens import N_COEFFICIENTS, PINHOLE, distort, distort_with_derivative, undistort


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A calibrated camera, OpenCV's conventions: x right, y down, z forward, pixel centres at integers.

    Attributes:
        width, height: picture size in pixels.
        camera_matrix: (3, 3) with fx, fy, cx, cy in pixels.
        distortion: k1, k2, p1, p2[, k3[, k4, k5, k6]] of a pinhole lens, empty for none; k1 to k4 of a fisheye.
        rms_px, focal_error_percent: what the calibration said of itself; None when unknown.
        lens: `PINHOLE` or `FISHEYE` of `core.lens`.
    """

    width: int
    height: int
    camera_matrix: np.ndarray
    distortion: np.ndarray
    rms_px: float | None = None
    focal_error_percent: float | None = None
    lens: str = PINHOLE

    def __post_init__(self) -> None:
        matrix = np.array(self.camera_matrix, dtype=np.float64)
        distortion = np.array(self.distortion, dtype=np.float64).ravel()
        if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
            raise ValueError("a camera matrix is 3x3 with positive focal lengths")
        if self.lens not in N_COEFFICIENTS:
            raise ValueError(f"no lens is called {self.lens!r}")
        if len(distortion) not in N_COEFFICIENTS[self.lens] or not np.isfinite(distortion).all():
            known = " or ".join(str(n) for n in N_COEFFICIENTS[self.lens])
            raise ValueError(f"distortion of a {self.lens} lens has {known} coefficients")
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
        bent = distort(self.lens, self.distortion, points[:, :2] / depth[:, None])
        return bent @ self.camera_matrix[:2, :2].T + self.camera_matrix[:2, 2]

    def project_with_derivative(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `project`, also the derivative (n, 2, 3) of the pixels by the points."""
        points = np.asarray(points, dtype=np.float64)
        depth = np.where(points[:, 2] > 0, points[:, 2], np.nan)
        xy = points[:, :2] / depth[:, None]
        bent, by_xy, _ = distort_with_derivative(self.lens, self.distortion, xy)
        by_ray = self.camera_matrix[:2, :2] @ by_xy / depth[:, None, None]
        by_depth = -np.einsum("nij,nj->ni", by_ray, xy)
        return bent @ self.camera_matrix[:2, :2].T + self.camera_matrix[:2, 2], np.concatenate(
            [by_ray, by_depth[:, :, None]], axis=2
        )

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """Directions (n, 2), x and y at z = 1 in the camera frame, seen at pixels (n, 2); NaN where there is none."""
        bent = np.linalg.solve(
            self.camera_matrix[:2, :2], (np.asarray(pixels, dtype=np.float64) - self.camera_matrix[:2, 2]).T
        )
        return undistort(self.lens, self.distortion, bent.T)

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

"""Where every pixel looks: the lens undone once for a camera, so that dense steps need no lens model."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ar.opencv import cv2
from core.projection import CameraModel

LENS_STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-10)


@lru_cache(maxsize=4)
def rays_of(camera: CameraModel) -> tuple[np.ndarray, np.ndarray]:
    """Direction x and y at z = 1 of every pixel's middle, two of (height, width) float32."""
    y, x = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float64)
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)[:, None]
    lens = camera.distortion if camera.distortion.size else None
    points = cv2.undistortPoints(pixels, camera.camera_matrix, lens, criteria=LENS_STOP)
    plane = points.reshape(camera.height, camera.width, 2).astype(np.float32)
    return np.ascontiguousarray(plane[..., 0]), np.ascontiguousarray(plane[..., 1])

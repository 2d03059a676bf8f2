"""A first lens from points alone, by OpenCV: near enough for the edges to be found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ar.calibration.views import View
from ar.opencv import cv2
from core.errors import PlannerError
from core.lens import FISHEYE, PINHOLE
from core.projection import CameraModel

# Above this the usual model does not fit, and wider lenses are tried.
DOUBTFUL_PX = 0.7
WIDE = cv2.CALIB_RECOMPUTE_EXTRINSIC | cv2.CALIB_FIX_SKEW


@dataclass(frozen=True, eq=False)
class Start:
    """A lens fitted to points.

    Attributes:
        camera: with the expected focal error where OpenCV gives one.
        matrices: `camera_from_body` (4, 4) of each view.
        rms_px: root mean square over all points. view_rms_px: of each view.
    """

    camera: CameraModel
    matrices: tuple[np.ndarray, ...]
    rms_px: float
    view_rms_px: tuple[float, ...]


def first_fit(views: Sequence[View]) -> Start:
    """The lens that explains the points best: pinhole, or fisheye where pinhole clearly does not.

    Raises:
        PlannerError: no lens explains them.
    """
    plain = _pinhole(views)
    if plain is not None and plain.rms_px < DOUBTFUL_PX:
        return plain
    wide = _fisheye(views)
    fits = [fit for fit in (plain, wide) if fit is not None]
    if not fits:
        raise PlannerError(
            "cannot calibrate", "no lens explains these pictures", "take new ones from clearly different sides"
        )
    return min(fits, key=lambda fit: fit.rms_px)


def _pinhole(views: Sequence[View]) -> Start | None:
    points = [view.points_mm.astype(np.float32) for view in views]
    pixels = [view.pixels.astype(np.float32)[:, None] for view in views]
    height, width = views[0].grey.shape
    try:
        rms, matrix, distortion, turns, shifts, spread, _, by_view = cv2.calibrateCameraExtended(
            points, pixels, (width, height), np.eye(3), np.zeros(5), flags=cv2.CALIB_FIX_K3
        )
        percent = 100.0 * float(np.ravel(spread)[0] / matrix[0, 0])
        camera = CameraModel(width, height, matrix, np.ravel(distortion)[:4], float(rms), percent, PINHOLE)
    except (cv2.error, ValueError):
        return None
    return Start(camera, _matrices(turns, shifts), float(rms), tuple(np.ravel(by_view).tolist()))


def _fisheye(views: Sequence[View]) -> Start | None:
    points = [view.points_mm[None] for view in views]
    pixels = [view.pixels[None] for view in views]
    height, width = views[0].grey.shape
    guess = np.array([[width / 3.0, 0, width / 2.0], [0, width / 3.0, height / 2.0], [0, 0, 1]])
    try:
        rms, matrix, distortion, turns, shifts = cv2.fisheye.calibrate(
            points,
            pixels,
            (width, height),
            guess,
            np.zeros(4),
            flags=WIDE | cv2.CALIB_USE_INTRINSIC_GUESS,
        )
        camera = CameraModel(width, height, matrix, np.ravel(distortion), float(rms), None, FISHEYE)
    except (cv2.error, ValueError):
        return None
    matrices = _matrices(turns, shifts)
    errors = []
    for view, pose in zip(views, matrices, strict=True):
        gap = camera.project(view.points_mm @ pose[:3, :3].T + pose[:3, 3]) - view.pixels
        errors.append(float(np.sqrt((gap**2).sum(axis=1).mean())))
    return Start(camera, matrices, float(rms), tuple(errors)) if np.isfinite(errors).all() else None


def _matrices(turns: Sequence[np.ndarray], shifts: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    matrices = []
    for turn, shift in zip(turns, shifts, strict=True):
        pose = np.eye(4)
        pose[:3, :3] = cv2.Rodrigues(np.ravel(turn))[0]
        pose[:3, 3] = np.ravel(shift)
        matrices.append(pose)
    return tuple(matrices)

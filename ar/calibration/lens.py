"""From pictures of a board to a camera model that says how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ar.board.model import Board
from ar.calibration.bundle import adjust_on_edges
from ar.calibration.views import View, board_views, check_variety
from ar.opencv import cv2
from ar.tracking.edges import edge_places
from core.errors import PlannerError
from core.progress import Progress, Silent
from core.projection import CameraModel

MAX_FOCAL_ERROR_PERCENT = 2.0
MAX_RMS_PX = 2.0
# k3 is kept only when it is this many standard deviations from nothing; a free one bends the picture's rim.
CLEAR_K3 = 4.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """A camera model and what it rests on.

    Attributes:
        camera: the model, with its root mean square error and expected focal error.
        used: indices of the pictures it rests on.
        view_rms_px: error of each of them.
        covered: share (0-1) of the picture's area, in a 6x4 grid, where points were seen.
    """

    camera: CameraModel
    used: tuple[int, ...]
    view_rms_px: tuple[float, ...]
    covered: float


def calibrate(images: Sequence[np.ndarray], board: Board, progress: Progress | None = None) -> CameraModel:
    """The camera model of pictures (uint8, height x width x 3, rgb) of a flat board. Raises as `calibrate_views`."""
    return calibrate_views(images, board, progress).camera


def calibrate_views(
    images: Sequence[np.ndarray], board: Board, progress: Progress | None = None
) -> Calibration:
    """As `calibrate`, also saying which pictures were used and how well they fit.

    Raises:
        PlannerError: too few pictures show the board, all show it from one side, their sizes differ, or the result
            is too uncertain to measure with.
    """
    progress = progress or Silent()
    if not len(images):
        raise PlannerError("cannot calibrate", "there are no pictures", "take 15 or more of the board")
    views = board_views(images, board, progress)
    progress.report("fitting the lens", 0.0)
    fit = _fit(views)
    clear = [view for view, rms in zip(views, fit.view_rms_px, strict=True) if rms < _limit(fit.view_rms_px)]
    if 6 <= len(clear) < len(views):
        views, fit = tuple(clear), _fit(tuple(clear))
    check_variety(fit.matrices)
    camera = _camera(views[0], fit)
    progress.report("fitting the lens", 0.5)
    places = edge_places(board, board.bodies[0])
    camera = adjust_on_edges([view.grey for view in views], places, camera, fit.matrices) or camera
    _check(camera)
    progress.report("fitting the lens", 1.0)
    used = tuple(view.index for view in views)
    return Calibration(camera, used, tuple(fit.view_rms_px), _covered(views))


@dataclass(frozen=True, eq=False)
class _Fit:
    rms_px: float
    camera_matrix: np.ndarray
    distortion: np.ndarray
    focal_error_percent: float
    matrices: tuple[np.ndarray, ...]
    view_rms_px: list[float]


def _fit(views: Sequence[View]) -> _Fit:
    """OpenCV's bundle adjustment over all points, without k3 where it says nothing."""
    fit, k3_clarity = _fit_with(views, 0)
    return fit if k3_clarity > CLEAR_K3 else _fit_with(views, cv2.CALIB_FIX_K3)[0]


def _fit_with(views: Sequence[View], flags: int) -> tuple[_Fit, float]:
    points = [view.points_mm.astype(np.float32) for view in views]
    pixels = [view.pixels.astype(np.float32)[:, None] for view in views]
    size = (views[0].grey.shape[1], views[0].grey.shape[0])
    try:
        rms, matrix, distortion, turns, shifts, spread, _, by_view = cv2.calibrateCameraExtended(
            points, pixels, size, np.eye(3), np.zeros(5), flags=flags
        )
    except cv2.error as error:
        raise PlannerError(
            "cannot calibrate", "no lens explains these pictures", "take new ones from clearly different sides"
        ) from error
    spread, distortion = np.ravel(spread), np.ravel(distortion)[:5]
    matrices = []
    for turn, shift in zip(turns, shifts, strict=True):
        pose = np.eye(4)
        pose[:3, :3] = cv2.Rodrigues(turn)[0]
        pose[:3, 3] = np.ravel(shift)
        matrices.append(pose)
    percent = 100.0 * float(spread[0] / matrix[0, 0])
    fit = _Fit(float(rms), matrix, distortion, percent, tuple(matrices), np.ravel(by_view).tolist())
    return fit, abs(float(distortion[4])) / max(float(spread[8]), 1e-12)


def _limit(view_rms_px: Sequence[float]) -> float:
    return max(3.0 * float(np.median(view_rms_px)), 0.5)


def _camera(view: View, fit: _Fit) -> CameraModel:
    height, width = view.grey.shape
    return CameraModel(width, height, fit.camera_matrix, fit.distortion, fit.rms_px, fit.focal_error_percent)


def _check(camera: CameraModel) -> None:
    rms, percent = camera.rms_px or 0.0, camera.focal_error_percent or 0.0
    if not np.isfinite((rms, percent)).all() or rms > MAX_RMS_PX or percent > MAX_FOCAL_ERROR_PERCENT:
        raise PlannerError(
            "cannot calibrate",
            f"the result is too uncertain (points miss by {rms:.2f} px, focal length by {percent:.1f} %)",
            "check that the print is flat and at 100 %, hold still, and tilt the board more",
        )


def _covered(views: Sequence[View]) -> float:
    height, width = views[0].grey.shape
    cells = np.concatenate([view.pixels for view in views]) / (width, height) * (6, 4)
    cells = np.clip(cells, 0, (5.999, 3.999)).astype(int)
    return len({tuple(cell) for cell in cells.tolist()}) / 24.0

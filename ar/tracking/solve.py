"""From seen points to a pose, with both solutions of the planar case compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.opencv import cv2
from ar.tracking.detection import Observation
from ar.tracking.geometry import moved, project_with_derivative
from core.lens import FISHEYE
from core.projection import CameraModel

OUTLIER_PX = 3.0
MIN_NOISE_PX = 0.05
# From a near start this many steps are enough.
NEAR_ROUNDS = 3
# Twice the difference in log-likelihood below which the second solution is not excluded (p about 0.001), and
# the ratio of errors below which small systematic corner errors could decide instead of the picture.
MIN_EVIDENCE = 11.0
MIN_ERROR_RATIO = 4.0


@dataclass(frozen=True, eq=False)
class Solution:
    """A pose from points.

    Attributes:
        matrix: `camera_from_body` (4, 4).
        covariance: (6, 6) of a small turn (radians) and shift (mm) in the camera frame.
        rms_px: root mean square distance of seen and projected points.
        rival: the other pose (4, 4) that explains the points about as well; None when there is none.
    """

    matrix: np.ndarray
    covariance: np.ndarray
    rms_px: float
    rival: np.ndarray | None = None


def solve(observation: Observation, camera: CameraModel) -> tuple[Solution, Observation] | None:
    """The pose of one body and the points it rests on; None when no pose explains them.

    A marker that no pose explains together with the others (misread, or not where the description says) is dropped.
    """
    limit = OUTLIER_PX * max(1.0, camera.width / 1280.0)
    solution = _solve(observation, camera)
    if solution is not None and solution.rms_px > limit:
        agreeing = _consensus(observation, camera, limit)
        observation = agreeing if agreeing is not None else observation
        solution = _solve(observation, camera)
    if solution is None:
        return None
    errors = point_errors_px(solution.matrix, observation, camera)
    is_bad = errors > max(limit, 4.0 * float(np.median(errors)))
    is_bad |= (observation.groups >= 0) & np.isin(observation.groups, observation.groups[is_bad])
    if is_bad.any() and (~is_bad).sum() >= 4:
        observation = observation.without(is_bad)
        solution = _solve(observation, camera)
    if solution is None or solution.rms_px > limit:
        return None
    return solution, observation


def _consensus(observation: Observation, camera: CameraModel, limit_px: float) -> Observation | None:
    """The points that agree with the one marker most others agree with; None without separate markers."""
    best: np.ndarray | None = None
    for group in np.unique(observation.groups[observation.groups >= 0]):
        alone = observation.without(observation.groups != group)
        for matrix in _starts(alone, camera, is_planar=True):
            # One marker's pose is coarse, so its neighbours are met with a wide tolerance.
            agrees = point_errors_px(matrix, observation, camera) < 4.0 * limit_px
            if best is None or agrees.sum() > best.sum():
                best = agrees
    if best is None or best.sum() < 4:
        return None
    return observation.without(~best)


def _solve(observation: Observation, camera: CameraModel) -> Solution | None:
    spread = np.linalg.svd(observation.points_mm - observation.points_mm.mean(axis=0), compute_uv=False)
    if len(observation.points_mm) < 4 or spread[1] < 0.05 * spread[0]:
        return None
    is_planar = spread[2] < 1e-3 * spread[0]
    candidates = [
        refined
        for start in _starts(observation, camera, is_planar)
        if (refined := _refine(start, observation, camera)) is not None
    ]
    if not candidates:
        return None
    candidates.sort(key=lambda candidate: candidate[1])
    matrix, squares, information = candidates[0]
    n = len(observation.pixels)
    noise_px2 = max(squares / max(2 * n - 6, 1), MIN_NOISE_PX**2)
    rival = _rival(candidates, noise_px2)
    covariance = noise_px2 * np.linalg.inv(information)
    return Solution(matrix, covariance, float(np.sqrt(squares / n)), rival)


def _starts(observation: Observation, camera: CameraModel, is_planar: bool) -> list[np.ndarray]:
    """Closed-form poses (4, 4): both of the plane, or one in space."""
    method = cv2.SOLVEPNP_IPPE if is_planar else cv2.SOLVEPNP_SQPNP
    distortion = camera.distortion if camera.distortion.size else None
    pixels, camera_matrix = observation.pixels, camera.camera_matrix
    if camera.lens == FISHEYE:
        pixels, camera_matrix, distortion = camera.rays(pixels), np.eye(3), None
        if np.isnan(pixels).any():
            return []
    try:
        _, turns, shifts, _ = cv2.solvePnPGeneric(
            observation.points_mm[:, None], pixels[:, None], camera_matrix, distortion, flags=method
        )
    except cv2.error:
        return []
    starts = []
    for turn, shift in zip(turns, shifts, strict=True):
        matrix = np.eye(4)
        matrix[:3, :3] = cv2.Rodrigues(turn)[0]
        matrix[:3, 3] = np.ravel(shift)
        if np.isfinite(matrix).all() and _is_before(matrix, observation.points_mm):
            starts.append(matrix)
    return starts


def _is_before(matrix: np.ndarray, points_mm: np.ndarray) -> bool:
    return bool((points_mm @ matrix[2, :3] + matrix[2, 3] > 1.0).all())


def _refine(
    matrix: np.ndarray, observation: Observation, camera: CameraModel, rounds: int = 30
) -> tuple[np.ndarray, float, np.ndarray] | None:
    """Levenberg-Marquardt on the pixels: pose (4, 4), sum of squares (px^2), information (6, 6) at 1 px."""
    damping = 1e-3
    pixels, derivative = project_with_derivative(camera, matrix, observation.points_mm)
    residual = observation.pixels - pixels
    squares = float((residual**2).sum())
    for _ in range(rounds):
        information = np.einsum("nij,nik->jk", derivative, derivative)
        gradient = np.einsum("nij,ni->j", derivative, residual)
        step = np.linalg.solve(information + damping * np.diag(np.diag(information)), gradient)
        trial = moved(matrix, step)
        if not _is_before(trial, observation.points_mm):
            return None
        pixels, trial_derivative = project_with_derivative(camera, trial, observation.points_mm)
        trial_residual = observation.pixels - pixels
        trial_squares = float((trial_residual**2).sum())
        if trial_squares > squares:
            damping *= 10.0
            if damping > 1e6:
                break
            continue
        gain = squares - trial_squares
        matrix, derivative, residual, squares = trial, trial_derivative, trial_residual, trial_squares
        damping = max(damping * 0.1, 1e-9)
        if gain < 1e-6 * (squares + 1e-9):
            break
    information = np.einsum("nij,nik->jk", derivative, derivative)
    if np.linalg.cond(information) > 1e16:
        return None
    return matrix, squares, information


def _rival(candidates: list[tuple[np.ndarray, float, np.ndarray]], noise_px2: float) -> np.ndarray | None:
    if len(candidates) < 2:
        return None
    (best, least, _), (other, more, _) = candidates[:2]
    is_excluded = (more - least) / noise_px2 > MIN_EVIDENCE and more > MIN_ERROR_RATIO**2 * least
    return None if same_pose(best, other) or is_excluded else other


def mirrored(matrix: np.ndarray, points_mm: np.ndarray) -> np.ndarray | None:
    """The pose (4, 4) of flat points (n, 3) that looks alike from far away: tilted to the other side.

    Source: the planar two-fold ambiguity, Schweighofer and Pinz 2006. None when the points are not flat.
    """
    centre = points_mm.mean(axis=0)
    _, spread, axes = np.linalg.svd(points_mm - centre, full_matrices=False)
    if spread[2] > 1e-3 * spread[0]:
        return None
    at = matrix[:3, :3] @ centre + matrix[:3, 3]
    sight = at / np.linalg.norm(at)
    flip = np.eye(3) - 2.0 * np.outer(sight, sight)
    first, second = (flip @ matrix[:3, :3] @ axis for axis in axes[:2])
    basis = np.stack([axes[0], axes[1], np.cross(axes[0], axes[1])], axis=1)
    result = np.eye(4)
    result[:3, :3] = np.stack([first, second, np.cross(first, second)], axis=1) @ basis.T
    result[:3, 3] = at - result[:3, :3] @ centre
    return result


def same_pose(a: np.ndarray, b: np.ndarray) -> bool:
    """True when two poses (4, 4) differ by less than half a degree: one minimum, found twice."""
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(a[:3, :3].T @ b[:3, :3])[0]))) < 0.5


def point_errors_px(matrix: np.ndarray, observation: Observation, camera: CameraModel) -> np.ndarray:
    """Distance (n,) in pixels of the seen points from where a pose (4, 4) puts them."""
    pixels, _ = project_with_derivative(camera, matrix, observation.points_mm)
    return np.linalg.norm(pixels - observation.pixels, axis=1)


def refine_points(
    matrix: np.ndarray, observation: Observation, camera: CameraModel, rounds: int = NEAR_ROUNDS
) -> tuple[np.ndarray, float] | None:
    """A pose (4, 4) moved onto seen points from a near start, and its root mean square error in px."""
    refined = _refine(matrix, observation, camera, rounds)
    if refined is None:
        return None
    return refined[0], float(np.sqrt(refined[1] / max(len(observation.pixels), 1)))

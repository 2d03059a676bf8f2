"""Where a pointer's tip is, found by turning it about the tip; refused where the turning cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ar.poses import Pose, PoseState
from ar.registration.spread import motion_derivative
from core.errors import PlannerError

WHAT = "cannot calibrate the pointer"
MIN_POSES = 30
MIN_TURN_DEG = 25.0
MIN_LENGTH_MM, MAX_LENGTH_MM = 20.0, 400.0
MAX_TIP_SIGMA_MM = 1.0
MAX_RESIDUAL_MM = 3.0
MIN_KEPT = 0.7
OUTLIER = 4.0
# A tip in its dimple wanders by this much however well the pointer is seen.
DIMPLE_MM = 0.2
ITERATIONS = 6
# Neighbouring frames share their errors; this many count as one independent pose.
FRAMES_PER_FACT = 3.0


@dataclass(frozen=True, eq=False)
class PivotFit:
    """A pointer's tip.

    Attributes:
        body: the pointer.
        tip_mm: (3,) in the pointer's frame.
        tip_sigma_mm: expected error of it, root of the sum over the axes.
        residual_mm: root mean square distance of the tip from the pivot, over the poses that were kept.
        turn_deg: how far the pointer was turned, the smaller of its two directions, 90 % range.
        n_used, n_left_out: poses it rests on, and those that did not agree.
    """

    body: str
    tip_mm: np.ndarray
    tip_sigma_mm: float
    residual_mm: float
    turn_deg: float
    n_used: int
    n_left_out: int


def pivot_calibration(poses: Sequence[Pose]) -> PivotFit:
    """The tip of a pointer from poses taken while it was turned about its resting tip.

    The camera must stand still. Poses that are not TRACKED, or ambiguous, are left out; each of the others counts
    by its own covariance.

    Raises:
        PlannerError: too few poses, too little or one-sided turning, a tip that slipped, or an impossible length.
    """
    usable = [
        p
        for p in poses
        if p.state is PoseState.TRACKED and not p.is_ambiguous and p.camera_from_body is not None
    ]
    if len({p.body for p in usable}) > 1:
        raise ValueError("a pivot calibration is of one body")
    if len(usable) < MIN_POSES:
        raise PlannerError(
            WHAT,
            f"{len(usable)} usable poses, {MIN_POSES} are needed",
            "hold the tip in a dimple and turn the pointer slowly, its markers towards the camera",
        )
    matrices = np.stack([p.camera_from_body.matrix for p in usable if p.camera_from_body is not None])
    turn_deg = _turn_deg(matrices[:, :3, :3])
    if turn_deg < MIN_TURN_DEG:
        raise PlannerError(
            WHAT,
            f"the pointer was turned by {turn_deg:.0f} degrees only in one of its directions",
            "tilt it by 30 degrees and more to the front, the back and both sides",
        )
    fit = _solve(usable[0].body, matrices, _covariances(usable), turn_deg)
    _check(fit, len(usable))
    return fit


def _solve(body: str, matrices: np.ndarray, covariances: np.ndarray | None, turn_deg: float) -> PivotFit:
    """Iterated weighted least squares of R t + p = c; tip and pivot together, poses off the pivot left out.

    Source: the algebraic one step of Yaniv 2015, weighted by each pose's own covariance.
    """
    rotation, shift = matrices[:, :3, :3], matrices[:, :3, 3]
    n = len(matrices)
    design = np.concatenate([rotation, np.broadcast_to(-np.eye(3), (n, 3, 3))], axis=2)
    keep = np.ones(n, dtype=bool)
    found = np.linalg.lstsq(design.reshape(-1, 6), -shift.ravel(), rcond=None)[0]
    for _ in range(ITERATIONS):
        weight = _weights(rotation, found[:3], covariances)
        information = np.einsum("nji,njk,nkl->il", design[keep], weight[keep], design[keep])
        right = -np.einsum("nji,njk,nk->i", design[keep], weight[keep], shift[keep])
        found = np.linalg.solve(information, right)
        residual = np.einsum("nij,j->ni", design, found) + shift
        distance = np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", residual, weight, residual), 0.0))
        keep = distance < OUTLIER * max(1.4826 * float(np.median(distance)), 1e-9)
    freedom = max(3.0 * keep.sum() - 6.0, 1.0)
    chi2 = float((distance[keep] ** 2).sum()) / freedom
    covariance = np.linalg.inv(information) * max(chi2, 1e-12) * FRAMES_PER_FACT
    rms = float(np.sqrt((residual[keep] ** 2).sum(axis=1).mean()))
    sigma = float(np.sqrt(np.trace(covariance[:3, :3])))
    return PivotFit(body, found[:3], sigma, rms, turn_deg, int(keep.sum()), int(n - keep.sum()))


def _covariances(poses: Sequence[Pose]) -> np.ndarray | None:
    known = [pose.covariance for pose in poses if pose.covariance is not None]
    return np.stack(known) if len(known) == len(poses) else None


def _weights(rotation: np.ndarray, tip_mm: np.ndarray, covariances: np.ndarray | None) -> np.ndarray:
    """(n, 3, 3): the inverse covariance of each pose's tip in the camera frame; equal where none is known."""
    n = len(rotation)
    if covariances is None:
        return np.broadcast_to(np.eye(3), (n, 3, 3))
    by_pose = motion_derivative(np.einsum("nij,j->ni", rotation, tip_mm), np.zeros(3))
    spread = np.einsum("nij,njk,nlk->nil", by_pose, covariances, by_pose)
    return np.linalg.inv(spread + np.eye(3) * DIMPLE_MM**2)


def _turn_deg(rotation: np.ndarray) -> float:
    """The second widest range of the turns between poses: one axis alone leaves the tip open along it."""
    mean = _mean_rotation(rotation)
    relative = np.einsum("ji,njk->nik", mean, rotation)
    # Twice the vector part of the quaternion, good to a few per cent up to 90 degrees.
    trace = np.clip(np.trace(relative, axis1=1, axis2=2), -0.99, 3.0)
    real = np.sqrt(1.0 + trace) / 2.0
    off = np.stack(
        [
            relative[:, 2, 1] - relative[:, 1, 2],
            relative[:, 0, 2] - relative[:, 2, 0],
            relative[:, 1, 0] - relative[:, 0, 1],
        ],
        axis=1,
    )
    vectors = off / (2.0 * real[:, None])
    axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)[2]
    low, high = np.percentile(vectors @ axes.T, (5, 95), axis=0)
    return float(np.degrees((high - low)[1]))


def _mean_rotation(rotation: np.ndarray) -> np.ndarray:
    u, _, vt = np.linalg.svd(rotation.sum(axis=0))
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


def _check(fit: PivotFit, n_poses: int) -> None:
    length = float(np.linalg.norm(fit.tip_mm))
    if fit.n_used < MIN_KEPT * n_poses or fit.residual_mm > MAX_RESIDUAL_MM:
        raise PlannerError(
            WHAT,
            f"the tip did not rest ({fit.residual_mm:.1f} mm, {fit.n_left_out} of {n_poses} poses disagree)",
            "hold it in a dimple, keep the camera still, and turn slowly",
        )
    if fit.tip_sigma_mm > MAX_TIP_SIGMA_MM:
        raise PlannerError(
            WHAT,
            f"the tip is known to {fit.tip_sigma_mm:.1f} mm only",
            "turn it longer, further, and nearer to the camera",
        )
    if not MIN_LENGTH_MM <= length <= MAX_LENGTH_MM:
        raise PlannerError(
            WHAT,
            f"a tip {length:.0f} mm from the markers' origin is not plausible",
            "check that the pointer, not the reference, was turned, and that it was printed at 100 %",
        )

"""The rigid map between paired points: the closed form that registration by touched landmarks rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ON_A_LINE = 1e-3


@dataclass(frozen=True, eq=False)
class PointFit:
    """The rigid map (4, 4) between two point sets and what it leaves over.

    Attributes:
        matrix: target from source.
        fre_mm: fiducial registration error, root mean square over the points, unweighted.
        residual_mm: (n, 3) mapped source minus target.
    """

    matrix: np.ndarray
    fre_mm: float
    residual_mm: np.ndarray


def register_points(source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> PointFit:
    """The rotation and shift that best bring points (n, 3) onto their partners (n, 3), n >= 3, mm.

    Args:
        weights: (n,) positive, one over the variance of each pair; equal without.

    Raises ValueError for fewer than three points, or points on one line.
    Source: Arun, Huang, Blostein 1987; Kabsch 1976 (the sign that keeps it a rotation).
    """
    source, target = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 3 or len(source) < 3:
        raise ValueError("registration needs at least three pairs of points")
    share = _shares(weights, len(source))
    source_mean, target_mean = share @ source, share @ target
    for points in (source - source_mean, target - target_mean):
        spread = np.linalg.svd(points, compute_uv=False)
        if spread[1] < ON_A_LINE * max(spread[0], 1e-9) or spread[0] < 1e-6:
            raise ValueError("the points lie on one line, which leaves the rotation about it open")
    u, _, vt = np.linalg.svd(((source - source_mean) * share[:, None]).T @ (target - target_mean))
    sign = np.sign(np.linalg.det(vt.T @ u.T))
    rotation = vt.T @ np.diag([1.0, 1.0, sign]) @ u.T
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = target_mean - rotation @ source_mean
    residual = source @ rotation.T + matrix[:3, 3] - target
    return PointFit(matrix, float(np.sqrt((residual**2).sum(axis=1).mean())), residual)


def leave_one_out_mm(source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """How far each point (n,) lies from where the others alone would put it; empty when the others are too few.

    It holds the point's own error as well as the map's, so that it errs on the large side as an estimate of TRE.
    """
    n = len(source)
    share = _shares(weights, n)
    errors = []
    for left_out in range(n):
        rest = np.arange(n) != left_out
        try:
            fit = register_points(source[rest], target[rest], share[rest])
        except ValueError:
            return np.zeros(0)
        mapped = fit.matrix[:3, :3] @ source[left_out] + fit.matrix[:3, 3]
        errors.append(float(np.linalg.norm(mapped - target[left_out])))
    return np.array(errors)


def _shares(weights: np.ndarray | None, n: int) -> np.ndarray:
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.shape != (n,) or not np.isfinite(weights).all() or (weights <= 0.0).any():
        raise ValueError("each pair of points needs one positive weight")
    return weights / weights.sum()

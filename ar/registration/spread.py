"""How far a registration may be off, everywhere: the covariance of its small motions, and TRE from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv


@dataclass(frozen=True, eq=False)
class MotionSpread:
    """The uncertainty of a rigid map, as a small motion applied after it.

    Attributes:
        centre_mm: (3,) the point that is turned about, in the frame the map leads to.
        covariance: (6, 6) of a turn (radians) about it and a shift (mm), in that frame.
    """

    centre_mm: np.ndarray
    covariance: np.ndarray

    def __post_init__(self) -> None:
        covariance = np.array(self.covariance, dtype=np.float64)
        centre = np.array(self.centre_mm, dtype=np.float64)
        if centre.shape != (3,) or covariance.shape != (6, 6) or not np.isfinite(covariance).all():
            raise ValueError("a spread has a centre (3,) and a finite covariance (6, 6)")
        if np.linalg.eigvalsh((covariance + covariance.T) / 2.0).min() < -1e-9:
            raise ValueError("a covariance has no negative variance")
        object.__setattr__(self, "centre_mm", centre)
        object.__setattr__(self, "covariance", covariance)

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Covariance (n, 3, 3) in mm^2 of mapped points (n, 3)."""
        by_motion = motion_derivative(np.asarray(points_mm, dtype=np.float64), self.centre_mm)
        return np.einsum("nij,jk,nlk->nil", by_motion, self.covariance, by_motion)

    def tre_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """Expected target registration error (n,), root mean square, of mapped points (n, 3)."""
        return np.sqrt(np.maximum(np.trace(self.at(points_mm), axis1=1, axis2=2), 0.0))

    def tre_95_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """The error (n,) that 95 of 100 such registrations keep within, of mapped points (n, 3).

        Source: Satterthwaite 1946, a scaled chi-square in place of the sum of three unequal ones.
        """
        variances = np.maximum(np.linalg.eigvalsh(self.at(points_mm)), 0.0)
        total, squares = variances.sum(axis=1), (variances**2).sum(axis=1)
        safe = np.maximum(squares, 1e-300)
        freedom = np.maximum(total**2 / safe, 1.0)
        return np.sqrt(squares / np.maximum(total, 1e-300) * chi_square_limit(0.95, freedom))


def motion_derivative(points_mm: np.ndarray, centre_mm: np.ndarray) -> np.ndarray:
    """How points (n, 3) move, (n, 3, 6), with a small turn about `centre_mm` and a shift."""
    x, y, z = (points_mm - centre_mm).T
    zero = np.zeros(len(points_mm))
    turn = np.array([[zero, z, -y], [-z, zero, x], [y, -x, zero]]).transpose(2, 0, 1)
    return np.concatenate([turn, np.broadcast_to(np.eye(3), (len(points_mm), 3, 3))], axis=2)


def spread_of_points(points_mm: np.ndarray, sigma_mm: np.ndarray) -> MotionSpread:
    """The spread of a map fitted to points (n, 3) weighted by one over their variance.

    Args:
        points_mm: the fiducials in the frame the map leads to.
        sigma_mm: (n,) standard deviation of each along one axis.

    Source: Fitzpatrick, West, Maurer 1998 (equal errors); Danilchenko and Fitzpatrick 2011 (unequal ones).
    """
    weights = 1.0 / np.asarray(sigma_mm, dtype=np.float64) ** 2
    centre = weights @ points_mm / weights.sum()
    by_motion = motion_derivative(points_mm, centre)
    information = np.einsum("n,nij,nik->jk", weights, by_motion, by_motion)
    return MotionSpread(centre, np.linalg.inv(information))


def chi_square_limit(share: float, freedom: float | np.ndarray) -> np.ndarray:
    """What `share` (0-1) of all chi-square values of so many degrees of freedom keep below."""
    return 2.0 * np.asarray(gammaincinv(np.asarray(freedom) / 2.0, share))

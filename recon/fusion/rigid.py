"""The turn and shift that lay the surfaces of one heart over those of another: Gauss-Newton on signed distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import PlannerError
from core.frames import rotation_from_vector
from recon.fusion.distances import DistanceStack
from recon.fusion.points import SurfacePoints, points_near

if TYPE_CHECKING:
    import torch

COARSE_POINTS, FINE_POINTS = 600, 6000
COARSE_SCALES_MM = (9.0, 9.0, 8.0, 8.0, 7.0, 7.0, 6.0, 6.0)
FINE_SCALES_MM = (6.0, 5.0, 4.0, *([3.0] * 17))
"""Residuals beyond this count ever less; narrowed as the surfaces come to lie on each other."""
SETTLED = 1e-4
LEAST_SEEN = 0.3
WEAKEST = 2e-3
"""Smallest share of the information that every direction of turning and shifting needs."""


@dataclass(frozen=True, eq=False)
class RigidFit:
    """A rigid registration.

    Attributes:
        fixed_from_moving: (4, 4) mm.
        cost: robust mean over all points, 0 (all on each other) to 1; what is not seen counts as lost.
        weakest: information about the direction that is told least, relative to a shift that every point tells.
    """

    fixed_from_moving: np.ndarray
    cost: float
    weakest: float


def best_rigid(
    fixed: DistanceStack, moving: DistanceStack, keys: Sequence[str], starts: Sequence[np.ndarray]
) -> RigidFit:
    """The best of several starts, refined.

    Args:
        keys: the structures that both have.
        starts: matrices (4, 4) fixed_from_moving.

    Raises:
        PlannerError: the images hardly overlap, or their structures do not tell how one is turned to the other.
    """
    coarse = bands_of(fixed, moving, keys, COARSE_POINTS)
    tried = [refined(coarse, start, COARSE_SCALES_MM) for start in starts]
    best = min(tried, key=lambda fit: fit.cost)
    fit = refined(bands_of(fixed, moving, keys, FINE_POINTS), best.fixed_from_moving, FINE_SCALES_MM)
    if fit.weakest < WEAKEST:
        raise PlannerError(
            "these images are not registered",
            "the structures they share do not tell how one is turned to the other",
            "choose images that show more of the heart",
        )
    return fit


@dataclass(frozen=True, eq=False)
class Bands:
    """Both images with the places around their surfaces; each is compared with the other, so that none is preferred."""

    fixed: DistanceStack
    moving: DistanceStack
    of_fixed: SurfacePoints
    of_moving: SurfacePoints


def bands_of(fixed: DistanceStack, moving: DistanceStack, keys: Sequence[str], most: int) -> Bands:
    """Both images with at most `most` places per structure."""
    return Bands(fixed, moving, points_near(fixed, keys, most), points_near(moving, keys, most))


def refined(bands: Bands, start: np.ndarray, scales_mm: Sequence[float]) -> RigidFit:
    """Gauss-Newton steps from a start, one for each scale of the robust weights, until nothing moves any more."""
    pose, cost, weakest = start, 1.0, 0.0
    centre = bands.of_fixed.points.mean(dim=0)
    for scale_mm in scales_mm:
        step, cost, weakest = _step(bands, pose, centre, scale_mm)
        middle = centre.double().cpu().numpy()
        turn = rotation_from_vector(step[:3])
        move = np.eye(4)
        move[:3, :3], move[:3, 3] = turn, middle - turn @ middle + step[3:]
        # The step moves the fixed points; seen from the moving image it is undone.
        pose = _orthogonal(np.linalg.inv(move) @ pose)
        if scale_mm == scales_mm[-1] and np.linalg.norm(step[3:]) + 50.0 * np.linalg.norm(step[:3]) < SETTLED:
            break
    return RigidFit(pose, cost, weakest)


def _step(
    bands: Bands, fixed_from_moving: np.ndarray, centre: torch.Tensor, scale_mm: float
) -> tuple[np.ndarray, float, float]:
    """One Gauss-Newton step (turn, shift) of the fixed points, the cost before it, and the weakest direction."""
    import torch

    forth, back = _rows(bands, fixed_from_moving, centre)
    rows, residuals, seen = (torch.cat(pair).double() for pair in zip(forth, back, strict=True))
    weights = seen * (1.0 / (1.0 + (residuals / scale_mm) ** 2)) ** 2  # Geman-McClure
    lost = torch.where(seen > 0, (residuals / scale_mm) ** 2 / (1.0 + (residuals / scale_mm) ** 2), 1.0)
    cost = float(lost.mean()) if float(seen.mean()) > LEAST_SEEN else 1.0
    normal = (rows * weights[:, None]).T @ rows
    gradient = (rows * weights[:, None]).T @ residuals
    radius = torch.linalg.norm(bands.of_fixed.points - centre, dim=1).mean().double()
    scaling = torch.cat([(1.0 / radius).expand(3), radius.new_ones(3)])
    scaled = normal * scaling[:, None] * scaling[None, :] / weights.sum().clamp_min(1e-9)
    weakest = float(torch.linalg.eigvalsh(scaled)[0])
    damped = normal + 1e-6 * torch.diag(torch.diagonal(normal)) + 1e-9 * torch.eye(6, device=normal.device)
    step = -torch.linalg.solve(damped, gradient)
    return step.cpu().numpy(), cost, weakest


def _rows(bands: Bands, fixed_from_moving: np.ndarray, centre: torch.Tensor) -> tuple[tuple, tuple]:
    """For each image's points: derivatives (n, 6) of the residuals by turn and shift, residuals (n,), visibility."""
    import torch

    def moved(points: torch.Tensor, matrix: np.ndarray) -> torch.Tensor:
        there = points.new_tensor(matrix)
        return points @ there[:3, :3].T + there[:3, 3]

    def both(at: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.linalg.cross(at - centre, gradient), gradient], dim=1)

    of_fixed, of_moving = bands.of_fixed, bands.of_moving
    moving_from_fixed = np.linalg.inv(fixed_from_moving)
    there, gradient, seen = of_fixed.read(bands.moving, moved(of_fixed.points, moving_from_fixed))
    turned = gradient @ gradient.new_tensor(moving_from_fixed[:3, :3])
    forth = (-both(of_fixed.points, turned), of_fixed.distances - there, seen.float())
    at = moved(of_moving.points, fixed_from_moving)
    here, gradient, seen = of_moving.read(bands.fixed, at)
    return forth, (both(at, gradient), of_moving.distances - here, seen.float())


def _orthogonal(pose: np.ndarray) -> np.ndarray:
    """The nearest rigid matrix: many small steps must not add up to a scaling."""
    left, _, right = np.linalg.svd(pose[:3, :3])
    clean = np.array(pose)
    clean[:3, :3] = left @ right
    return clean

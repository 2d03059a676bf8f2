"""A smooth motion that cannot fold: points carried along velocities on a grid, harmonics of the heart rate in time.

A point goes in short steps, each along the velocity where it is then. A step along velocities of which none differs
from its neighbour's by more than half their distance takes no two points to one place, so neither do many: the steps
are made short enough for that.

Source: stationary velocities, Arsigny et al., MICCAI 2006; transporting the points themselves, Beg et al., IJCV 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.mesh import SurfaceMesh
from recon.cine.periodic import harmonics

if TYPE_CHECKING:
    import torch

NODE_MM = 7.0
MARGIN_MM = 14.0
FEWEST_STEPS = 6
STEEPEST_STEP = 0.5
# Tissue shortens and thickens by half at most: a velocity's slope is the logarithm of the stretch.
LARGEST_SLOPE = 0.6
# Half the side of the little cube whose change of volume is the motion's Jacobian.
PROBE_MM = 0.25


class Motion:
    """A grid of velocities around the surfaces, and what it does to points. Grid axes are (z, y, x) of LPS."""

    def __init__(self, surfaces: Sequence[SurfaceMesh], start: int, places: np.ndarray, device: str) -> None:
        import torch

        bounds = np.stack([mesh.bounds_mm for mesh in surfaces])
        low = bounds[:, 0].min(axis=0) - MARGIN_MM
        size = bounds[:, 1].max(axis=0) + MARGIN_MM - low
        nodes = np.ceil(size / NODE_MM).astype(int) + 1
        basis = harmonics(places)[:, 1:]
        basis = basis - basis[start]
        self._shape = (int(nodes[2]), int(nodes[1]), int(nodes[0]))
        self._basis = torch.as_tensor(basis, dtype=torch.float32, device=device)
        self._low = torch.as_tensor(low, dtype=torch.float32, device=device)
        # From mm to torch's -1 to 1 across the nodes.
        self._scale = torch.as_tensor(2.0 / ((nodes - 1) * NODE_MM), dtype=torch.float32, device=device)

    def unknowns(self) -> torch.Tensor:
        """Zero velocities (harmonics, 3, *nodes) to be fitted, in mm per unit of time; the motion takes one."""
        import torch

        zeros = torch.zeros((self._basis.shape[1], 3, *self._shape), device=self._basis.device)
        return zeros.requires_grad_()

    def velocities(self, weights: torch.Tensor) -> torch.Tensor:
        """Velocities (phases, 3, *nodes) in mm that lead to each phase."""
        import torch

        return torch.einsum("th,hcijk->tcijk", self._basis, _smooth(weights))

    def apply(
        self, points_mm: torch.Tensor, velocities: torch.Tensor, n_steps: int = FEWEST_STEPS
    ) -> torch.Tensor:
        """Where points (k, 3) are at every phase, (phases, k, 3)."""
        import torch.nn.functional as functional

        moved = points_mm[None].expand(len(velocities), -1, -1)
        for _ in range(n_steps):
            where = ((moved - self._low) * self._scale - 1.0)[:, None, None]
            here = functional.grid_sample(velocities, where, padding_mode="border", align_corners=True)
            moved = moved + here[:, :, 0, 0].movedim(1, -1) / n_steps
        return moved

    def least_jacobian(self, points_mm: torch.Tensor, velocities: torch.Tensor, n_steps: int) -> float:
        """The smallest factor by which the motion scales the volume around any of the points (k, 3), at any phase."""
        import torch

        sides = []
        for axis in range(3):
            arm = torch.zeros(3, device=points_mm.device)
            arm[axis] = PROBE_MM
            ahead, behind = (self.apply(points_mm + s * arm, velocities, n_steps) for s in (1.0, -1.0))
            sides.append((ahead - behind) / (2.0 * PROBE_MM))
        return float(torch.linalg.det(torch.stack(sides, dim=-1)).min())


def steps_without_folds(velocities: torch.Tensor) -> int:
    """In how many steps points have to go along velocities (phases, 3, *nodes) so that none of them can fold.

    Between nodes the slope along an axis lies between those of the edges around, so that the largest difference of
    neighbours bounds it everywhere.
    """
    slope = sum(velocities.diff(dim=axis).abs().amax(dim=(2, 3, 4)) for axis in (2, 3, 4)) / NODE_MM
    return max(FEWEST_STEPS, int(np.ceil(float(slope.max()) / STEEPEST_STEP)))


def _smooth(weights: torch.Tensor) -> torch.Tensor:
    """Neighbouring nodes averaged by 1 2 1 along each axis; the outermost are still."""
    import torch

    for axis in (2, 3, 4):
        n = weights.shape[axis]
        before = weights.narrow(axis, 0, n - 2)
        after = weights.narrow(axis, 2, n - 2)
        inner = 0.5 * weights.narrow(axis, 1, n - 2) + 0.25 * (before + after)
        # Nothing moves on the outermost nodes, beyond which nothing is known.
        edge = weights.narrow(axis, 0, 1) * 0.0
        weights = torch.cat([edge, inner, edge], dim=axis)
    return weights


def roughness(weights: torch.Tensor) -> torch.Tensor:
    """Mean squared difference between neighbouring nodes."""
    return sum((weights.diff(dim=axis).square().mean() for axis in (2, 3, 4)), start=weights.new_zeros(()))


def steepness(velocities: torch.Tensor) -> torch.Tensor:
    """By how much slopes of velocities (phases, 3, *nodes) exceed what tissue strains: squares, summed over nodes."""
    total = velocities.new_zeros(())
    for axis in (2, 3, 4):
        excess = (velocities.diff(dim=axis).abs() / NODE_MM - LARGEST_SLOPE).clamp_min(0.0)
        total = total + excess.square().sum() / len(velocities)
    return total

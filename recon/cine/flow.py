"""A smooth motion without folds: the exponential of velocities on a grid, harmonics of the heart rate in time.

Source: log-Euclidean diffeomorphisms, Arsigny et al., MICCAI 2006.
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
SQUARINGS = 4


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
        axes = [torch.linspace(-1.0, 1.0, n, device=device) for n in self._shape]
        z, y, x = torch.meshgrid(*axes, indexing="ij")
        self._identity = torch.stack([x, y, z], dim=-1)

    def unknowns(self) -> torch.Tensor:
        """Zero velocities (harmonics, 3, *nodes) to be fitted, in mm."""
        zeros = self._identity.new_zeros((self._basis.shape[1], 3, *self._shape))
        return zeros.requires_grad_()

    def shifts(self, weights: torch.Tensor) -> torch.Tensor:
        """Displacements (phases, 3, *nodes) in mm that the velocities lead to."""
        import torch
        import torch.nn.functional as functional

        velocity = torch.einsum("th,hcijk->tcijk", self._basis, _smooth(weights))
        shift = velocity / 2.0**SQUARINGS
        for _ in range(SQUARINGS):
            where = self._identity + shift.movedim(1, -1) * self._scale
            shift = shift + functional.grid_sample(shift, where, padding_mode="border", align_corners=True)
        return shift

    def apply(self, points_mm: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
        """Where points (k, 3) are at every phase, (phases, k, 3)."""
        import torch.nn.functional as functional

        where = ((points_mm - self._low) * self._scale - 1.0)[None, None, None].expand(
            len(shifts), -1, -1, -1, -1
        )
        moves = functional.grid_sample(shifts, where, padding_mode="border", align_corners=True)
        return points_mm + moves[:, :, 0, 0].movedim(1, -1)

    def least_jacobian(self, shifts: torch.Tensor) -> float:
        """The smallest determinant of the motion's derivative at any node and phase."""
        import torch

        slopes = torch.stack(torch.gradient(shifts, spacing=NODE_MM, dim=(4, 3, 2)), dim=-1)
        derivative = slopes.movedim(1, -2) + torch.eye(3, device=shifts.device)
        return float(torch.linalg.det(derivative).min())


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

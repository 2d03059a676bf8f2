"""Carries the surfaces of one phase through the cycle: one smooth motion without folds that every border follows.

All structures move in one field, so neighbours that share a wall go on sharing it. The field of each phase is the
exponential of a smooth velocity, and the velocities are harmonics of the heart rate that vanish at the phase the
surfaces come from. Source: log-Euclidean diffeomorphisms, Arsigny et al., MICCAI 2006. The images tell how borders
move, not how they slide along themselves: there the smoothest motion is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.mesh import SurfaceMesh
from core.motion import MovingSurface
from core.progress import Progress
from recon.cine.distances import BoxedDistances
from recon.cine.periodic import harmonics

if TYPE_CHECKING:
    import torch

NODE_MM = 7.0
MARGIN_MM = 14.0
SQUARINGS = 4
ITERATIONS = 45
RATE_MM = 0.8
# Weighs the mean squared change of velocity between neighbouring nodes (mm^2) against that of the borders' distance.
STIFFNESS = 0.1
MOST_POINTS = 1500
# Farther from any border, a point lies on the lid that closes a structure where the grid ends: it stays.
LID_MM, LID_WEIGHT = 2.0, 0.2


@dataclass(frozen=True, eq=False)
class Carried:
    """Surfaces through the cycle, and the least factor by which the motion scales volume anywhere (> 0: no folds)."""

    surfaces: dict[str, MovingSurface]
    least_jacobian: float


def carry(
    surfaces: Mapping[str, SurfaceMesh],
    distances: Mapping[str, BoxedDistances],
    start: int,
    places: np.ndarray,
    device: str,
    progress: Progress,
) -> Carried:
    """Move surfaces of phase `start` so that at each phase they lie on the zero levels of its distances.

    Args:
        surfaces: structure key -> surface at phase `start`, LPS mm.
        distances: of the same structures at every phase.
        places: of the phases in the cycle (phases,).

    Raises:
        Cancelled: from `progress`.
    """
    import torch

    motion = _Motion(surfaces, start, places, device)
    borders = [_Border(surfaces[key], distances[key], start, device) for key in surfaces]
    weights = motion.unknowns()
    descent = _Descent(weights)
    for step in range(ITERATIONS):
        progress.report("following the motion", step / ITERATIONS)
        shifts = motion.shifts(weights)
        loss = STIFFNESS * _roughness(weights)
        for border in borders:
            loss = loss + border.misfit(motion, shifts)
        (slope,) = torch.autograd.grad(loss, [weights])
        descent.step(slope, RATE_MM * (0.55 + 0.45 * float(np.cos(np.pi * step / ITERATIONS))))
    with torch.no_grad():
        shifts = motion.shifts(weights)
        moved = {key: _moved(mesh, motion, shifts, device) for key, mesh in surfaces.items()}
        return Carried(moved, motion.least_jacobian(shifts))


def _moved(mesh: SurfaceMesh, motion: _Motion, shifts: torch.Tensor, device: str) -> MovingSurface:
    import torch

    points = torch.tensor(mesh.vertices, dtype=torch.float32, device=device)
    return MovingSurface(motion.apply(points, shifts).cpu().numpy(), mesh.faces)


class _Descent:
    """Steps down a slope, evenly long for all unknowns. Source: Kingma and Ba, ICLR 2015.

    Written out because torch's own takes seconds to import its compiler before the first step.
    """

    MEMORY, SQUARE_MEMORY = 0.9, 0.999

    def __init__(self, unknowns: torch.Tensor) -> None:
        import torch

        self._unknowns = unknowns
        self._mean = torch.zeros_like(unknowns, requires_grad=False)
        self._square = torch.zeros_like(unknowns, requires_grad=False)
        self._n_steps = 0

    def step(self, slope: torch.Tensor, rate: float) -> None:
        """Move the unknowns down by about `rate` each."""
        import torch

        self._n_steps += 1
        with torch.no_grad():
            self._mean.mul_(self.MEMORY).add_(slope, alpha=1.0 - self.MEMORY)
            self._square.mul_(self.SQUARE_MEMORY).addcmul_(slope, slope, value=1.0 - self.SQUARE_MEMORY)
            mean = self._mean / (1.0 - self.MEMORY**self._n_steps)
            square = self._square / (1.0 - self.SQUARE_MEMORY**self._n_steps)
            self._unknowns.sub_(rate * mean / (square.sqrt() + 1e-8))


class _Motion:
    """A grid of velocities around the surfaces, and what it does to points. Grid axes are (z, y, x) of LPS."""

    def __init__(
        self, surfaces: Mapping[str, SurfaceMesh], start: int, places: np.ndarray, device: str
    ) -> None:
        import torch

        bounds = np.stack([mesh.bounds_mm for mesh in surfaces.values()])
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


class _Border:
    """Some points of a surface and the distances that tell at every phase how far they are from where they belong."""

    def __init__(self, mesh: SurfaceMesh, boxed: BoxedDistances, start: int, device: str) -> None:
        import torch

        every = max(1, len(mesh.vertices) // MOST_POINTS)
        self.points = torch.tensor(mesh.vertices[::every], dtype=torch.float32, device=device)
        self._distances = torch.as_tensor(boxed.distances_mm, device=device)[:, None]
        index_from_patient = np.linalg.inv(boxed.patient_from_index)
        scale = 2.0 / (np.array(boxed.distances_mm.shape[1:]) - 1.0)
        matrix = (index_from_patient[:3] * scale[:, None])[::-1].copy()
        self._where = torch.as_tensor(matrix, dtype=torch.float32, device=device)
        own = self._sample(self.points[None].expand(len(self._distances), -1, -1))[start]
        # What the mesher left at the start stays at every phase; a lid where the grid ends belongs to no border.
        self._target = own.clone()
        self._weight = (own.abs() < LID_MM).float()

    def misfit(self, motion: _Motion, shifts: torch.Tensor) -> torch.Tensor:
        """Mean squared distance in mm^2 of the moved points from the border, far ones held back; lids stay."""
        import torch.nn.functional as functional

        moved = motion.apply(self.points, shifts)
        found = self._sample(moved)
        apart = functional.smooth_l1_loss(found, self._target.expand_as(found), beta=2.0, reduction="none")
        lid = (moved - self.points).square().sum(dim=-1) * (1.0 - self._weight)
        return (4.0 * apart * self._weight + LID_WEIGHT * lid).mean()

    def _sample(self, points: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as functional

        where = points @ self._where[:, :3].T + self._where[:, 3] - 1.0
        values = functional.grid_sample(
            self._distances, where[:, None, None], padding_mode="border", align_corners=True
        )
        return values[:, 0, 0, 0]


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


def _roughness(weights: torch.Tensor) -> torch.Tensor:
    """Mean squared difference between neighbouring nodes."""
    return sum((weights.diff(dim=axis).square().mean() for axis in (2, 3, 4)), start=weights.new_zeros(()))

"""Carries the surfaces of one phase through the cycle: one smooth motion without folds that every border follows.

All structures move in one field, so neighbours that share a wall go on sharing it. To each phase points follow a smooth
velocity, and the velocities are harmonics of the heart rate that vanish at the phase the surfaces come from. The images
tell how borders move, not how they slide along themselves: there the smoothest motion is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.mesh import SurfaceMesh
from core.motion import MovingSurface
from core.progress import Progress
from recon.cine.distances import BoxedDistances
from recon.cine.flow import Motion, roughness, steepness, steps_without_folds

if TYPE_CHECKING:
    import torch

ITERATIONS = 60
RATE_MM = 0.8
# Weighs the mean squared change of velocity between neighbouring nodes (mm^2) against that of the borders' distance.
STIFFNESS = 0.1
# Weighs the squared slope of velocities beyond what a heart's tissue strains: it is nearly a wall, so that a border
# which comes and goes does not drag everything around it along.
STEEPNESS = 1.0
MOST_POINTS = 800
# Of muscle around a cavity the outer side alone is followed, by the distance to both together: its own distance is
# zero on both sides, and in a thin wall a point would slip from one to the other. The inner side is the cavity's.
WRAPS: Mapping[str, str] = {"lv_myocardium": "lv"}
# The Jacobian, which the steps keep positive everywhere, is told for every so many vertices.
TOLD_VERTICES = 6
# Farther from any border, a point lies on the lid that closes a structure where the grid ends: it stays.
LID_MM, LID_WEIGHT = 2.0, 0.2


@dataclass(frozen=True, eq=False)
class Carried:
    """Surfaces through the cycle, and the least factor by which the motion scales volume on them (> 0: no folds)."""

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
        distances: of the same structures at every phase; of one that wraps another (`WRAPS`), of both together.
        places: of the phases in the cycle (phases,).

    Raises:
        Cancelled: from `progress`.
    """
    import torch

    motion = Motion(list(surfaces.values()), start, places, device)
    borders = [_Border(_followed(key, surfaces), distances[key], start, device) for key in surfaces]
    weights = motion.unknowns()
    descent = _Descent(weights)
    for step in range(ITERATIONS):
        progress.report("following the motion", step / ITERATIONS)
        velocities = motion.velocities(weights)
        smooth = STIFFNESS * roughness(weights) + STEEPNESS * steepness(velocities)
        loss = _misfit(borders, motion, velocities) + smooth
        (slope,) = torch.autograd.grad(loss, [weights])
        descent.step(slope, RATE_MM * (0.55 + 0.45 * float(np.cos(np.pi * step / ITERATIONS))))
    with torch.no_grad():
        return _carried(surfaces, motion, motion.velocities(weights), device)


def _misfit(borders: Sequence[_Border], motion: Motion, velocities: torch.Tensor) -> torch.Tensor:
    """The sum over all borders of how far their points are from where they belong; all move at once."""
    import torch

    points = [border.points for border in borders]
    moved = motion.apply(torch.cat(points), velocities).split([len(own) for own in points], dim=1)
    misfits = [border.misfit(own) for border, own in zip(borders, moved, strict=True)]
    return torch.stack(misfits).sum()


def _carried(
    surfaces: Mapping[str, SurfaceMesh], motion: Motion, velocities: torch.Tensor, device: str
) -> Carried:
    import torch

    n_steps = steps_without_folds(velocities)
    moved, least = {}, np.inf
    for key, mesh in surfaces.items():
        points = torch.tensor(mesh.vertices, dtype=torch.float32, device=device)
        moved[key] = MovingSurface(motion.apply(points, velocities, n_steps).cpu().numpy(), mesh.faces)
        least = min(least, motion.least_jacobian(points[::TOLD_VERTICES], velocities, n_steps))
    return Carried(moved, least)


def _followed(key: str, surfaces: Mapping[str, SurfaceMesh]) -> np.ndarray:
    """Vertices (n, 3) of a surface that its distances are for: all, or those that a wrapped cavity does not share."""
    vertices = surfaces[key].vertices
    inner = surfaces.get(WRAPS.get(key, ""))
    if inner is None:
        return vertices
    shared = {tuple(vertex) for vertex in inner.vertices.tolist()}
    return vertices[[tuple(vertex) not in shared for vertex in vertices.tolist()]]


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


class _Border:
    """Some points of a surface and the distances that tell at every phase how far they are from where they belong."""

    def __init__(self, vertices: np.ndarray, boxed: BoxedDistances, start: int, device: str) -> None:
        import torch

        every = max(1, len(vertices) // MOST_POINTS)
        self.points = torch.tensor(vertices[::every], dtype=torch.float32, device=device)
        self._distances = torch.as_tensor(boxed.distances_mm, device=device)[:, None]
        index_from_patient = np.linalg.inv(boxed.patient_from_index)
        scale = 2.0 / (np.array(boxed.distances_mm.shape[1:]) - 1.0)
        matrix = (index_from_patient[:3] * scale[:, None])[::-1].copy()
        self._where = torch.as_tensor(matrix, dtype=torch.float32, device=device)
        own = self._sample(self.points[None].expand(len(self._distances), -1, -1))[start]
        # What the mesher left at the start stays at every phase; a lid where the grid ends belongs to no border.
        self._target = own.clone()
        self._weight = (own.abs() < LID_MM).float()

    def misfit(self, moved: torch.Tensor) -> torch.Tensor:
        """Mean squared distance in mm^2 of the points, moved (phases, k, 3), from where they belong.

        Far ones are held back; lids stay.
        """
        import torch.nn.functional as functional

        found = self._sample(moved)
        target = self._target.expand_as(found)
        apart = functional.smooth_l1_loss(found, target, beta=2.0, reduction="none")
        lid = (moved - self.points).square().sum(dim=-1) * (1.0 - self._weight)
        return (4.0 * apart * self._weight + LID_WEIGHT * lid).mean()

    def _sample(self, points: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as functional

        where = points @ self._where[:, :3].T + self._where[:, 3] - 1.0
        values = functional.grid_sample(
            self._distances, where[:, None, None], padding_mode="border", align_corners=True
        )
        return values[:, 0, 0, 0]

"""The places at which two images are compared: near the surfaces of their structures, and on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.fusion.distances import BAND_MM, DistanceStack

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """Places of one image and how far each lies from its structure's surface there.

    Attributes:
        keys: the structures; their points follow each other in this order.
        n_points: how many points each has.
        points: (n, 3) LPS mm of the image's own patient space.
        distances: (n,) mm, negative inside.
    """

    keys: tuple[str, ...]
    n_points: tuple[int, ...]
    points: torch.Tensor
    distances: torch.Tensor

    def read(self, stack: DistanceStack, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Distance (n,), gradient (n, 3) and visibility (n,) of each point's structure in another image, at (n, 3)."""
        import torch

        parts = [stack[key].at(places) for key, places in zip(self.keys, at.split(self.n_points), strict=True)]
        distances, gradients, seen = zip(*parts, strict=True)
        return torch.cat(distances), torch.cat(gradients), torch.cat(seen)

    def by_structure(self, values: torch.Tensor) -> dict[str, torch.Tensor]:
        """Values (n,) apart for each structure."""
        return dict(zip(self.keys, values.split(self.n_points), strict=True))


def points_near(stack: DistanceStack, keys: Sequence[str], most: int) -> SurfacePoints:
    """At most `most` places per structure, spread evenly over the band around its surface."""
    return _gathered(stack, keys, most, BAND_MM, is_on_surface=False)


def points_on(stack: DistanceStack, keys: Sequence[str], most: int) -> SurfacePoints:
    """At most `most` places per structure on its surface: band places moved along the gradient by their distance."""
    return _gathered(stack, keys, most, BAND_MM / 2.0, is_on_surface=True)


def _gathered(
    stack: DistanceStack, keys: Sequence[str], most: int, nearer_mm: float, is_on_surface: bool
) -> SurfacePoints:
    import torch

    points, distances = [], []
    for key in keys:
        found = stack[key].grid_points(nearer_mm)
        # The same places at every call, and no plane of the grid preferred as a fixed stride would.
        chosen = np.random.default_rng(len(found)).permutation(len(found))[:most]
        found = found[torch.as_tensor(chosen, device=found.device)]
        if is_on_surface:
            for _ in range(3):
                distance, gradient, _ = stack[key].at(found)
                found = found - (distance / (gradient**2).sum(dim=1).clamp_min(0.25))[:, None] * gradient
        points.append(found)
        distances.append(stack[key].at(found)[0])
    return SurfacePoints(
        tuple(keys), tuple(len(found) for found in points), torch.cat(points), torch.cat(distances)
    )

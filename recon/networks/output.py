"""What a network says of a grid: classes, distances, places and directions, under names instead of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

TRUNCATION_MM = 8.0
"""Signed distances beyond this are all told as this."""


class NetworkOutput(NamedTuple):
    """Batched maps over one grid of n^3 voxels; what a network has no head for is None.

    Attributes:
        logits: (b, n_classes, n, n, n), background first.
        distances_mm: (b, n_classes - 1, n, n, n) signed distance to each structure's surface, negative inside,
            within `TRUNCATION_MM`.
        heatmaps: (b, n_landmarks, n/2, n/2, n/2) logits of where each landmark lies; voxel i of this grid covers the
            voxels 2i and 2i + 1 of the full one.
        directions: (b, 3 * n_directed, n/2, n/2, n/2), the LPS components (x, y, z) of each landmark that has a
            direction, in the order of the landmarks, of any length.
    """

    logits: torch.Tensor
    distances_mm: torch.Tensor | None = None
    heatmaps: torch.Tensor | None = None
    directions: torch.Tensor | None = None

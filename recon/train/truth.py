"""What is true of a batch of training images, in the grids in which a network answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as functional


class Truth(NamedTuple):
    """The targets of a batch.

    Attributes:
        classes: (b, n, n, n) int64.
        distances_mm: (b, n_classes - 1, n, n, n) float32, negative inside; None where they are not learnt.
        places: (b, k, 3) landmarks in (slice, row, column) voxels of the half grid; 0 where not visible.
        visible: (b, k) 1 where the landmark lies within the grid and near something observed, else 0.
        directions: (b, k, 3) unit vectors, LPS; 0 where there is none.
    """

    classes: torch.Tensor
    distances_mm: torch.Tensor | None
    places: torch.Tensor
    visible: torch.Tensor
    directions: torch.Tensor


def stack_truths(truths: Sequence[Truth]) -> Truth:
    """One batch of truths of single images (each a batch of one)."""
    distances = [truth.distances_mm for truth in truths if truth.distances_mm is not None]
    return Truth(
        torch.cat([truth.classes for truth in truths]),
        torch.cat(distances) if distances else None,
        torch.cat([truth.places for truth in truths]),
        torch.cat([truth.visible for truth in truths]),
        torch.cat([truth.directions for truth in truths]),
    )


def visible_landmarks(places: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """Whether each landmark (k, 3), in voxels of the half grid, can be expected to be found: (k,) bool.

    It lies within the grid, and some voxel of `observed` (n, n, n) lies within about four to eight voxels of it, so
    between sparse planes a landmark counts and beyond the end of a truncated view it does not. NaN counts as absent.
    """
    n = observed.shape[0]
    coarse = functional.max_pool3d(observed[None, None].float(), 4)
    near = functional.max_pool3d(coarse, 3, stride=1, padding=1)[0, 0]
    inside = ((places >= -0.5) & (places <= n / 2 - 0.5)).all(dim=1)
    block = (places.nan_to_num(0.0) / 2.0).round().long().clamp(0, n // 4 - 1)
    return inside & (near[block[:, 0], block[:, 1], block[:, 2]] > 0)

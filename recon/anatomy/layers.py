"""One ordered list of solids makes both the painted tissues and the exact signed distances of the structures.

A later layer covers an earlier one. Distances follow the same rule by constructive solid geometry, so the zero level
of a structure's distance is where its painted border lies, to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recon.anatomy.shapes import indices_where
from recon.anatomy.tissues import N_STRUCTURES, TARGET, VALUE

if TYPE_CHECKING:
    import torch

TRUNCATION_MM = 8.0
_REACH_MM = (
    16.0  # a layer farther away cannot move a truncated distance, even where the warp shrinks it to half
)
_FAR_MM = 30.0
_STEEPNESS = (0.4, 2.5)  # how much poses and warps may stretch a distance; beyond it a difference met a ridge


class Layer(NamedTuple):
    """A solid of one tissue: signed distance (n,), negative inside, with the sign exact and millimetres near zero."""

    tissue: str
    distance: torch.Tensor


def paint_layers(layers: Iterable[Layer], points: torch.Tensor) -> torch.Tensor:
    """Tissue values (n,) uint8 at points (n, 3)."""
    tissues = points.new_zeros(len(points)).byte()
    for tissue, distance in layers:
        tissues[distance < 0] = VALUE[tissue]
    return tissues


def paint_layers_with_fields(
    layers: Iterable[Layer], points: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tissue values (n,) uint8, and one field (7, n) per structure that is negative exactly where it is painted."""
    import torch

    tissues = points.new_zeros(len(points)).byte()
    fields = points.new_full((N_STRUCTURES, len(points)), _FAR_MM)
    has_structure = False
    for tissue, distance in layers:
        value = VALUE[tissue]
        target = TARGET[value]
        tissues[distance < 0] = value
        has_structure |= target > 0
        if not has_structure:
            continue  # nothing is there yet that this layer could cover
        near = indices_where(distance < _REACH_MM)
        solid = distance[near]
        here = fields[:, near]
        covered = torch.maximum(here, -solid)
        if target:
            covered[target - 1] = torch.minimum(here[target - 1], solid)
        fields[:, near] = covered
    return tissues, fields


def millimetres(fields: torch.Tensor, patient_from_index: np.ndarray) -> torch.Tensor:
    """Fields (k, slices, rows, columns) divided by their own steepness on the grid, truncated at +-8 mm.

    The steepness is a central difference; on a ridge between two borders, where that would vanish, it is taken towards
    the border (Godunov's upwind difference). Signs are kept.

    Raises:
        ValueError: when the grid's axes are not at right angles.
    """
    import torch

    axes = np.asarray(patient_from_index, dtype=np.float64)[:3, :3]
    spacing = np.linalg.norm(axes, axis=0)
    if np.abs((axes / spacing).T @ (axes / spacing) - np.eye(3)).max() > 1e-3:
        raise ValueError("distances need a grid with axes at right angles")
    steepness = torch.zeros_like(fields)
    side = fields.sign()
    for axis in range(3):
        n = fields.shape[axis + 1]
        if n > 1:
            rise = fields.diff(dim=axis + 1) / float(spacing[axis])
            before = torch.cat([rise.narrow(axis + 1, 0, 1), rise], dim=axis + 1)
            after = torch.cat([rise, rise.narrow(axis + 1, n - 2, 1)], dim=axis + 1)
            upwind = (side * before).maximum(-side * after).clamp_min(0.0)
            slope = torch.where(before * after > 0, 0.5 * (before + after), upwind)
            steepness += slope.square()
    scaled = fields / steepness.sqrt().clamp(*_STEEPNESS)
    return scaled.clamp(-TRUNCATION_MM, TRUNCATION_MM)

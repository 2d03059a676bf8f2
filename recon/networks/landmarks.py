"""From heat maps to landmarks: a place in LPS mm, how far it may be off, and the direction found there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.anatomy import LANDMARKS
from core.frames import apply_affine
from recon.networks.output import NetworkOutput

if TYPE_CHECKING:
    import torch

ALL_LANDMARKS: tuple[str, ...] = tuple(kind.key for kind in LANDMARKS)
TARGET_SIGMA = 1.0
"""Width of the Gaussian that a heat map is trained to be, in voxels of the half grid."""
REACH = 3
"""A place is the mean of the heat within this many voxels of its peak, so that a second peak does not pull it."""
LEAST_SD = 0.5
"""No claim finer than this, in voxels of the half grid: the quantisation that blocks of two voxels have."""


class FoundLandmark(NamedTuple):
    """One landmark as the network sees it.

    Attributes:
        position_mm: (3,) LPS.
        sd_mm: root mean square distance from there over all the heat, less the width that the heat of a sure
            answer has. Large where the network does not know, or sees two candidates.
        direction: unit vector (3,), LPS, or None for a landmark without one.
        source: where it comes from, see `recon.landmark_choice`.
    """

    position_mm: np.ndarray
    sd_mm: float
    direction: np.ndarray | None
    source: str = "network"


def directed(keys: Sequence[str]) -> tuple[int, ...]:
    """Positions within `keys` of the landmarks that have a direction, in their order."""
    having = {kind.key for kind in LANDMARKS if kind.has_direction}
    return tuple(i for i, key in enumerate(keys) if key in having)


def patient_from_half(patient_from_index: np.ndarray) -> np.ndarray:
    """(4, 4) from indices of the half grid, whose voxels are the mean places of two full ones along each axis."""
    index_from_half = np.diag((2.0, 2.0, 2.0, 1.0))
    index_from_half[:3, 3] = 0.5
    return patient_from_index @ index_from_half


def decode_landmarks(
    output: NetworkOutput, patient_from_index: np.ndarray, keys: Sequence[str] = ALL_LANDMARKS
) -> dict[str, FoundLandmark]:
    """The landmarks in the output of one image (a batch of one); empty where the network has no heat maps.

    Args:
        patient_from_index: (4, 4) of the grid that the network saw, LPS mm.
        keys: the landmarks in the order of the heat maps, see `NetworkSpec.landmarks`.
    """
    if output.heatmaps is None:
        return {}
    heat = output.heatmaps[0].float().flatten(1).softmax(dim=1)
    shape = output.heatmaps.shape[2:]
    places, local, spread = _places(heat, shape)
    affine = patient_from_half(patient_from_index)
    step_mm = float(np.linalg.norm(affine[:3, 0]))
    positions = apply_affine(affine, places.double().cpu().numpy())
    sds_mm = spread.cpu().numpy() * step_mm
    directions = _directions(output, local, directed(keys))
    return {key: FoundLandmark(positions[i], float(sds_mm[i]), directions.get(i)) for i, key in enumerate(keys)}


def _places(heat: torch.Tensor, shape: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Places (k, 3) in voxels, the heat near each peak (k, n) summing to one, and its spread (k,) in voxels."""
    import torch

    axes = [torch.arange(n, dtype=torch.float32, device=heat.device) for n in shape]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 3)
    peaks = grid[heat.argmax(dim=1)]
    near = ((grid[None] - peaks[:, None]).abs() <= REACH).all(dim=2)
    local = heat * near
    local = local / local.sum(dim=1, keepdim=True)
    places = local @ grid
    moment = (heat * (grid[None] - places[:, None]).square().sum(dim=2)).sum(dim=1)
    return places, local, (moment - 3.0 * TARGET_SIGMA**2).clamp_min(LEAST_SD**2).sqrt()


def _directions(output: NetworkOutput, local: torch.Tensor, which: Sequence[int]) -> dict[int, np.ndarray]:
    """Unit vectors (3,) by position in the heat maps, read where the landmark lies."""
    if output.directions is None:
        return {}
    field = output.directions[0].float().reshape(len(which), 3, -1)
    found = (field * local[list(which)][:, None]).sum(dim=2)
    found = found / found.norm(dim=1, keepdim=True).clamp_min(1e-9)
    return {i: vector.double().cpu().numpy() for i, vector in zip(which, found, strict=True)}

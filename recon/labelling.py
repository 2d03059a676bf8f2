"""Labels on any grid, from the scores around the heart."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART_NAMES
from core.frames import apply_affine
from core.volume import LabelMap, Volume
from recon.sampling import index_corners
from recon.scores import RegionScores

if TYPE_CHECKING:
    import torch

SLAB_VOXELS = 1_000_000


def labels_on(region: RegionScores, volume: Volume) -> LabelMap:
    """Labels on the volume's own grid: scores interpolated to every voxel centre, the highest wins.

    A cell of the region's grid whose eight corners have one name has it all through, because straight lines between
    scores never let another class pass; only the other cells are interpolated.
    """
    labels = np.zeros(volume.shape, dtype=np.uint8)
    region_from_volume = np.linalg.inv(region.patient_from_index) @ volume.patient_from_index
    low, high = _box_of_region(region, volume)
    if (low <= high).all():
        rows, columns = (slice(int(low[axis]), int(high[axis]) + 1) for axis in (1, 2))
        own, is_plain = _plain_cells(region.scores)
        step = max(1, SLAB_VOXELS // ((rows.stop - rows.start) * (columns.stop - columns.start)))
        for first in range(int(low[0]), int(high[0]) + 1, step):
            slices = slice(first, min(first + step, int(high[0]) + 1))
            index = _indices(region_from_volume, (slices, rows, columns), region.scores.device)
            labels[slices, rows, columns] = _named(region.scores, index, own, is_plain).cpu().numpy()
    return LabelMap(labels, volume.patient_from_index, HEART_NAMES, volume.frame_of_reference_uid)


def labels_of(region: RegionScores, frame_of_reference_uid: str) -> LabelMap:
    """Labels on the region's own grid, for inputs that have no grid of their own."""
    from recon.surfaces.scores import winners

    labels = winners(region.scores)[0].cpu().numpy()
    return LabelMap(labels, region.patient_from_index, HEART_NAMES, frame_of_reference_uid)


def _box_of_region(region: RegionScores, volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """First and last voxel (3,) of the volume within the region's grid and half a step around it."""
    n = region.scores.shape[1]
    corners = index_corners((n, n, n))
    around = np.where(corners > 0, corners + 0.5, corners - 0.5)
    index = volume.indices_from_patient(apply_affine(region.patient_from_index, around))
    last = np.array(volume.shape) - 1.0
    return np.maximum(np.floor(index.min(axis=0)), 0.0), np.minimum(np.ceil(index.max(axis=0)), last)


def _plain_cells(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The label uint8 of each grid point, and for each cell (n - 1)^3 whether its eight corners share one."""
    import torch

    from recon.surfaces.scores import winners

    own, _ = winners(scores)
    first = own[:-1, :-1, :-1]
    is_plain = torch.ones_like(first, dtype=torch.bool)
    n = len(own)
    for z, y, x in list(product((0, 1), repeat=3))[1:]:
        is_plain &= own[z : n - 1 + z, y : n - 1 + y, x : n - 1 + x] == first
    return own, is_plain


def _indices(
    region_from_volume: np.ndarray, part: tuple[slice, slice, slice], device: torch.device
) -> torch.Tensor:
    """Indices (slices, rows, columns, 3) on the region's grid of a part of a volume."""
    import torch

    ranges = [torch.arange(p.start, p.stop, dtype=torch.float32, device=device) for p in part]
    matrix = torch.as_tensor(region_from_volume, dtype=torch.float32, device=device)
    along, down, across = (axis[:, None] * matrix[:3, a] for a, axis in enumerate(ranges))
    return along[:, None, None] + down[:, None] + across + matrix[:3, 3]


def _named(
    scores: torch.Tensor, index: torch.Tensor, own: torch.Tensor, is_plain: torch.Tensor
) -> torch.Tensor:
    """Labels uint8 at indices (..., 3) of the region's grid; background outside."""
    import torch
    import torch.nn.functional as functional

    n = scores.shape[1]
    is_outside = ((index < -0.5) | (index > n - 0.5)).any(dim=-1)
    z, y, x = index.floor().long().clamp(0, n - 2).unbind(dim=-1)
    labels = own[z, y, x]
    is_mixed = ~is_plain[z, y, x] & ~is_outside
    where = (index[is_mixed] / (n - 1) * 2.0 - 1.0).flip(-1)
    values = functional.grid_sample(
        scores[None], where[None, None, None], padding_mode="border", align_corners=True
    )
    labels[is_mixed] = values[0, :, 0, 0].argmax(dim=0).to(torch.uint8)
    labels[is_outside] = 0
    return labels

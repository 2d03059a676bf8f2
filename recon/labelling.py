"""From logits around the heart to labels on any grid, and to the fields that surfaces are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART, HEART_NAMES
from core.volume import LabelMap, Volume
from recon.inference import RegionLogits
from recon.surface import SMALLEST_PART

if TYPE_CHECKING:
    import torch

SMOOTHING_STEPS = 1.0


def smoothed(region: RegionLogits) -> RegionLogits:
    """Probabilities in the place of logits, blurred by one grid step.

    The network writes 2x2x2 blocks, which show as terraces on a surface; the blur takes them off. It also pulls
    round walls inwards (0.4 mm at a radius of 20 mm), so it is for the fields of surfaces only, whose level is
    then chosen to enclose the volume that the unsmoothed labels have.
    """
    import torch

    from recon.simulate.image import blur

    probabilities = region.logits.softmax(dim=0)
    soft = torch.stack([blur(one, (SMOOTHING_STEPS,) * 3) for one in probabilities])
    return RegionLogits(soft, region.observed, region.patient_from_index, region.certainty)


def without_islands(region: RegionLogits) -> RegionLogits:
    """The same logits with small separate pieces of every structure given to the background.

    A piece stays when it has at least `recon.surface.SMALLEST_PART` of the structure's largest one, so that the
    labels and the surfaces keep the same pieces.
    """
    from scipy import ndimage

    labels = region.logits.argmax(dim=0).cpu().numpy()
    dropped = np.zeros(labels.shape, dtype=bool)
    for kind in HEART:
        pieces, n = ndimage.label(labels == kind.value)
        if n < 2:
            continue
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        small = (sizes > 0) & (sizes < SMALLEST_PART * sizes.max())
        dropped |= small[pieces]
    logits = region.logits.clone()
    where = _as_mask(dropped, logits)
    logits[0][where] = logits.amax(dim=0)[where] + 2.0
    return RegionLogits(logits, region.observed, region.patient_from_index, region.certainty)


def _as_mask(mask: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.as_tensor(mask, device=like.device)


def labels_on(region: RegionLogits, volume: Volume) -> LabelMap:
    """Labels on the volume's own grid: logits interpolated to every voxel centre, the highest wins."""
    import torch

    slabs = []
    step = max(1, 2_000_000 // (volume.shape[1] * volume.shape[2]))
    region_from_volume = np.linalg.inv(region.patient_from_index) @ volume.patient_from_index
    for first in range(0, volume.shape[0], step):
        n = min(step, volume.shape[0] - first)
        values = _interpolate(region.logits, region_from_volume, first, (n, *volume.shape[1:]))
        slabs.append(values.argmax(dim=0).to(torch.uint8).cpu())
    labels = torch.cat(slabs).numpy()
    return LabelMap(labels, volume.patient_from_index, HEART_NAMES, volume.frame_of_reference_uid)


def labels_of(region: RegionLogits, frame_of_reference_uid: str) -> LabelMap:
    """Labels on the region's own grid, for inputs that have no grid of their own."""
    labels = region.logits.argmax(dim=0).cpu().numpy().astype(np.uint8)
    return LabelMap(labels, region.patient_from_index, HEART_NAMES, frame_of_reference_uid)


def refined(region: RegionLogits) -> RegionLogits:
    """The same logits on a grid twice as fine, by cubic interpolation.

    Linear interpolation between 3 mm samples cuts corners: it makes a ball of 20 mm radius 1.5 % too small.
    Source: Catmull and Rom 1974, halfway weights (-1, 9, 9, -1) / 16.
    """
    logits, observed = region.logits, region.observed[None]
    for axis in (1, 2, 3):
        logits, observed = _with_midpoints(logits, axis), _with_midpoints(observed, axis)
    affine = np.array(region.patient_from_index)
    affine[:3, :3] /= 2.0
    return RegionLogits(logits, (observed[0] > 0.5).float(), affine, region.certainty)


def _with_midpoints(values: torch.Tensor, axis: int) -> torch.Tensor:
    """Put a cubic midpoint between every two neighbours along an axis: n samples become 2 n - 1."""
    import torch

    moved = values.movedim(axis, 0)
    padded = torch.cat([moved[:1], moved, moved[-1:]])
    middle = (9.0 * (padded[1:-2] + padded[2:-1]) - padded[:-3] - padded[3:]) / 16.0
    mixed = torch.stack([moved[:-1], middle], dim=1).flatten(0, 1)
    return torch.cat([mixed, moved[-1:]]).movedim(0, axis)


def fields(region: RegionLogits, mask: torch.Tensor | None = None) -> Mapping[str, np.ndarray]:
    """For each structure present, how far its logit leads all others, (n, n, n) float32, positive inside.

    Where `mask` is false the field is negative: nothing is claimed where the input shows nothing.
    """
    import torch

    result = {}
    present = set(torch.unique(region.logits.argmax(dim=0)).tolist())
    for kind in HEART:
        if kind.value not in present:
            continue
        others = torch.cat([region.logits[: kind.value], region.logits[kind.value + 1 :]])
        lead = region.logits[kind.value] - others.amax(dim=0)
        if mask is not None:
            lead = torch.where(mask, lead, lead.clamp_max(-1.0))
        result[kind.key] = lead.cpu().numpy()
    return result


def _interpolate(
    logits: torch.Tensor, region_from_volume: np.ndarray, first: int, shape: tuple[int, int, int]
) -> torch.Tensor:
    """Logits (c, *shape) at a slab of another grid; outside the region the background wins."""
    import torch
    import torch.nn.functional as functional

    n = logits.shape[1]
    device = logits.device
    ranges = [torch.arange(k, dtype=torch.float32, device=device) for k in shape]
    ranges[0] = ranges[0] + first
    matrix = torch.as_tensor(region_from_volume, dtype=torch.float32, device=device)
    index = (
        sum(g[..., None] * matrix[:3, a] for a, g in enumerate(torch.meshgrid(*ranges, indexing="ij")))
        + matrix[:3, 3]
    )
    where = (index / (n - 1) * 2.0 - 1.0).flip(-1)
    values = functional.grid_sample(logits[None], where[None], padding_mode="border", align_corners=True)[0]
    outside = (where.abs() > 1.0 + 1.0 / n).any(dim=-1)
    values[0][outside] = 1e4
    return values

"""Scores of the classes around the heart: from what the network says to the fields that surfaces are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART
from recon.inference import RegionLogits
from recon.surface import SMALLEST_PART

if TYPE_CHECKING:
    import torch

SMOOTHING_STEPS = 1.0

FINE_ENOUGH_MM = 1.6
"""A grid coarser than this is made finer before labels and surfaces are taken from it."""


@dataclass(frozen=True, eq=False)
class RegionScores:
    """One score per class and voxel on a patient grid: the highest names the voxel, and equals are its surface.

    Attributes:
        scores: float32 (n_classes, n, n, n), background first.
        observed: mask (n, n, n) of the voxels that any input image shows.
        patient_from_index: (4, 4), LPS mm.
    """

    scores: torch.Tensor
    observed: torch.Tensor
    patient_from_index: np.ndarray


def scored(region: RegionLogits) -> RegionScores:
    """Log-probabilities as scores."""
    return RegionScores(region.logits.log_softmax(dim=0), region.observed, region.patient_from_index)


def lead_of(scores: torch.Tensor, value: int) -> torch.Tensor:
    """How far (n, n, n) the score of one class leads all others (n_classes, n, n, n): positive where it wins."""
    import torch

    others = torch.cat([scores[:value], scores[value + 1 :]])
    return scores[value] - others.amax(dim=0)


def smoothed(region: RegionScores) -> RegionScores:
    """Shares of one in the place of scores, blurred by one grid step.

    The network writes 2x2x2 blocks, which show as terraces on a surface; the blur takes them off. It also pulls
    round walls inwards (0.4 mm at a radius of 20 mm), so it is for the fields of surfaces only, whose level is
    then chosen to enclose the volume that the unsmoothed labels have.
    """
    import torch

    from recon.simulate.image import blur

    soft = [blur(one, (SMOOTHING_STEPS,) * 3) for one in region.scores.softmax(dim=0)]
    return replace(region, scores=torch.stack(soft))


def without_islands(region: RegionScores) -> RegionScores:
    """The same scores with small separate pieces of every structure given to the background.

    A piece stays when it has at least `recon.surface.SMALLEST_PART` of the structure's largest one, so that the
    labels and the surfaces keep the same pieces.
    """
    import torch
    from scipy import ndimage

    from recon.surfaces.scores import winners

    labels = winners(region.scores)[0].cpu().numpy()
    dropped = np.zeros(labels.shape, dtype=bool)
    for kind in HEART:
        pieces, n = ndimage.label(labels == kind.value)
        if n < 2:
            continue
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        small = (sizes > 0) & (sizes < SMALLEST_PART * sizes.max())
        dropped |= small[pieces]
    scores = region.scores.clone()
    where = torch.as_tensor(dropped, device=scores.device)
    scores[0][where] = scores.amax(dim=0)[where] + 2.0
    return replace(region, scores=scores)


def fine(region: RegionScores) -> RegionScores:
    """The scores on a grid fine enough to take labels and surfaces from."""
    spacing_mm = float(np.linalg.norm(region.patient_from_index[:3, 0]))
    return region if spacing_mm <= FINE_ENOUGH_MM else refined(region)


def refined(region: RegionScores) -> RegionScores:
    """The same scores on a grid twice as fine, by cubic interpolation.

    Linear interpolation between 3 mm samples cuts corners: it makes a ball of 20 mm radius 1.5 % too small.
    Source: Catmull and Rom 1974, halfway weights (-1, 9, 9, -1) / 16.
    """
    scores, observed = region.scores, region.observed[None]
    for axis in (1, 2, 3):
        scores, observed = _with_midpoints(scores, axis), _with_midpoints(observed, axis)
    affine = np.array(region.patient_from_index)
    affine[:3, :3] /= 2.0
    return RegionScores(scores, (observed[0] > 0.5).float(), affine)


def _with_midpoints(values: torch.Tensor, axis: int) -> torch.Tensor:
    """Put a cubic midpoint between every two neighbours along an axis: n samples become 2 n - 1."""
    import torch

    n = values.shape[axis]
    padded = torch.cat([values.narrow(axis, 0, 1), values, values.narrow(axis, n - 1, 1)], dim=axis)
    before, left, right, after = (padded.narrow(axis, i, n - 1) for i in range(4))
    mixed = values.new_empty([2 * m - 1 if i == axis else m for i, m in enumerate(values.shape)])
    # Written where they belong: stacking and moving axes would copy the fine grid twice more.
    ahead = (slice(None),) * axis
    mixed[(*ahead, slice(0, None, 2))] = values
    mixed[(*ahead, slice(1, None, 2))] = (9.0 * (left + right) - before - after) / 16.0
    return mixed


def only_where(region: RegionScores, mask: torch.Tensor) -> RegionScores:
    """The same scores with the background first where `mask` (n, n, n) is false: nothing is claimed there."""
    scores = region.scores.clone()
    scores[0] = scores[0].where(mask, scores.amax(dim=0) + 1.0)
    return replace(region, scores=scores)

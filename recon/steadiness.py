"""Looks from aside: the same image on moved grids, to tell what is seen from what is made up.

A network that has only ever seen hearts paints one into anything. What it makes up follows its own grid, what it
sees stays in the patient. The same looks say how far each surface moves (`recon.uncertainty`) and are averaged, since
they are made anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from recon.inference import CHAMBERS, RegionLogits, network_output, region_of
from recon.networks.landmarks import FoundLandmark
from recon.quality import dice
from recon.sampling import place
from recon.weights import LoadedNetwork

if TYPE_CHECKING:
    import torch

# Steps of the grid, in voxels along (slice, row, column); opposite, so that no side is favoured, and odd, so that the
# 2x2x2 blocks in which the network writes fall differently.
MOVES = ((5, -5, 5), (-5, 5, -5))


def look_from_aside(region: RegionLogits, network: LoadedNetwork, device: str) -> tuple[RegionLogits, ...]:
    """What the network says on each moved grid, put back onto the region's grid; NaN beyond its reach."""
    looks = []
    for move in MOVES:
        affine = np.array(region.patient_from_index)
        affine[:3, 3] += affine[:3, :3] @ np.array(move, dtype=np.float64)
        intensity, observed = place(region.images, affine, network.spec.n, device)
        output = network_output(network, intensity, observed)
        look = region_of(output, observed, affine, network.spec.landmarks)
        looks.append(
            replace(
                look,
                logits=_moved(look.logits, move),
                observed=region.observed,
                patient_from_index=region.patient_from_index,
            )
        )
    return tuple(looks)


def averaged(region: RegionLogits, looks: Sequence[RegionLogits]) -> RegionLogits:
    """The mean of all looks: of log-probabilities and landmarks.

    On six unseen synthetic images at 2 mm the mean Dice rose from 0.886 to 0.888.
    """
    import torch

    every = (region, *looks)
    logits = torch.stack([look.logits.log_softmax(dim=0) for look in every]).nanmean(dim=0)
    return replace(
        region,
        logits=logits,
        landmarks=_joined([look.landmarks for look in every]),
    )


def agreement(region: RegionLogits, looks: Sequence[RegionLogits]) -> float:
    """Mean Dice of chambers and myocardium between the region and a look, of the worse look; 1 is perfectly steady."""
    reference = region.logits.argmax(dim=0)
    scores = []
    for look in looks:
        reached = ~look.logits[0].isnan()
        seen = look.logits.nan_to_num(0.0).argmax(dim=0)[reached].cpu().numpy()
        known = reference[reached].cpu().numpy()
        scores.append(np.mean([dice(seen == value, known == value) for value in range(1, CHAMBERS + 1)]))
    return float(min(scores))


def _moved(values: torch.Tensor, move: tuple[int, int, int]) -> torch.Tensor:
    """Values (c, n, n, n) of a grid moved by so many voxels, on the grid that was not; NaN where it does not reach."""
    n = values.shape[1]
    to = tuple(slice(max(0, step), n + min(0, step)) for step in move)
    of = tuple(slice(max(0, -step), n - max(0, step)) for step in move)
    result = values.new_full(values.shape, float("nan"))
    result[(slice(None), *to)] = values[(slice(None), *of)]
    return result


def _joined(found: Sequence[Mapping[str, FoundLandmark]]) -> dict[str, FoundLandmark]:
    """Landmarks seen several times: the mean place, with the spread between the looks in its deviation."""
    joined = {}
    for key in found[0]:
        seen = [landmarks[key] for landmarks in found]
        places = np.array([one.position_mm for one in seen])
        between = float(((places - places.mean(axis=0)) ** 2).sum(axis=1).mean())
        within = float(np.mean([one.sd_mm**2 for one in seen]))
        ways = [one.direction for one in seen if one.direction is not None]
        way = np.sum(ways, axis=0) if ways else None
        if way is not None:
            way = way / max(float(np.linalg.norm(way)), 1e-9)
        joined[key] = FoundLandmark(places.mean(axis=0), float(np.sqrt(within + between)), way)
    return joined

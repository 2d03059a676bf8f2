"""Walls that enclose wanted volumes: a lead for each label, as if it had a pressure, moves its walls outward."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from recon.surfaces.settle import Settling

_FARTHEST = 0.3
"""Farthest, in grid steps, that one correction may move a wall."""

_FARTHEST_IN_ALL = 0.6
"""Farthest, in grid steps, that walls may move before labels are chosen anew: vertices do not leave their cells."""


def volumes_of(settling: Settling, n_labels: int) -> torch.Tensor:
    """Volume (n_labels,), float64, in cubic grid steps, that the walls enclose for each label; 0 for the background."""
    centre = settling.points.mean(dim=0, keepdim=True)
    points = settling.points - centre
    a, b, c, d = settling.nets.around(points)
    x, y, z = (a * torch.linalg.cross(c, d - b)).unbind(dim=1)
    volume = (x + y + z).double() / 6.0
    low, high = settling.nets.sides.long().T
    total = torch.zeros(n_labels, dtype=torch.float64, device=volume.device)
    total.index_add_(0, low, volume).index_add_(0, high, -volume)
    total[0] = 0.0
    return total


Growth = tuple[torch.Tensor, float]
"""How the volumes (n, n) grow with the leads, and the usual slope of a score difference across a wall."""


def correct(settling: Settling, wanted: Mapping[int, float], growth: Growth | None = None) -> float:
    """Change the leads of the labels so that the next rounds bring their walls towards the wanted volumes.

    Args:
        wanted: label -> cubic grid steps; labels that are not named keep their lead.
        growth: of vertices that have hardly moved since; None: it is measured.

    Returns:
        The largest share of a wanted volume that was missing or too much before.
    """
    n = len(settling.offsets)
    named = torch.tensor(sorted(wanted), device=settling.offsets.device)
    target = torch.tensor([wanted[i] for i in sorted(wanted)], dtype=torch.float64, device=named.device)
    missing = target - volumes_of(settling, n)[named]
    grown, slope = growth or growth_of(settling)
    lead = torch.linalg.solve(grown[named][:, named], missing)
    lead = settling.offsets[named] + lead.clamp(-_FARTHEST * slope, _FARTHEST * slope).float()
    settling.offsets[named] = lead.clamp(-_FARTHEST_IN_ALL * slope, _FARTHEST_IN_ALL * slope)
    return float((missing.abs() / target).max())


def growth_of(settling: Settling) -> Growth:
    """How volumes answer to leads where the vertices lie now."""
    n = len(settling.offsets)
    first, opposite = (settling.slopes.index_select(0, settling.nets.quads[corner]) for corner in (0, 2))
    slope = torch.maximum(first, opposite)
    usual = float(slope.median())
    a, b, c, d = settling.nets.around(settling.points)
    area = 0.5 * torch.linalg.cross(c - a, d - b).norm(dim=1)
    rate = (area / slope.clamp_min(0.2 * usual)).double()
    low, high = settling.nets.sides.long().T
    pairs = torch.zeros(n * n, dtype=torch.float64, device=rate.device).index_add_(0, low * n + high, rate)
    pairs = pairs.reshape(n, n)
    pairs = pairs + pairs.T
    return torch.diag(pairs.sum(dim=1)) - pairs, usual

"""Labels whose walls are 2-manifolds: the few voxels that touch others of their label only across a corner change.

A label's walls are a 2-manifold exactly when the label is well-composed: nowhere do two of its voxels, or two voxels
outside it, meet in an edge or a corner alone. Source: Latecki, 3D well-composed pictures, 1997.
"""

from __future__ import annotations

import torch

from recon.surfaces.nets import FACE_CORNERS, corner_steps, mixed_cells, unravelled

_ACROSS = tuple((f[0], f[3], f[1], f[2]) for f in FACE_CORNERS) + tuple(
    (f[1], f[2], f[0], f[3]) for f in FACE_CORNERS
)
"""Corners of a cell's face: two that lie across, then the other two."""

_N_CHEAPEST = 12
"""Rounds of the cheapest change; after these, voxels only go to the background, which comes to an end."""

Wishes = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Voxels (k,), the labels (k,) they should take, and what that costs (k,) in score."""


def make_well_composed(labels: torch.Tensor, scores: torch.Tensor, lead: float) -> int:
    """Change labels, in place, until every label but the background is well-composed.

    Args:
        labels: uint8 (n0, n1, n2), the outermost voxels background.
        scores: float (c, n0, n1, n2), what the labels were chosen by. Raised where a label changes, in place, so
            that the new label has the highest score.
        lead: by how much it is then higher than the others.

    Returns:
        How many voxels were changed.
    """
    shape = (labels.shape[0], labels.shape[1], labels.shape[2])
    before = labels.clone()
    flat, flat_scores = labels.reshape(-1), scores.reshape(len(scores), -1)
    steps = corner_steps(shape, labels.device)
    cells = mixed_cells(labels)
    for attempt in range(flat.numel()):
        at = cells[:, None] + steps
        voxels, wanted, cost = _wishes(flat[at], at, flat_scores, attempt >= _N_CHEAPEST)
        is_border = _is_outermost(voxels, shape) & (wanted > 0)
        voxels, wanted = _cheapest(voxels[~is_border], wanted[~is_border], cost[~is_border])
        if not len(voxels):
            break
        flat[voxels] = wanted
        flat_scores[wanted.long(), voxels] = flat_scores[:, voxels].amax(dim=0) + lead
        cells = torch.unique(voxels[:, None] - steps)
    return int((before != labels).sum())


def _wishes(corners: torch.Tensor, at: torch.Tensor, scores: torch.Tensor, only_drop: bool) -> Wishes:
    """For every place where a label touches itself across, the cheapest change of one voxel that ends it."""
    found = [_across_a_face(corners, at, scores, across, only_drop) for across in _ACROSS]
    for corner in range(4):
        found += _across_the_cell(corners, at, scores, corner, only_drop)
    voxels, wanted, cost = (torch.cat(parts) for parts in zip(*found, strict=True))
    return voxels, wanted, cost


def _across_a_face(
    corners: torch.Tensor, at: torch.Tensor, scores: torch.Tensor, across: tuple[int, ...], only_drop: bool
) -> Wishes:
    p, s, q, r = across
    own = corners[:, p]
    rows = ((own == corners[:, s]) & (own > 0) & (own != corners[:, q]) & (own != corners[:, r])).nonzero()[
        :, 0
    ]
    here, where = corners[rows], at[rows]
    if only_drop:
        nothing = torch.zeros_like(here[:, p])
        return _best(scores, [(where[:, p], nothing), (where[:, s], nothing)])
    options = [(where[:, joining], here[:, p]) for joining in (q, r)]
    options += [(where[:, leaving], here[:, other]) for leaving in (p, s) for other in (q, r)]
    return _best(scores, options)


def _across_the_cell(
    corners: torch.Tensor, at: torch.Tensor, scores: torch.Tensor, corner: int, only_drop: bool
) -> list[Wishes]:
    """Two voxels alone at opposite corners of a cell, or a cell that lacks only those two."""
    opposite = 7 - corner
    others = [i for i in range(8) if i not in (corner, opposite)]
    here, there, rest = corners[:, corner], corners[:, opposite], corners[:, others]
    alone = ((here == there) & (here > 0) & (rest != here[:, None]).all(dim=1)).nonzero()[:, 0]
    full = (rest[:, 0] > 0) & (rest == rest[:, :1]).all(dim=1) & (here != rest[:, 0]) & (there != rest[:, 0])
    lacking = full.nonzero()[:, 0]
    beside = others[0]
    nothing = torch.zeros_like(here)
    to = nothing if only_drop else corners[:, beside]
    parted = [(at[alone, place], to[alone]) for place in (corner, opposite)]
    if only_drop:
        filled = [(at[lacking, place], nothing[lacking]) for place in others]
    else:
        filled = [(at[lacking, place], rest[lacking, 0]) for place in (corner, opposite)]
    return [_best(scores, parted), _best(scores, filled)]


def _best(scores: torch.Tensor, options: list[tuple[torch.Tensor, torch.Tensor]]) -> Wishes:
    """Of several changes (voxel, label), each (k,), the one that costs least at every place."""
    voxels = torch.stack([voxel for voxel, _ in options])
    wanted = torch.stack([label for _, label in options])
    cost = scores[:, voxels].amax(dim=0) - scores[wanted.long(), voxels]
    least = cost.argmin(dim=0, keepdim=True)
    return voxels.gather(0, least)[0], wanted.gather(0, least)[0], cost.gather(0, least)[0]


def _cheapest(
    voxels: torch.Tensor, wanted: torch.Tensor, cost: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """One wish per voxel: its cheapest."""
    order = torch.argsort(cost, stable=True)
    order = order[torch.argsort(voxels[order], stable=True)]
    voxels, wanted = voxels[order], wanted[order]
    is_first = torch.ones_like(voxels, dtype=torch.bool)
    is_first[1:] = voxels[1:] != voxels[:-1]
    return voxels[is_first], wanted[is_first]


def _is_outermost(voxels: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    index = unravelled(voxels, shape)
    last = torch.tensor(shape, device=voxels.device) - 1
    return ((index == 0) | (index == last)).any(dim=1)

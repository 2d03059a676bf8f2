"""Where the vertices of walls begin: amid the points where walls cross the edges of their cells."""

from __future__ import annotations

import torch

from recon.surfaces.cases import CORNERS, EDGE_AXIS, EDGES
from recon.surfaces.nets import corner_steps


def amid_crossings_of_two(differences: torch.Tensor, is_first: torch.Tensor) -> torch.Tensor:
    """Mean crossing (k, 3), 0 to 1, in cells with two labels around.

    Args:
        differences: (8, k) score of the first label less the second's at the corners of each cell.
        is_first: (8, k) whether the corner has the first label.
    """
    total, count = differences.new_zeros(3, differences.shape[1]), torch.zeros_like(differences[0])
    leads = differences.abs()
    for edge, (a, b) in enumerate(EDGES.tolist()):
        _add_crossings(total, count, edge, is_first[a] != is_first[b], leads[a], leads[b])
    return (total / count).T


def amid_crossings(
    scores: torch.Tensor, shape: tuple[int, int, int], cells: torch.Tensor, corners: torch.Tensor
) -> torch.Tensor:
    """Mean crossing (k, 3), 0 to 1, in cells with any labels around.

    Args:
        scores: (c, n voxels).
        shape: of the grid.
        cells: (k,) flat voxel number of each cell.
        corners: (k, 8) labels around it.
    """
    at, own = cells[:, None] + corner_steps(shape, scores.device), corners.long()
    total, count = scores.new_zeros(3, len(cells)), scores.new_zeros(len(cells))
    for edge, (a, b) in enumerate(EDGES.tolist()):
        first, second = own[:, a], own[:, b]
        ahead = scores[first, at[:, a]] - scores[second, at[:, a]]
        behind = scores[second, at[:, b]] - scores[first, at[:, b]]
        _add_crossings(total, count, edge, first != second, ahead, behind)
    return (total / count).T


def _add_crossings(
    total: torch.Tensor,
    count: torch.Tensor,
    edge: int,
    is_crossed: torch.Tensor,
    ahead: torch.Tensor,
    behind: torch.Tensor,
) -> None:
    """Add, in place, the crossings (k,) of one edge, between the leads that its ends' own labels have there."""
    axis, start = int(EDGE_AXIS[edge]), CORNERS[EDGES[edge][0]].tolist()
    share = (ahead / (ahead + behind).clamp_min(1e-12)).clamp(0.0, 1.0)
    weight = is_crossed.to(count.dtype)
    for across in range(3):
        total[across] += weight * (share if across == axis else float(start[across]))
    count += weight

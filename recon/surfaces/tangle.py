"""Which vertices of walls have strayed so far that walls could cross, and how far each may go.

The quads lie between tetrahedra that join a crossed grid edge with the vertices of two cells beside each other. As
long as every line between two such vertices passes through the face that their cells share, these tetrahedra do not
overlap, and no two walls can cross. A move that would break this is not made.
Source of the condition: Ju and Udeshi, Intersection-free contouring on an octree grid, 2006.
"""

from __future__ import annotations

import torch

from recon.surfaces.cases import FACES

MARGIN = 0.03
"""How near, in grid steps, a line between two vertices may come to the rim of the face it passes through."""

_MOST_RETURNS = 30
"""How often vertices of one move are sent back before all of them stay."""


def untangled(
    choices: tuple[torch.Tensor, ...], origins: torch.Tensor, neighbours: torch.Tensor
) -> torch.Tensor:
    """For every vertex the first of its choices with which no walls tangle.

    Args:
        choices: places (n, 3) in grid indices, the best first; the last are not tangled.
        origins: (n, 3) lowest corner of each vertex's cell.
        neighbours: (n, 6) vertex beyond each face of the cell, as in `nets.Nets`.

    Returns:
        Places (n, 3).
    """
    points = choices[0].clone()
    rank = torch.zeros(len(points), dtype=torch.uint8, device=points.device)
    among = None
    for _ in range(_MOST_RETURNS):
        is_bad = _are_tangled(points, origins, neighbours, among)
        bad = is_bad.nonzero()[:, 0]
        if not len(bad):
            return points
        rank[bad] = (rank[bad] + 1).clamp_max(len(choices) - 1)
        for number, places in enumerate(choices[1:], start=1):
            back = bad[rank[bad] == number]
            points[back] = places[back]
        # A line with neither end moved is as good as it was.
        beside = neighbours[bad]
        is_bad[beside[beside >= 0]] = True
        among = is_bad.nonzero()[:, 0]
    return choices[-1]


def _are_tangled(
    points: torch.Tensor, origins: torch.Tensor, neighbours: torch.Tensor, among: torch.Tensor | None
) -> torch.Tensor:
    """Boolean (n,): ends of lines that pass beside the face they should pass through, seen from `among` (all)."""
    outside = _outside(points, origins, among)
    corner = origins.index_select(0, outside)
    here = (points.index_select(0, outside) - corner).T.contiguous()
    beyond = neighbours.index_select(0, outside).T.contiguous()
    is_bad = torch.zeros(len(points), dtype=torch.bool, device=points.device)
    for number, (axis, side) in enumerate(FACES):
        neighbour = beyond[number]
        is_there = neighbour >= 0
        there = (points.index_select(0, neighbour.clamp_min(0)) - corner).T.contiguous()
        away = there.new_full((3, 1), 0.5)
        away[axis] += 1.0 if side else -1.0
        there = torch.where(is_there, there, away)
        way = there - here
        ahead = way[axis] if side else -way[axis]
        share = (float(side) - here[axis]) / way[axis]
        misses = ahead < 1.9 * MARGIN
        for across in ((axis + 1) % 3, (axis + 2) % 3):
            misses |= (here[across] + share * way[across] - 0.5).abs() > 0.5 - 0.95 * MARGIN
        is_bad[outside[misses]] = True
        is_bad[neighbour[misses & is_there]] = True
    return is_bad


def _outside(points: torch.Tensor, origins: torch.Tensor, among: torch.Tensor | None) -> torch.Tensor:
    """Those `among` the vertices (all) that are not well within their cell: only their lines can miss a face."""
    local = points if among is None else points.index_select(0, among)
    local = local - (origins if among is None else origins.index_select(0, among))
    x, y, z = (local - 0.5).abs_().unbind(dim=1)
    found = (torch.maximum(torch.maximum(x, y), z) > 0.5 - MARGIN).nonzero()[:, 0]
    return found if among is None else among[found]

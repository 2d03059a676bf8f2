"""Quads become triangles, each pair inside the tetrahedra that are its quad's own, so that no two ever cross."""

from __future__ import annotations

import torch

from recon.surfaces.nets import Nets, unravelled

_CLEARANCE = 0.002
"""Least volume, in cubic grid steps times six, between a triangle and the ends of the grid edge it is pierced by."""

_NEAREST_END = 0.1
"""How near to the end of a grid edge the middle point of a fan may lie, as a share of the edge."""


def facets(nets: Nets, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Triangles of the walls.

    A quad is split along the diagonal whose worse triangle is the better, of those whose triangles the crossed grid
    edge pierces rightly; where there is none, it becomes a fan of four around a point of the grid edge.

    Args:
        points: (n, 3) grid indices of the vertices, not tangled (see `settle`).

    Returns:
        Points (n + k, 3) with those of the fans, triangles (m, 3) whose normals point from the low to the high end
        of the edge, and the quad (m,) that each is of.
    """
    places = points.T.contiguous()
    corners = [places.index_select(1, corner) for corner in nets.quads]
    low, high = (unravelled(end, nets.shape).T.to(points.dtype).contiguous() for end in (nets.low, nets.high))
    splits = (((0, 1, 2), (0, 2, 3)), ((0, 1, 3), (1, 2, 3)))
    first, second = (
        torch.minimum(*(_split_quality([corners[i] for i in part], low, high) for part in pair))
        for pair in splits
    )
    is_fan = (first < 0) & (second < 0)
    takes_first = first >= second
    triangles, quads = [], []
    for pair, is_taken in zip(splits, (takes_first & ~is_fan, ~takes_first & ~is_fan), strict=True):
        taken = is_taken.nonzero()[:, 0]
        around = nets.quads.index_select(1, taken)
        triangles += [torch.stack([around[i] for i in part], dim=1) for part in pair]
        quads += [taken] * 2
    fans = is_fan.nonzero()[:, 0]
    around = nets.quads.index_select(1, fans)
    middle = len(points) + torch.arange(len(fans), device=points.device)
    for side in range(4):
        triangles.append(torch.stack([around[side], around[(side + 1) % 4], middle], dim=1))
        quads.append(fans)
    mean = torch.stack([corner[:, fans] for corner in corners]).mean(dim=0)
    hubs = _hubs(mean, low[:, fans], high[:, fans])
    return torch.cat([points, hubs.T]), torch.cat(triangles), torch.cat(quads)


def _split_quality(corners: list[torch.Tensor], low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """Shape (m,) of triangles, 1 equal sides, 0 flat; three corners and ends of the grid edge (3, m).

    -1 where the ends are not on their sides of the triangle. Source: 4 sqrt(3) A / sum l^2.
    """
    a, b, c = corners
    second, third = b - a, c - a
    normal = torch.linalg.cross(second, third, dim=0)
    above, below = ((high - a) * normal).sum(dim=0), ((a - low) * normal).sum(dim=0)
    squares = (second * second).add_(third * third).add_((c - b).square_()).sum(dim=0)
    quality = normal.square_().sum(dim=0).sqrt_().mul_(2.0 * 3.0**0.5).div_(squares.clamp_min_(1e-20))
    return torch.where((above > _CLEARANCE) & (below > _CLEARANCE), quality, -1.0)


def _hubs(middle: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """The point (3, k) of each grid edge nearest to the middle of the four vertices around it."""
    along = ((middle - low) * (high - low)).sum(dim=0)
    return low + (high - low) * along.clamp(_NEAREST_END, 1.0 - _NEAREST_END)

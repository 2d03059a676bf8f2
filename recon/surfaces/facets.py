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
    corners = points[nets.quads]
    low, high = unravelled(nets.low, nets.shape).float(), unravelled(nets.high, nets.shape).float()
    splits = (((0, 1, 2), (0, 2, 3)), ((0, 1, 3), (1, 2, 3)))
    quality = torch.stack(
        [
            torch.minimum(*(_split_quality(corners[:, list(part)], low, high) for part in pair))
            for pair in splits
        ]
    )
    number = torch.arange(len(corners), device=points.device)
    is_fan = (quality < 0).all(dim=0)
    takes_first = quality[0] >= quality[1]
    triangles, quads = [], []
    for pair, taken in zip(splits, (takes_first & ~is_fan, ~takes_first & ~is_fan), strict=True):
        triangles += [nets.quads[taken][:, list(part)] for part in pair]
        quads += [number[taken]] * 2
    fans = number[is_fan]
    middle = len(points) + torch.arange(len(fans), device=points.device)
    for side in range(4):
        ring = nets.quads[fans][:, [side, (side + 1) % 4]]
        triangles.append(torch.cat([ring, middle[:, None]], dim=1))
        quads.append(fans)
    hubs = _hubs(corners[fans], low[fans], high[fans])
    return torch.cat([points, hubs]), torch.cat(triangles), torch.cat(quads)


def quality_of(corners: torch.Tensor) -> torch.Tensor:
    """Shape (n,) of triangles (n, 3 corners, 3): 1 equal sides, 0 flat. Source: 4 sqrt(3) A / sum l^2."""
    sides = corners.roll(-1, dims=1) - corners
    double_area = torch.linalg.cross(sides[:, 0], sides[:, 1]).norm(dim=1)
    return 2.0 * 3.0**0.5 * double_area / sides.square().sum(dim=(1, 2)).clamp_min(1e-20)


def _split_quality(corners: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """Quality (n,) of triangles; -1 where the ends of the grid edge are not on their sides of the triangle."""
    normal = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    above = ((high - corners[:, 0]) * normal).sum(dim=1)
    below = ((corners[:, 0] - low) * normal).sum(dim=1)
    return torch.where((above > _CLEARANCE) & (below > _CLEARANCE), quality_of(corners), -1.0)


def _hubs(corners: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """The point of each grid edge nearest to the middle of the four vertices around it."""
    along = ((corners.mean(dim=1) - low) * (high - low)).sum(dim=1)
    return low + (high - low) * along.clamp(_NEAREST_END, 1.0 - _NEAREST_END)[:, None]

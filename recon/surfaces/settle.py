"""Vertices find their places: onto the walls where scores are equal, evenly spread along them, never tangled."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import embedding_bag

from recon.surfaces.lookup import Differences, cells_at
from recon.surfaces.nets import Nets
from recon.surfaces.starts import amid_crossings, amid_crossings_of_two
from recon.surfaces.tangle import MARGIN, untangled

_LONGEST_STEP = 0.3
"""Longest single step towards a wall, in grid steps: nearly equal scores must not throw a vertex away."""

_EVENING = 0.6
"""Share of the way to the mean of the neighbours that a vertex goes in a round."""

_LARGEST_BULGE = 0.1
"""Farthest, in grid steps, that a vertex is moved off its wall for the sake of the volume."""

_MOST_LABELS = 4


@dataclass(frozen=True, eq=False)
class Walls:
    """Which scores are equal at a vertex: the first label's and each of the others'.

    Attributes:
        rows: the vertices, k in a row.
        labels: (k, 2 to 4) int64; where a vertex has fewer, the first label is repeated.
    """

    rows: slice
    labels: torch.Tensor


def walls_of(nets: Nets) -> tuple[Walls, Walls]:
    """The vertices with two labels around, and those with more (of which four at most are heeded)."""
    corners, pairs, junctions = nets.corners, slice(0, nets.n_pairs), slice(nets.n_pairs, None)
    between = [corners[pairs].amax(dim=1), corners[pairs].amin(dim=1)]
    two = Walls(pairs, torch.stack(between, dim=1).long())
    ordered = corners[junctions].long().sort(dim=1, descending=True).values
    is_new = torch.ones_like(ordered, dtype=torch.bool)
    is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    place = is_new.long().cumsum(dim=1) - 1
    kept = ordered[:, :1].repeat(1, _MOST_LABELS)
    place = torch.where(place < _MOST_LABELS, place, 0)
    kept.scatter_(1, place, torch.where(place == 0, ordered[:, :1], ordered))
    return two, Walls(junctions, kept)


class Settling:
    """The vertices of walls on their way.

    Attributes:
        points: (n, 3) grid indices.
        offsets: (c,) leads added to the scores of each label.
        slopes: (n,) how fast the scores of the two sides part at a vertex, per grid step; 0 at junctions.
    """

    def __init__(self, nets: Nets, scores: torch.Tensor) -> None:
        """Args: nets: the walls. scores: float32 (c, n0, n1, n2), highest for each voxel's label."""
        self.nets = nets
        self.scores = scores.reshape(len(scores), -1)
        self.offsets = scores.new_zeros(len(scores))
        self.origins = nets.origins
        self.pairs, self.junctions = walls_of(nets)
        self._at_pairs = self._differences(self.pairs, 1)
        self._at_junctions = [self._differences(self.junctions, i) for i in range(1, _MOST_LABELS)]
        self._beside, self._weights = self._neighbourhood()
        self.points = self._starts()
        self.slopes = torch.zeros_like(self.points[:, 0])
        self._bulge = torch.zeros_like(self.points)

    def round(self) -> None:
        """Even the vertices out along the walls and take them onto these."""
        mean = embedding_bag(self._beside, self.points, per_sample_weights=self._weights, mode="sum")
        along, onto = self._parts(_EVENING * (mean - self.points))
        onto += self.points
        self._go(along.add_(onto), onto)

    def land(self) -> None:
        """Take the vertices onto the walls, and so far beyond that the flat triangles neither cut nor bulge."""
        _, onto = self._parts(torch.zeros_like(self.points))
        onto += self.points
        self._go(onto + self._bulge, onto)

    def compensate(self) -> None:
        """Find how far vertices have to lie off a curved wall for the flat triangles to lie on it on average.

        With vertices on the wall the middles of quads miss it; the mean over a quad is two thirds of that.
        """
        first, second = self.nets.sides.long().T
        a, b, c, d = self.nets.around(self.points)
        middle = (a + b).add_(c).add_(d).mul_(0.25)
        cells = cells_at(middle, self.nets.shape)
        between = Differences(self.scores, self.nets.shape, (first, second), cells)
        value, slope = between.at(middle, self.offsets)
        length = _length(slope)
        way = -slope * ((value / length).clamp(-_LARGEST_BULGE, _LARGEST_BULGE) / length)[:, None]
        total, count = torch.zeros_like(self.points), torch.zeros_like(self.points[:, 0])
        for corner in self.nets.quads:
            total.index_add_(0, corner, way)
            count.index_add_(0, corner, torch.ones_like(value))
        rows = self.pairs.rows
        self._bulge[rows] = 2.0 / 3.0 * total[rows] / count[rows, None]

    def _differences(self, walls: Walls, other: int) -> Differences:
        """Between the first label and one of the others."""
        labels = walls.labels[:, 0], walls.labels[:, other]
        return Differences(self.scores, self.nets.shape, labels, self.nets.cells[walls.rows])

    def _starts(self) -> torch.Tensor:
        """The mean of the points where walls cross the edges of each cell; strictly inside it."""
        inside = torch.empty_like(self.origins)
        is_first = self.nets.corners[self.pairs.rows] == self.pairs.labels[:, :1]
        inside[self.pairs.rows] = amid_crossings_of_two(self._at_pairs.corners, is_first.T.contiguous())
        rows = self.junctions.rows
        inside[rows] = amid_crossings(
            self.scores, self.nets.shape, self.nets.cells[rows], self.nets.corners[rows]
        )
        return self.origins + inside.clamp_(MARGIN, 1.0 - MARGIN)

    def _neighbourhood(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Vertices (n, 6) beside each one, and weights (n, 6); itself where it has none.

        Each joined neighbour counts alike; at a junction of walls only the neighbours along the junction.
        """
        joined = self.nets.is_joined.clone()
        is_junction = torch.zeros(len(joined), dtype=torch.bool, device=joined.device)
        rows = self.junctions.rows
        is_junction[rows] = True
        joined[rows] &= is_junction[self.nets.neighbours[rows].clamp_min(0)]
        own = torch.arange(len(joined), device=joined.device)[:, None]
        beside = torch.where(joined, self.nets.neighbours, own)
        joined |= ~joined.any(dim=1, keepdim=True)
        return beside, joined / joined.sum(dim=1, keepdim=True)

    def _parts(self, move: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The part of a move (n, 3) that goes along the walls, and the way from the points onto the walls."""
        along, onto = torch.empty_like(move), torch.empty_like(move)
        rows = self.pairs.rows
        value, slope = self._at_pairs.at(self.points[rows], self.offsets)
        length = _length(slope)
        self.slopes[rows] = length
        normal = slope.div_(length[:, None])
        across = move[rows]
        x, y, z = (across * normal).unbind(dim=1)
        along[rows] = across - (x + y + z)[:, None] * normal
        onto[rows] = -(value / length).clamp(-_LONGEST_STEP, _LONGEST_STEP)[:, None] * normal
        rows = self.junctions.rows
        if len(self.junctions.labels):
            along[rows], onto[rows] = self._parts_at_junctions(move[rows])
        return along, onto

    def _parts_at_junctions(self, move: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same, where the scores of three or four labels are equal: the shortest way there."""
        points = self.points[self.junctions.rows]
        found = [between.at(points, self.offsets) for between in self._at_junctions]
        slope = torch.stack([slope for _, slope in found], dim=1)
        length = slope.norm(dim=2).clamp_min(1e-9)
        slope = slope / length[..., None]
        miss = (torch.stack([value for value, _ in found], dim=1) / length).clamp(-1.0, 1.0)
        is_used = self.junctions.labels[:, 1:] != self.junctions.labels[:, :1]
        slope, miss = slope * is_used[..., None], miss * is_used
        square = slope @ slope.transpose(1, 2) + 0.02 * torch.eye(3, device=slope.device)
        both = torch.stack([(slope @ move[..., None])[..., 0], miss], dim=2)
        back, onto = (slope.transpose(1, 2) @ torch.linalg.solve(square, both)).unbind(dim=2)
        return move - back, -onto * (_LONGEST_STEP / onto.norm(dim=1, keepdim=True).clamp_min(_LONGEST_STEP))

    def _go(self, *choices: torch.Tensor) -> None:
        """Move to the first choice (n, 3), to the next, within the cell, or not at all, so that no walls tangle."""
        within = self.origins + (choices[-1] - self.origins).clamp_(MARGIN, 1.0 - MARGIN)
        self.points = untangled((*choices, within, self.points), self.origins, self.nets.neighbours)


def _length(vectors: torch.Tensor) -> torch.Tensor:
    """Lengths (k,) of vectors (k, 3), never 0."""
    x, y, z = vectors.unbind(dim=1)
    return (x * x + y * y + z * z).sqrt_().clamp_min_(1e-9)

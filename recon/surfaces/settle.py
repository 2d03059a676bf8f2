"""Vertices find their places: onto the walls where scores are equal, evenly spread along them, never tangled.

The quads lie between tetrahedra that join a crossed grid edge with the vertices of two cells beside each other. As
long as every line between two such vertices passes through the face that their cells share, these tetrahedra do not
overlap, and no two walls can cross. A move that would break this is not made.
Source of the condition: Ju and Udeshi, Intersection-free contouring on an octree grid, 2006.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from recon.surfaces.cases import CORNERS, FACES
from recon.surfaces.nets import Nets, corner_steps, strides_of

_MARGIN = 0.03
"""How near, in grid steps, a line between two vertices may come to the rim of the face it passes through."""

_LONGEST_STEP = 0.3
"""Longest single step towards a wall, in grid steps: nearly equal scores must not throw a vertex away."""

_EVENING = 0.6
"""Share of the way to the mean of the neighbours that a vertex goes in a round."""

_LARGEST_BULGE = 0.1
"""Farthest, in grid steps, that a vertex is moved off its wall for the sake of the volume."""

_MOST_LABELS = 4

_MOST_RETURNS = 30
"""How often vertices of one move are sent back before all of them stay."""


@dataclass(frozen=True, eq=False)
class Walls:
    """Which scores are equal at a vertex: the first label's and each of the others'.

    Attributes:
        rows: (k,) vertices.
        labels: (k, 2 to 4) int64; where a vertex has fewer, the first label is repeated.
    """

    rows: torch.Tensor
    labels: torch.Tensor


def walls_of(corners: torch.Tensor) -> tuple[Walls, Walls]:
    """The vertices with two labels around, and those with more (of which four at most are heeded)."""
    low, high = corners.amin(dim=1), corners.amax(dim=1)
    is_pair = ((corners == low[:, None]) | (corners == high[:, None])).all(dim=1)
    pairs, junctions = is_pair.nonzero()[:, 0], (~is_pair).nonzero()[:, 0]
    two = Walls(pairs, torch.stack([high[pairs], low[pairs]], dim=1).long())
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
        self.pairs, self.junctions = walls_of(nets.corners)
        self.neighbour_weights = self._neighbour_weights()
        self.points = self._starts()
        self.slopes = torch.zeros_like(self.points[:, 0])
        self._bulge = torch.zeros_like(self.points)

    def round(self) -> None:
        """Even the vertices out along the walls and take them onto these."""
        beside = self.points[self.nets.neighbours.clamp_min(0)]
        mean = (beside * self.neighbour_weights[..., None]).sum(dim=1)
        move = _EVENING * (mean - self.points) * (self.neighbour_weights.sum(dim=1) > 0)[:, None]
        along, onto = self._parts(move)
        self._go(self.points + along + onto, self.points + onto)

    def land(self) -> None:
        """Take the vertices onto the walls, and so far beyond that the flat triangles neither cut nor bulge."""
        _, onto = self._parts(torch.zeros_like(self.points))
        self._go(self.points + onto + self._bulge, self.points + onto)

    def compensate(self) -> None:
        """Find how far vertices have to lie off a curved wall for the flat triangles to lie on it on average.

        With vertices on the wall the middles of quads miss it; the mean over a quad is two thirds of that.
        """
        value, slope = self._difference(self.points[self.nets.quads].mean(dim=1), *self.nets.sides.long().T)
        length = slope.norm(dim=1).clamp_min(1e-9)
        way = -slope * ((value / length).clamp(-_LARGEST_BULGE, _LARGEST_BULGE) / length)[:, None]
        total, count = torch.zeros_like(self.points), torch.zeros_like(self.points[:, 0])
        for corner in self.nets.quads.T:
            total.index_add_(0, corner, way)
            count.index_add_(0, corner, torch.ones_like(value))
        rows = self.pairs.rows
        self._bulge[rows] = 2.0 / 3.0 * total[rows] / count[rows, None]

    def _starts(self) -> torch.Tensor:
        """The mean of the points where walls cross the edges of each cell; strictly inside it."""
        steps = corner_steps(self.nets.shape, self.scores.device)
        at = self.nets.cells[:, None] + steps
        own = self.nets.corners.long()
        total = self.scores.new_zeros(len(at), 3)
        count = self.scores.new_zeros(len(at))
        corners = torch.as_tensor(CORNERS, dtype=torch.float32, device=self.scores.device)
        for axis, bit in enumerate((4, 2, 1)):
            for a in (i for i in range(8) if not i & bit):
                b = a | bit
                here = (own[:, a] != own[:, b]).nonzero()[:, 0]
                first, second = own[here, a], own[here, b]
                ahead = self.scores[first, at[here, a]] - self.scores[second, at[here, a]]
                behind = self.scores[first, at[here, b]] - self.scores[second, at[here, b]]
                point = corners[a].expand(len(here), 3).clone()
                point[:, axis] = (ahead / (ahead - behind).clamp_min(1e-12)).clamp(0.0, 1.0)
                total[here] += point
                count[here] += 1.0
        inside = (total / count[:, None]).clamp(_MARGIN, 1.0 - _MARGIN)
        return self.origins + inside

    def _neighbour_weights(self) -> torch.Tensor:
        """(n, 6): each joined neighbour alike; at a junction of walls only the neighbours along the junction."""
        joined = self.nets.is_joined.clone()
        is_junction = torch.zeros(len(joined), dtype=torch.bool, device=joined.device)
        is_junction[self.junctions.rows] = True
        beyond = is_junction[self.nets.neighbours.clamp_min(0)]
        joined &= beyond | ~is_junction[:, None]
        return joined.float() / joined.sum(dim=1, keepdim=True).clamp_min(1)

    def _parts(self, move: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The part of a move (n, 3) that goes along the walls, and the way from the points onto the walls."""
        along, onto = torch.empty_like(move), torch.empty_like(move)
        rows, labels = self.pairs.rows, self.pairs.labels
        value, slope = self._difference(self.points[rows], labels[:, 0], labels[:, 1])
        length = slope.norm(dim=1).clamp_min(1e-9)
        self.slopes[rows] = length
        normal = slope / length[:, None]
        along[rows] = move[rows] - (move[rows] * normal).sum(dim=1)[:, None] * normal
        onto[rows] = -(value / length).clamp(-_LONGEST_STEP, _LONGEST_STEP)[:, None] * normal
        rows = self.junctions.rows
        if len(rows):
            along[rows], onto[rows] = self._parts_at_junctions(move[rows])
        return along, onto

    def _parts_at_junctions(self, move: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same, where the scores of three or four labels are equal: the shortest way there."""
        points, labels = self.points[self.junctions.rows], self.junctions.labels
        found = [self._difference(points, labels[:, 0], labels[:, i]) for i in range(1, _MOST_LABELS)]
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

    def _difference(
        self, points: torch.Tensor, first: torch.Tensor, second: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score of one label (k,) less that of another (k,), and its slope (k, 3), trilinear at points (k, 3)."""
        last = torch.tensor(self.nets.shape, device=points.device) - 2
        low = torch.minimum(points.long().clamp_min(0), last)
        strides = strides_of(self.nets.shape)
        at = (low[:, 0] * strides[0] + low[:, 1] * strides[1] + low[:, 2])[:, None]
        at = at + corner_steps(self.nets.shape, points.device)
        n = self.scores.shape[1]
        scores = self.scores.reshape(-1)
        a, b = first[:, None], second[:, None]
        f = scores[a * n + at] - scores[b * n + at] + (self.offsets[a] - self.offsets[b])
        return _trilinear(f, points - low)

    def _go(self, *choices: torch.Tensor) -> None:
        """Move to the first choice (n, 3), to the next, or not at all, so that no walls tangle."""
        ranked = torch.stack([*choices, self.points])
        wanted = choices[0].clone()
        rank = torch.zeros(len(wanted), dtype=torch.long, device=wanted.device)
        for _ in range(_MOST_RETURNS):
            bad = self._tangled(wanted).unique()
            if not len(bad):
                self.points = wanted
                return
            rank[bad] = (rank[bad] + 1).clamp_max(len(choices))
            wanted[bad] = ranked[rank[bad], bad]

    def _tangled(self, points: torch.Tensor) -> torch.Tensor:
        """The vertices of lines that pass beside the face they should pass through; each may occur twice."""
        local = points - self.origins
        outside = ((local < _MARGIN) | (local > 1.0 - _MARGIN)).any(dim=1).nonzero()[:, 0]
        bad = []
        for number, (axis, side) in enumerate(FACES):
            neighbour = self.nets.neighbours[outside, number]
            here = local[outside]
            there = points[neighbour] - self.origins[outside]
            away = torch.full((3,), 0.5, device=points.device)
            away[axis] += 1.0 if side else -1.0
            there = torch.where(neighbour[:, None] >= 0, there, away)
            ahead = (there - here)[:, axis] * (1.0 if side else -1.0)
            share = (float(side) - here[:, axis]) / (there - here)[:, axis]
            crossing = here + share[:, None] * (there - here)
            crossing[:, axis] = 0.5
            is_bad = (ahead < 1.9 * _MARGIN) | ((crossing - 0.5).abs() > 0.5 - 0.95 * _MARGIN).any(dim=1)
            bad += [outside[is_bad], neighbour[is_bad & (neighbour >= 0)]]
        return torch.cat(bad)


def _trilinear(f: torch.Tensor, share: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Value (k,) and slope (k, 3) at places (k, 3), 0 to 1, between the corners' values (k, 8)."""
    x, y, z = share[:, 0, None], share[:, 1, None], share[:, 2, None]
    along = f[:, 4:] - f[:, :4]
    plane = f[:, :4] + x * along
    across = plane[:, 2:] - plane[:, :2]
    line = plane[:, :2] + y * across
    value = line[:, 0] + z[:, 0] * (line[:, 1] - line[:, 0])
    along_y = along[:, :2] + y * (along[:, 2:] - along[:, :2])
    slope_x = along_y[:, 0] + z[:, 0] * (along_y[:, 1] - along_y[:, 0])
    slope_y = across[:, 0] + z[:, 0] * (across[:, 1] - across[:, 0])
    return value, torch.stack([slope_x, slope_y, line[:, 1] - line[:, 0]], dim=1)

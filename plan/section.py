"""Where a plane meets a triangle surface: the shared ground of cutting, drawing and measuring a cross-section."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A vertex this near to the plane counts as above it by this much. With no vertex on the plane, what the plane
# leaves of a closed surface is bounded by simple loops, and a flat side in the plane leaves no sheet behind.
ON_PLANE_MM = 1e-6


@dataclass(frozen=True, eq=False)
class Section:
    """The triangles that a plane crosses, and the points where it crosses their edges.

    Attributes:
        is_above: (n,) True for vertices on the side the normal points to, and for those on the plane.
        n_above: (m,) how many corners of each face are above.
        crossed: (k,) indices of the faces with corners on both sides.
        corners: (k, 3) their vertices in turning order, the one that is alone on its side first.
        exits: (k, 2) indices of the crossing points on the edges first-second and third-first.
        edges: (p, 2) for each crossing point its edge: vertex below, vertex above.
        weights: (p,) position along that edge, 0 at the vertex below.
    """

    is_above: np.ndarray
    n_above: np.ndarray
    crossed: np.ndarray
    corners: np.ndarray
    exits: np.ndarray
    edges: np.ndarray
    weights: np.ndarray

    @property
    def lone_is_above(self) -> np.ndarray:
        """(k,) whether the corner alone on its side is above."""
        return self.n_above[self.crossed] == 1

    @property
    def segments(self) -> np.ndarray:
        """Directed edges (k, 2) between crossing points bounding the part below, turning as its faces do."""
        first, last = self.exits[:, 0], self.exits[:, 1]
        up = self.lone_is_above
        return np.stack([np.where(up, last, first), np.where(up, first, last)], axis=1)

    def interpolate(self, values: np.ndarray) -> np.ndarray:
        """Values (p, ...) at the crossing points of per-vertex values (n, ...)."""
        low, high = values[self.edges[:, 0]], values[self.edges[:, 1]]
        weights = self.weights.reshape((-1,) + (1,) * (values.ndim - 1))
        return low + weights * (high - low)


def section(vertices: np.ndarray, faces: np.ndarray, origin_mm: np.ndarray, normal: np.ndarray) -> Section:
    """Where the plane through `origin_mm` with unit `normal` crosses the surface; all LPS mm."""
    height = vertices @ normal - float(np.dot(origin_mm, normal))
    height[np.abs(height) < ON_PLANE_MM] = ON_PLANE_MM
    is_above = height > 0
    sides = is_above.take(faces)
    n_above = sides.view(np.int8) @ np.ones(3, dtype=np.int8)
    crossed = np.flatnonzero((n_above == 1) | (n_above == 2))
    corners = _lone_corner_first(faces[crossed], sides[crossed], n_above[crossed] == 1)
    exits, edges, weights = _exits(corners, n_above[crossed] == 1, height)
    return Section(is_above, n_above, crossed, corners, exits, edges, weights)


def outline(
    vertices: np.ndarray, faces: np.ndarray, origin_mm: np.ndarray, normal: np.ndarray
) -> list[np.ndarray]:
    """Polylines (n, 3) in LPS mm where a plane meets a surface; a closed one repeats its first point."""
    met = section(vertices, faces, origin_mm, normal)
    crossing_points = met.interpolate(vertices)
    loops, chains = link(met.segments)
    return [crossing_points[ids] for ids in [*(np.append(loop, loop[0]) for loop in loops), *chains]]


def link(segments: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Join directed segments (s, 2) into closed loops and open chains, each an array of ids in order."""
    following: dict[int, list[int]] = {}
    n_arriving: dict[int, int] = {}
    for start, end in segments.tolist():
        following.setdefault(start, []).append(end)
        n_arriving[end] = n_arriving.get(end, 0) + 1
    chains = []
    for start in list(following):
        while len(following.get(start, ())) > n_arriving.get(start, 0):
            chains.append(np.array(_walk(start, following, n_arriving)))
    loops = []
    for start in list(following):
        while following.get(start):
            loops.append(np.array(_walk(start, following, n_arriving)[:-1]))
    return loops, chains


def _walk(start: int, following: dict[int, list[int]], n_arriving: dict[int, int]) -> list[int]:
    path = [start]
    while following.get(path[-1]):
        path.append(following[path[-1]].pop())
        n_arriving[path[-1]] -= 1
        if path[-1] == start:
            break
    return path


def _lone_corner_first(corners: np.ndarray, sides: np.ndarray, lone_is_above: np.ndarray) -> np.ndarray:
    lone = np.argmax(sides == lone_is_above[:, None], axis=1)
    turned = (lone[:, None] + np.arange(3)) % 3
    return np.take_along_axis(corners, turned, axis=1)


def _exits(
    corners: np.ndarray, lone_is_above: np.ndarray, height: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = len(height)
    lone = np.repeat(corners[:, :1], 2, axis=1)
    other = corners[:, 1:]
    up = lone_is_above[:, None]
    low, high = np.where(up, other, lone), np.where(up, lone, other)
    codes, inverse = np.unique(low * n + high, return_inverse=True)
    edges = np.stack([codes // max(n, 1), codes % max(n, 1)], axis=1)
    below, above = height[edges[:, 0]], height[edges[:, 1]]
    return inverse.reshape(-1, 2), edges, below / (below - above)

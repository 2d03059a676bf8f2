"""The closest place on triangle surfaces, exactly: vertices alone would pull a point to the mesh's lattice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from core.mesh import SurfaceMesh

MAX_EDGE_MM = 4.0
N_CANDIDATES = 24


@dataclass(frozen=True, eq=False)
class Closest:
    """For n points: the places (n, 3) on the surface, its outward normals (n, 3) there, and distances (n,), mm."""

    places_mm: np.ndarray
    normals: np.ndarray
    distance_mm: np.ndarray


class SurfaceFinder:
    """Finds closest places on one or several surfaces in LPS mm."""

    def __init__(self, meshes: Sequence[SurfaceMesh]) -> None:
        """Raises ValueError when there is no triangle."""
        pieces = [mesh.vertices[mesh.faces] for mesh in meshes if len(mesh.faces)]
        if not pieces:
            raise ValueError("there is no surface")
        triangles = np.concatenate(pieces)
        area = np.linalg.norm(_cross(triangles), axis=1)
        self._triangles = _subdivided(triangles[area > 1e-9])
        if not len(self._triangles):
            raise ValueError("there is no surface")
        cross = _cross(self._triangles)
        self._normals = cross / np.linalg.norm(cross, axis=1, keepdims=True)
        self._tree = cKDTree(self._triangles.mean(axis=1))

    def closest(self, points_mm: np.ndarray) -> Closest:
        """The closest places to points (n, 3)."""
        n_near = min(N_CANDIDATES, len(self._triangles))
        _, index = self._tree.query(points_mm, k=n_near)
        index = np.asarray(index).reshape(len(points_mm), n_near)
        points = np.repeat(points_mm, n_near, axis=0)
        places = closest_on_triangles(points, self._triangles[index.ravel()])
        distance = np.linalg.norm(places - points, axis=1).reshape(-1, n_near)
        best = np.argmin(distance, axis=1)
        row = np.arange(len(points_mm))
        chosen = index[row, best]
        return Closest(places.reshape(-1, n_near, 3)[row, best], self._normals[chosen], distance[row, best])


def closest_on_triangles(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """The closest place (n, 3) on each of n triangles (n, 3, 3) to its point (n, 3)."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    cross = _cross(triangles)
    normal = cross / np.linalg.norm(cross, axis=1, keepdims=True)
    foot = points - ((points - a) * normal).sum(axis=1, keepdims=True) * normal
    inside = np.ones(len(points), dtype=bool)
    best, best_distance = foot.copy(), np.full(len(points), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        edge = end - start
        inside &= (np.cross(edge, foot - start) * normal).sum(axis=1) >= 0.0
        along = ((points - start) * edge).sum(axis=1) / np.maximum((edge**2).sum(axis=1), 1e-300)
        place = start + np.clip(along, 0.0, 1.0)[:, None] * edge
        distance = np.linalg.norm(place - points, axis=1)
        nearer = distance < best_distance
        best[nearer], best_distance[nearer] = place[nearer], distance[nearer]
    return np.where(inside[:, None], foot, best)


def _cross(triangles: np.ndarray) -> np.ndarray:
    return np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])


def _subdivided(triangles: np.ndarray) -> np.ndarray:
    """The same area in triangles of short edges, so that near places have near centres."""
    done = []
    while len(triangles):
        lengths = np.linalg.norm(np.roll(triangles, -1, axis=1) - triangles, axis=2)
        is_long = lengths.max(axis=1) > MAX_EDGE_MM
        done.append(triangles[~is_long])
        triangles, lengths = triangles[is_long], lengths[is_long]
        longest = lengths.argmax(axis=1)
        row = np.arange(len(triangles))
        a, b, c = (triangles[row, (longest + k) % 3] for k in range(3))
        middle = (a + b) / 2.0
        triangles = np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
    return np.concatenate(done)

"""The nearest place of a surface, exact to its triangles: the ground of thickness, depth and gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A place whose weight at a corner is less lies on the side opposite to that corner.
_ON_SIDE = 1e-3


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each of n points the nearest place of a surface.

    Attributes:
        places_mm: (n, 3) LPS mm.
        distances_mm: (n,).
        faces: (n,) the triangle that the place lies in.
        weights: (n, 3) the place as a mean of that triangle's corners.
    """

    places_mm: np.ndarray
    distances_mm: np.ndarray
    faces: np.ndarray
    weights: np.ndarray


def nearest_on(vertices: np.ndarray, faces: np.ndarray, points_mm: np.ndarray) -> Nearest:
    """The nearest places of triangles (m, 3) of vertices (k, 3) to points (n, 3), all LPS mm; m > 0.

    The library works in single precision; the places are worked out again in double precision from the
    triangle that it names, so that millimetres are good to a few nanometres of a heart's size.
    """
    from open3d.core import Tensor
    from open3d.t.geometry import RaycastingScene

    middle = vertices.mean(axis=0)
    scene = RaycastingScene(1)
    corners = Tensor.from_numpy(np.ascontiguousarray(vertices - middle, dtype=np.float32))
    scene.add_triangles(corners, Tensor.from_numpy(np.ascontiguousarray(faces, dtype=np.uint32)))
    wanted = Tensor.from_numpy(np.ascontiguousarray(points_mm - middle, dtype=np.float32))
    found = scene.compute_closest_points(wanted, nthreads=1)
    ids = found["primitive_ids"].numpy().astype(np.int64)
    weights = nearest_weights(vertices[faces[ids]], points_mm)
    places = np.einsum("nc,nca->na", weights, vertices[faces[ids]])
    return Nearest(places, np.linalg.norm(points_mm - places, axis=1), ids, weights)


def nearest_weights(corners_mm: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
    """Weights (n, 3) of the corners at the place of triangles (n, 3, 3) that is nearest to points (n, 3).

    Source: C. Ericson, Real-Time Collision Detection, 2005, 5.1.5: the plane first, then the three sides.
    """
    a, b, c = corners_mm[:, 0], corners_mm[:, 1], corners_mm[:, 2]
    first, second, to = b - a, c - a, points_mm - a
    d00, d01, d11 = _dot(first, first), _dot(first, second), _dot(second, second)
    d20, d21 = _dot(to, first), _dot(to, second)
    area = d00 * d11 - d01 * d01
    safe = np.where(area > 0.0, area, 1.0)
    v, w = (d11 * d20 - d01 * d21) / safe, (d00 * d21 - d01 * d20) / safe
    weights = np.stack([1.0 - v - w, v, w], axis=1)
    is_outside = (weights < 0.0).any(axis=1) | (area <= 0.0)
    if is_outside.any():
        weights[is_outside] = _on_sides(corners_mm[is_outside], points_mm[is_outside])
    return weights


def is_on_rim(found: Nearest, faces: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """(n,) True where the nearest place lies on a surface's rim: what is nearest there is where the surface ends.

    Args:
        faces: the triangles (m, 3) that were searched.
        rim: (k,) True for the vertices of the rim.
    """
    carries = found.weights > _ON_SIDE
    return ~carries.all(axis=1) & (~carries | rim[faces[found.faces]]).all(axis=1)


def rim_of(n_vertices: int, faces: np.ndarray) -> np.ndarray:
    """(n_vertices,) True for vertices on an edge that only one of the triangles (m, 3) has."""
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    codes, counts = np.unique(edges[:, 0] * n_vertices + edges[:, 1], return_counts=True)
    alone = codes[counts == 1]
    rim = np.zeros(n_vertices, dtype=bool)
    rim[alone // n_vertices] = rim[alone % n_vertices] = True
    return rim


def _on_sides(corners_mm: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
    best = np.full(len(points_mm), np.inf)
    weights = np.zeros((len(points_mm), 3))
    for start, end in ((0, 1), (1, 2), (2, 0)):
        along = corners_mm[:, end] - corners_mm[:, start]
        squared = _dot(along, along)
        to = points_mm - corners_mm[:, start]
        share = np.clip(_dot(to, along) / np.where(squared > 0.0, squared, 1.0), 0.0, 1.0)
        away = np.linalg.norm(to - share[:, None] * along, axis=1)
        nearer = away < best
        best[nearer] = away[nearer]
        weights[nearer] = 0.0
        weights[nearer, start], weights[nearer, end] = 1.0 - share[nearer], share[nearer]
    return weights


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", first, second)

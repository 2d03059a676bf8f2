"""The smallest distance between two surfaces, exact to their triangles, edges against edges included."""

from __future__ import annotations

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from recon.measures.nearest import nearest_on

_MOST_PAIRS = 4_000_000
TOUCHING_MM = 1e-6


def smallest_gap(first: SurfaceMesh, second: SurfaceMesh) -> tuple[float, np.ndarray, np.ndarray]:
    """Distance in mm, and where it is: a point (3,) on the first surface and one on the second, LPS mm.

    Surfaces that touch, enter or cross each other have the distance 0. The nearest places of two triangles that do
    not cross are a corner and a face, or two edges: corners are tried first, and then every edge that could still
    be nearer.

    Raises:
        PlannerError: one of the surfaces is empty, or too much of them is equally near.
    """
    if not len(first.faces) or not len(second.faces):
        raise PlannerError("there is no gap", "one of the structures has no surface", "choose another one")
    if _enter(first, second) or _enter(second, first):
        inside = _place_inside(first, second)
        return 0.0, inside, inside
    to_second = nearest_on(second.vertices, second.faces, first.vertices)
    to_first = nearest_on(first.vertices, first.faces, second.vertices)
    a, b = int(to_second.distances_mm.argmin()), int(to_first.distances_mm.argmin())
    best = float(to_second.distances_mm[a]), first.vertices[a], to_second.places_mm[a]
    if to_first.distances_mm[b] < best[0]:
        best = float(to_first.distances_mm[b]), to_first.places_mm[b], second.vertices[b]
    if best[0] <= TOUCHING_MM:
        return 0.0, best[1], best[1]
    crossed = _crossing(first, second, to_second.distances_mm)
    if crossed is None:
        crossed = _crossing(second, first, to_first.distances_mm)
    if crossed is not None:
        return 0.0, crossed, crossed
    near_first = _edges_within(first, to_second.distances_mm, best[0])
    near_second = _edges_within(second, to_first.distances_mm, best[0])
    return _between_edges(first.vertices[near_first], second.vertices[near_second], best)


def _edges_within(mesh: SurfaceMesh, away_mm: np.ndarray, least_mm: float) -> np.ndarray:
    """Edges (k, 2) with a point that may be nearer than `least_mm`: both ends within it and half their length."""
    edges = np.unique(np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    lengths = np.linalg.norm(mesh.vertices[edges[:, 1]] - mesh.vertices[edges[:, 0]], axis=1)
    # The distance changes by no more than the way along the edge.
    return edges[(away_mm[edges].sum(axis=1) - lengths) / 2.0 < least_mm]


def _crossing(first: SurfaceMesh, second: SurfaceMesh, away_mm: np.ndarray) -> np.ndarray | None:
    """A place (3,) where an edge of the first goes through a face of the second; None where none does.

    Bars that cross have no corner in each other, and no edges that meet.

    Args:
        away_mm: (n,) distance of each corner of the first from the second.
    """
    edges = _edges_within(first, away_mm, TOUCHING_MM)
    if not len(edges):
        return None
    from open3d.core import Tensor
    from open3d.t.geometry import RaycastingScene

    middle = second.vertices.mean(axis=0)
    scene = RaycastingScene(1)
    corners = Tensor.from_numpy(np.ascontiguousarray(second.vertices - middle, dtype=np.float32))
    scene.add_triangles(corners, Tensor.from_numpy(np.ascontiguousarray(second.faces, dtype=np.uint32)))
    start = first.vertices[edges[:, 0]] - middle
    along = first.vertices[edges[:, 1]] - middle - start
    rays = Tensor.from_numpy(np.ascontiguousarray(np.hstack([start, along]), dtype=np.float32))
    # A ray's length is told in its own direction's length: up to 1 lies on the edge.
    met = scene.cast_rays(rays, nthreads=1)["t_hit"].numpy()
    n = int(met.argmin())
    return middle + start[n] + float(met[n]) * along[n] if met[n] <= 1.0 else None


def _between_edges(
    first: np.ndarray, second: np.ndarray, best: tuple[float, np.ndarray, np.ndarray]
) -> tuple[float, np.ndarray, np.ndarray]:
    """The better of `best` and the nearest places of edges (n, 2, 3) and (m, 2, 3)."""
    if len(first) * len(second) > _MOST_PAIRS:
        first, second = _near_boxes(first, second, best[0]), _near_boxes(second, first, best[0])
    if len(first) * len(second) > _MOST_PAIRS:
        raise PlannerError("the gap is not told", "too much of both surfaces is equally near", "choose others")
    for start in range(0, len(first), max(1, 200_000 // max(len(second), 1))):
        part = first[start : start + max(1, 200_000 // max(len(second), 1))]
        one, other = np.repeat(part, len(second), axis=0), np.tile(second, (len(part), 1, 1))
        here, there = _nearest_of_segments(one, other)
        away = np.linalg.norm(here - there, axis=1)
        n = int(away.argmin()) if len(away) else -1
        if n >= 0 and away[n] < best[0]:
            best = float(away[n]), here[n], there[n]
    return best


def _near_boxes(edges: np.ndarray, others: np.ndarray, reach_mm: float) -> np.ndarray:
    low, high = others.min(axis=(0, 1)) - reach_mm, others.max(axis=(0, 1)) + reach_mm
    return edges[((edges.max(axis=1) >= low) & (edges.min(axis=1) <= high)).all(axis=1)]


def _nearest_of_segments(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest places (n, 3) of segments (n, 2, 3). Source: C. Ericson, Real-Time Collision Detection, 5.1.9."""
    p, q = first[:, 0], second[:, 0]
    u, v = first[:, 1] - p, second[:, 1] - q
    r = p - q
    a, e, b = (np.einsum("ij,ij->i", *pair) for pair in ((u, u), (v, v), (u, v)))
    c, f = np.einsum("ij,ij->i", u, r), np.einsum("ij,ij->i", v, r)
    a, e = np.maximum(a, 1e-30), np.maximum(e, 1e-30)
    across = a * e - b * b
    s = np.clip(
        np.where(across > 1e-18, (b * f - c * e) / np.where(across > 1e-18, across, 1.0), 0.0), 0.0, 1.0
    )
    t = (b * s + f) / e
    s = np.where(t < 0.0, np.clip(-c / a, 0.0, 1.0), np.where(t > 1.0, np.clip((b - c) / a, 0.0, 1.0), s))
    t = np.clip(t, 0.0, 1.0)
    return p + s[:, None] * u, q + t[:, None] * v


def _enter(first: SurfaceMesh, second: SurfaceMesh) -> bool:
    """Whether corners of the first lie in the closed second."""
    return bool(_is_in(first, second).any())


def _place_inside(first: SurfaceMesh, second: SurfaceMesh) -> np.ndarray:
    inside = _is_in(first, second)
    return first.vertices[inside.argmax()] if inside.any() else second.vertices[_is_in(second, first).argmax()]


def _is_in(first: SurfaceMesh, second: SurfaceMesh) -> np.ndarray:
    """(n,) corners of the first that lie in the second and not on it."""
    inside = np.zeros(len(first.vertices), dtype=bool)
    low, high = second.bounds_mm
    near = np.flatnonzero(((first.vertices > low) & (first.vertices < high)).all(axis=1))
    if not second.is_closed or not len(near):
        return inside
    from open3d.core import Tensor
    from open3d.t.geometry import RaycastingScene

    middle = second.vertices.mean(axis=0)
    scene = RaycastingScene(1)
    corners = Tensor.from_numpy(np.ascontiguousarray(second.vertices - middle, dtype=np.float32))
    scene.add_triangles(corners, Tensor.from_numpy(np.ascontiguousarray(second.faces, dtype=np.uint32)))
    points = Tensor.from_numpy(np.ascontiguousarray(first.vertices[near] - middle, dtype=np.float32))
    found = scene.compute_occupancy(points, nthreads=1, nsamples=3).numpy() > 0
    # Surfaces that share a wall lie on each other; rounding must not put one into the other.
    ids = near[found]
    if len(ids):
        deep = nearest_on(second.vertices, second.faces, first.vertices[ids]).distances_mm > 0.01
        inside[ids[deep]] = True
    return inside

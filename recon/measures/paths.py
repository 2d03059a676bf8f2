"""The shortest way along a surface between two points of it."""

from __future__ import annotations

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from recon.measures.nearest import nearest_on

# Nearer to a corner than this the corner itself is the end: a triangle that is split there would have no area.
_AT_CORNER = 1e-6
# What is straight to within this needs no point in between.
_STRAIGHT_MM = 1e-4


def surface_path(mesh: SurfaceMesh, start_mm: np.ndarray, end_mm: np.ndarray) -> np.ndarray:
    """Points (n, 3) of a shortest way from the place of the surface nearest to one point to that nearest to another.

    It is shortest among the ways near it: where two ways around lead there, the one along fewer edges is taken.

    Source: N. Sharp, K. Crane, You Can Find Geodesic Paths in Triangle Meshes by Just Flipping Edges, ACM TOG 39
    (2020) 249; potpourri3d.

    Raises:
        PlannerError: no way leads from one to the other, or the surface is not one sheet.
    """
    from potpourri3d import EdgeFlipGeodesicSolver

    ends = np.stack([start_mm, end_mm])
    if np.linalg.norm(ends[1] - ends[0]) < _STRAIGHT_MM:
        raise _no_way("both points are in one place", "choose two points")
    vertices, faces, ids = _with_points(mesh, ends)
    try:
        solver = EdgeFlipGeodesicSolver(vertices, faces)
        path = np.asarray(solver.find_geodesic_path(*ids), dtype=np.float64)
    except (RuntimeError, ValueError) as error:
        raise _no_way(
            "the points lie on two parts, or the surface is no single sheet", "choose others"
        ) from error
    if len(path) < len(ends):
        raise _no_way("the points lie on two parts of the surface", "choose two points of one part")
    return _thinned(path)


def _with_points(mesh: SurfaceMesh, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The surface with its places nearest to points (k, 3) as vertices, and the ids of these."""
    vertices, faces, ids = mesh.vertices, mesh.faces, []
    for point in points_mm:
        found = nearest_on(vertices, faces, point[None])
        corners, weights = faces[found.faces[0]], found.weights[0]
        inside = weights > _AT_CORNER
        if inside.sum() == 1:
            ids.append(int(corners[inside.argmax()]))
            continue
        new = len(vertices)
        vertices = np.concatenate([vertices, found.places_mm])
        faces = _split(faces, int(found.faces[0]), corners, inside, new)
        ids.append(new)
    return vertices, faces, ids


def _split(faces: np.ndarray, at: int, corners: np.ndarray, inside: np.ndarray, new: int) -> np.ndarray:
    """The triangles with a new vertex in triangle `at`, or, where it lies on a side, in both that share the side."""
    if inside.all():
        return np.concatenate([np.delete(faces, at, axis=0), _fan(corners, new)])
    first, second = corners[inside]
    both = np.flatnonzero((faces == first).any(axis=1) & (faces == second).any(axis=1))
    halves = []
    for face in faces[both]:
        for corner in (first, second):
            half = face.copy()
            half[face == corner] = new
            halves.append(half)
    return np.concatenate([np.delete(faces, both, axis=0), np.array(halves)])


def _fan(corners: np.ndarray, new: int) -> np.ndarray:
    a, b, c = corners
    return np.array([[a, b, new], [b, c, new], [c, a, new]])


def _thinned(path: np.ndarray) -> np.ndarray:
    """The path without points that lie on the straight line between their neighbours."""
    kept = [0]
    for n in range(1, len(path) - 1):
        along = path[n + 1] - path[kept[-1]]
        length = float(np.linalg.norm(along))
        off = np.linalg.norm(np.cross(path[n] - path[kept[-1]], along)) / length if length > 0.0 else 1.0
        if off > _STRAIGHT_MM:
            kept.append(n)
    return path[[*kept, len(path) - 1]]


def _no_way(why: str, fix: str) -> PlannerError:
    return PlannerError("there is no distance along the surface", why, fix)

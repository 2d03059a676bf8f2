"""Well-shaped triangles: vertices slide along the surface to even places and are put back on the zero level."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from recon.surfaces.cases import CORNERS
from recon.surfaces.dual import QuadMesh

_STEP_LIMIT = 0.3
"""Longest single step towards the level, in grid steps: a nearly flat field must not throw a vertex away."""

_LEASH = 0.75
"""How far a vertex may stray from where the mesher put it, in grid steps per axis: on longer, sheets cross."""


def relaxed(mesh: QuadMesh, field: np.ndarray, n_rounds: int) -> QuadMesh:
    """Even out a mesh of the zero level of `field` without moving the surface.

    Each round moves every vertex towards the mean of its neighbours, keeps only the part along the
    surface, and walks back onto the zero level.

    Args:
        mesh: quadrilaterals in grid indices, from `dual_surface` of the same field.
        field: float32, the grid of equal steps along its axes.
        n_rounds: 0 leaves the mesh as it is.
    """
    neighbours = _neighbour_mean(mesh)
    points = start = mesh.vertices
    for _ in range(n_rounds):
        _, normal = _value_and_direction(field, points)
        move = 0.6 * (neighbours @ points - points)
        move -= normal * np.einsum("ij,ij->i", move, normal)[:, None]
        points = _onto_level(field, points + move)
        points = start + np.clip(points - start, -_LEASH, _LEASH)
    return QuadMesh(points, mesh.quads)


def triangles(mesh: QuadMesh) -> np.ndarray:
    """Split each quadrilateral (m, 4) along the diagonal whose worse triangle is the better; (2 m, 3)."""
    first = (mesh.quads[:, [0, 1, 2]], mesh.quads[:, [0, 2, 3]])
    second = (mesh.quads[:, [0, 1, 3]], mesh.quads[:, [1, 2, 3]])
    worst = [
        np.minimum(*(triangle_quality(mesh.vertices[faces]) for faces in pair)) for pair in (first, second)
    ]
    take_first = (worst[0] >= worst[1])[:, None]
    return np.concatenate([np.where(take_first, a, b) for a, b in zip(first, second, strict=True)])


def triangle_quality(corners: np.ndarray) -> np.ndarray:
    """Shape (n,) of triangles (n, 3 corners, 3): 1 equal sides, 0 flat. Source: 4 sqrt(3) A / sum l^2."""
    sides = np.roll(corners, -1, axis=1) - corners
    double_area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    squares = np.einsum("ijk,ijk->i", sides, sides)
    return 2.0 * np.sqrt(3.0) * double_area / np.maximum(squares, 1e-300)


def _neighbour_mean(mesh: QuadMesh) -> sparse.csr_matrix:
    """The matrix that takes vertices to the mean of their neighbours; each side occurs both ways."""
    start, end = mesh.quads.ravel(), np.roll(mesh.quads, -1, axis=1).ravel()
    n = len(mesh.vertices)
    weight = 1.0 / np.bincount(start, minlength=n)[start]
    return sparse.csr_matrix((weight, (start, end)), shape=(n, n))


def _onto_level(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    value, normal = _value_and_direction(field, points)
    return points - np.clip(value, -_STEP_LIMIT, _STEP_LIMIT)[:, None] * normal


def _value_and_direction(field: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance (n,) to the level, as the slope tells it, and the unit slope (n, 3), in grid steps."""
    limit = np.array(field.shape) - 1
    low = np.clip(np.floor(points).astype(np.int64), 0, limit - 1)
    part = points - low
    value = np.zeros(len(points))
    slope = np.zeros((len(points), 3))
    for corner in CORNERS:
        f = field[tuple((low + corner).T)]
        weights = np.where(corner == 1, part, 1.0 - part)
        value += f * weights.prod(axis=1)
        for axis in range(3):
            others = weights[:, (axis + 1) % 3] * weights[:, (axis + 2) % 3]
            slope[:, axis] += (2.0 * corner[axis] - 1.0) * f * others
    length = np.maximum(np.linalg.norm(slope, axis=1), 1e-12)
    return value / length, slope / length[:, None]

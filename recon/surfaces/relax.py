"""Well-shaped triangles: vertices slide along the surface to even places and are put back on the zero level."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from recon.surfaces.cases import CORNERS
from recon.surfaces.dual import QuadMesh

_STEP_LIMIT = 0.3
"""Longest single step towards the level, in grid steps: a nearly flat field must not throw a vertex away."""

_LEASH = 0.35
"""How far a vertex may stray from where the mesher put it, in grid steps per axis: on longer, thin walls cross."""


def relaxed(mesh: QuadMesh, field: np.ndarray, n_rounds: int) -> QuadMesh:
    """Even out a mesh of the zero level of `field` without moving the surface.

    Each round moves every vertex towards the mean of its neighbours, keeps only the part along the
    surface, and takes the vertex onto the zero level.

    Args:
        mesh: quadrilaterals in grid indices, from `dual_surface` of the same field.
        field: float32, the grid of equal steps along its axes.
        n_rounds: 0 leaves the mesh as it is.
    """
    neighbours = _neighbour_mean(mesh)
    points = start = mesh.vertices
    for _ in range(n_rounds):
        distance, normal = _distance_and_normal(field, points)
        move = 0.6 * (neighbours @ points - points)
        across = np.einsum("ij,ij->i", move, normal) + distance
        points = start + np.clip(points + move - across[:, None] * normal - start, -_LEASH, _LEASH)
    if n_rounds:
        distance, normal = _distance_and_normal(field, points)
        points = points - distance[:, None] * normal
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


def _distance_and_normal(field: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance (n,) to the level, as the slope tells it, and the unit slope (n, 3), in grid steps.

    The distance is cut off at the longest step that is safe where the field is not straight.
    """
    low = np.clip(points.astype(np.int64), 0, np.array(field.shape) - 2)
    high_share = points - low
    low_share = 1.0 - high_share
    first = np.ravel_multi_index(tuple(low.T), field.shape)
    flat, strides = field.ravel(), (field.shape[1] * field.shape[2], field.shape[2], 1)
    value = np.zeros(len(points))
    slope = np.zeros((len(points), 3))
    for corner in CORNERS:
        f = flat[first + int(corner @ strides)]
        x, y, z = ((high_share if bit else low_share)[:, axis] for axis, bit in enumerate(corner))
        sign = 2 * corner - 1
        value += f * x * y * z
        slope[:, 0] += sign[0] * f * y * z
        slope[:, 1] += sign[1] * f * x * z
        slope[:, 2] += sign[2] * f * x * y
    length = np.maximum(np.sqrt(np.einsum("ij,ij->i", slope, slope)), 1e-12)
    return np.clip(value / length, -_STEP_LIMIT, _STEP_LIMIT), slope / length[:, None]

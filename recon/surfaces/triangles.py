"""Quads to triangles, and how well-shaped triangles are."""

from __future__ import annotations

import numpy as np

from recon.surfaces.dual import QuadMesh


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

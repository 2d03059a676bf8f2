"""The smooth skin that a closed curve spans, as triangles: what a patch covers when the surface itself has a hole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

N_AROUND = 72
N_RINGS = 9
N_ROUNDS = 4

Drape = Callable[[np.ndarray], np.ndarray]
"""Places (n, 3) LPS mm -> the places (n, 3) nearest to them on a surface that is there."""


@dataclass(frozen=True, eq=False)
class Membrane:
    """Triangles within a closed curve; the curve's samples come first.

    Attributes:
        vertices_mm: (n, 3) LPS. faces: (m, 3).
        from_rim: (n, k) matrix that makes all vertices of the k samples of the rim; a moved rim makes a moved skin.
        n_rim: how many of the vertices are the rim.
    """

    vertices_mm: np.ndarray
    faces: np.ndarray
    from_rim: np.ndarray
    n_rim: int

    @property
    def area_mm2(self) -> float:
        """Its area."""
        return float(areas_mm2(self.vertices_mm, self.faces))

    def draped(self, drape: Drape) -> Membrane:
        """The same triangles on a surface that is there; the rim stays."""
        inner = drape(self.vertices_mm[self.n_rim :])
        return Membrane(
            np.concatenate([self.vertices_mm[: self.n_rim], inner]), self.faces, self.from_rim, self.n_rim
        )


def membrane(rim_mm: np.ndarray) -> Membrane:
    """The skin of least area, nearly, within a closed curve (k, 3) of evenly spaced samples.

    Source: U. Pinkall, K. Polthier, Computing discrete minimal surfaces and their conjugates, Experimental
    Mathematics 2 (1993) 15: harmonic coordinates with the cotangents of the skin found before.
    """
    n = len(rim_mm)
    faces = _faces(n)
    shares = 1.0 - np.arange(1, N_RINGS) / N_RINGS
    middle = rim_mm.mean(axis=0)
    rings = [rim_mm, *(middle + share * (rim_mm - middle) for share in shares), middle[None]]
    vertices = np.concatenate(rings)
    from_rim = np.zeros((len(vertices), n))
    for _ in range(N_ROUNDS):
        stiff = cotangent_matrix(vertices, faces)
        from_rim = np.concatenate([np.eye(n), np.linalg.solve(stiff[n:, n:], -stiff[n:, :n])])
        vertices = from_rim @ rim_mm
    return Membrane(vertices, faces, from_rim, n)


def even_rim(curve_mm: np.ndarray, n: int = N_AROUND) -> np.ndarray:
    """Matrix (n, m) that takes the m samples of a closed curve (m, 3) to n samples evenly spaced along it."""
    m = len(curve_mm)
    step = np.linalg.norm(np.roll(curve_mm, -1, axis=0) - curve_mm, axis=1)
    along = np.concatenate([[0.0], np.cumsum(step)])
    places = np.arange(n) / n * along[-1]
    before = np.clip(np.searchsorted(along, places, side="right") - 1, 0, m - 1)
    share = (places - along[before]) / step[before]
    rows = np.zeros((n, m))
    rows[np.arange(n), before] += 1.0 - share
    rows[np.arange(n), (before + 1) % m] += share
    return rows


def areas_mm2(vertices_mm: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area (...) of triangles (m, 3) between vertices (..., n, 3)."""
    a, b, c = (vertices_mm[..., faces[:, k], :] for k in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=-1).sum(axis=-1) / 2.0)


def cotangent_matrix(vertices_mm: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The stiffness matrix (n, n) of the Laplacian on triangles: rows sum to 0, cotangents off the diagonal, negative.

    Cotangents of nearly flat triangles are held, so that one sliver does not rule its neighbours.
    """
    n = len(vertices_mm)
    found = np.zeros((n, n))
    for k in range(3):
        at, one, other = faces[:, k], faces[:, (k + 1) % 3], faces[:, (k + 2) % 3]
        u, v = vertices_mm[one] - vertices_mm[at], vertices_mm[other] - vertices_mm[at]
        sine = np.linalg.norm(np.cross(u, v), axis=1)
        half = 0.5 * np.clip((u * v).sum(axis=1) / np.maximum(sine, 1e-12), -5.0, 20.0)
        np.add.at(found, (one, other), -half)
        np.add.at(found, (other, one), -half)
        np.add.at(found, (one, one), half)
        np.add.at(found, (other, other), half)
    return found


def _faces(n: int) -> np.ndarray:
    """Triangles of `N_RINGS` rings of n vertices, from the rim inwards, and one in the middle."""
    around = np.arange(n)
    after = (around + 1) % n
    found = []
    for ring in range(N_RINGS - 1):
        outer, inner = ring * n, (ring + 1) * n
        found.append(np.stack([outer + around, outer + after, inner + after], axis=1))
        found.append(np.stack([outer + around, inner + after, inner + around], axis=1))
    last = (N_RINGS - 1) * n
    found.append(np.stack([last + around, last + after, np.full(n, N_RINGS * n)], axis=1))
    return np.concatenate(found)

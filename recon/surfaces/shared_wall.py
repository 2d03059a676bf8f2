"""The wall that two structures share, as one patch: where it lies, where it faces and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recon.surfaces.multi import MultiSurface


@dataclass(frozen=True, eq=False)
class SharedWall:
    """The largest connected wall between two structures.

    Attributes:
        faces: (k, 3) vertices of the surface it is part of, normals out of the first structure.
        centre_mm: (3,) LPS mm, its middle by area.
        normal: (3,) mean unit normal, from the first structure to the second.
        area_mm2: seen along the normal.
    """

    faces: np.ndarray
    centre_mm: np.ndarray
    normal: np.ndarray
    area_mm2: float


def shared_wall(surface: MultiSurface, key: str, other: str) -> SharedWall | None:
    """The wall from one structure to another; None where they share none, or one that closes on itself.

    Raises:
        KeyError: no such structure.
    """
    faces = _largest_patch(surface.vertices, surface.shared(key, other))
    if not len(faces):
        return None
    areas = vector_areas(surface.vertices, faces)
    size, whole = np.linalg.norm(areas, axis=1), areas.sum(axis=0)
    area_mm2 = float(np.linalg.norm(whole))
    if area_mm2 < 1e-6 * float(size.sum()):
        return None
    centre_mm = (surface.vertices[faces].mean(axis=1) * size[:, None]).sum(axis=0) / size.sum()
    return SharedWall(faces, centre_mm, whole / area_mm2, area_mm2)


def vector_areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals (k, 3) of faces, as long as their areas."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    return 0.5 * np.cross(b - a, c - a)


def _largest_patch(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The faces of the connected part with the largest area."""
    if not len(faces):
        return faces
    n = len(vertices)
    start, end = faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel()
    graph = sparse.coo_matrix((np.ones(len(start)), (start, end)), shape=(n, n))
    _, part = sparse.csgraph.connected_components(graph, directed=False)
    area = np.linalg.norm(vector_areas(vertices, faces), axis=1)
    largest = np.bincount(part[faces[:, 0]], area).argmax()
    return faces[part[faces[:, 0]] == largest]

"""Two surfaces that share a wall, triangle by triangle: the rim of that wall, and both as one without it."""

from __future__ import annotations

import numpy as np

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh

INSIDE = {1: "first", 2: "second"}


def between(anatomy: Anatomy, key: str, other: str) -> np.ndarray | None:
    """The rim (k, 3), LPS mm, of the wall that two structures share; None where they share none.

    Surfaces that were edited or came from files share no triangles: they have no rim.
    """
    from recon.surfaces.multi import MultiSurface
    from recon.surfaces.rings import ring_between

    if key not in anatomy.surfaces or other not in anatomy.surfaces:
        return None
    vertices, first, second, is_shared, _ = _welded(anatomy.surfaces[key], anatomy.surfaces[other])
    if not is_shared.any():
        return None
    faces = np.concatenate([first, second[~_in(second, first)]])
    inside = np.r_[np.ones(len(first)), np.full(len(faces) - len(first), 2)].astype(np.uint8)
    outside = np.r_[np.where(is_shared, 2, 0), np.zeros(len(faces) - len(first))].astype(np.uint8)
    ring = ring_between(MultiSurface(vertices, faces, inside, outside, INSIDE), "first", "second")
    return None if ring is None else ring.points_mm


def joined(first: SurfaceMesh, second: SurfaceMesh) -> SurfaceMesh:
    """Both as one closed surface without the wall between them; the first alone where they share none."""
    vertices, one, other, is_shared, is_shared_too = _welded(first, second)
    if not is_shared.any():
        return first
    both = SurfaceMesh(vertices, np.concatenate([one[~is_shared], other[~is_shared_too]]))
    return both if both.is_closed else first


def _welded(
    first: SurfaceMesh, second: SurfaceMesh
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Common vertices, both surfaces' faces on them, and which faces of each the other has, turned around."""
    places = np.concatenate([first.vertices, second.vertices])
    vertices, number = np.unique(places, axis=0, return_inverse=True)
    number = number.ravel()
    one, other = number[first.faces], number[second.faces + len(first.vertices)]
    return vertices, one, other, _in(one, other), _in(other, one)


def _in(faces: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether each face (m, 3) is among others, whichever way it turns."""
    n = int(max(faces.max(initial=0), others.max(initial=0))) + 1
    codes, theirs = (np.sort(part, axis=1) @ np.array([n * n, n, 1]) for part in (faces, others))
    return np.isin(codes, theirs)

"""The 256 ways a surface passes through a grid cell, and which crossed edges belong to one patch of it.

One vertex per patch (not per cell) is what makes the dual surface a 2-manifold.
Source: Nielson, Dual marching cubes, IEEE Visualization 2004; the two exceptions: Wenger, Isosurfaces, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

CORNERS = np.array(list(product((0, 1), repeat=3)))
"""Offsets (8, 3) of a cell's corners along the three grid axes; the row is the corner's bit in a case."""

EDGES = np.array([(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1])
"""The 12 edges (12, 2) of a cell as corner numbers, the lower corner first."""

EDGE_AXIS = np.array([int(np.flatnonzero(CORNERS[b] - CORNERS[a])[0]) for a, b in EDGES])
"""The grid axis (12,) that each edge runs along."""

FACES = tuple(product(range(3), (0, 1)))
"""The six faces of a cell as (axis, side)."""

NO_FACE = -1


@dataclass(frozen=True, eq=False)
class CaseTables:
    """What each case means, in two ways to settle a face whose diagonal corners lie inside.

    Attributes:
        n_patches: (2, 256) patches of the surface in a cell; row 0 parts the inside corners of such a
            face, row 1 parts the outside corners.
        patch_of_edge: (2, 256, 12) patch that crosses an edge, 0 where none does.
        pinched_face: (256,) the face, as its number in `FACES`, that one patch of row 0 crosses twice, or
            `NO_FACE`.
    """

    n_patches: np.ndarray
    patch_of_edge: np.ndarray
    pinched_face: np.ndarray


def _inside(case: int) -> list[bool]:
    return [bool(case >> corner & 1) for corner in range(8)]


def _face_edges(face: tuple[int, int]) -> list[int]:
    axis, side = face
    return [i for i, (a, b) in enumerate(EDGES) if CORNERS[a][axis] == side and CORNERS[b][axis] == side]


def _links(case: int, parted: bool) -> list[tuple[int, int]]:
    """Pairs of crossed edges that the surface joins on a face; `parted`: the side whose corners part."""
    inside = _inside(case)
    pairs = []
    for face in FACES:
        crossed = [e for e in _face_edges(face) if inside[EDGES[e][0]] != inside[EDGES[e][1]]]
        if len(crossed) == 2:
            pairs.append((crossed[0], crossed[1]))
        elif len(crossed) == 4:
            for corner in {c for e in crossed for c in EDGES[e] if inside[c] == parted}:
                first, second = (e for e in crossed if corner in EDGES[e])
                pairs.append((first, second))
    return pairs


def _patches(case: int, parted: bool) -> np.ndarray:
    """The patch (12,) of each edge, -1 where the surface does not cross it."""
    inside = _inside(case)
    patch = np.array([e if inside[a] != inside[b] else -1 for e, (a, b) in enumerate(EDGES)])
    for first, second in _links(case, parted):
        patch[patch == patch[second]] = patch[first]
    for number, name in enumerate(sorted(set(patch[patch >= 0]))):
        patch[patch == name] = number
    return patch


def _pinched(case: int, patch: np.ndarray) -> int:
    for number, face in enumerate(FACES):
        on_face = patch[_face_edges(face)]
        if (on_face >= 0).all() and len(set(on_face)) == 1:
            return number
    return NO_FACE


@cache
def case_tables() -> CaseTables:
    """The tables, worked out once per process."""
    patch = np.array([[_patches(case, parted) for case in range(256)] for parted in (True, False)])
    pinched = np.array([_pinched(case, patch[0, case]) for case in range(256)], dtype=np.int8)
    return CaseTables(
        n_patches=(patch.max(axis=2) + 1).astype(np.int8),
        patch_of_edge=np.maximum(patch, 0).astype(np.int8),
        pinched_face=pinched,
    )

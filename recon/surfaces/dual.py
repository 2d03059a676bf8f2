"""The mesher: from a field on a grid to a closed, oriented 2-manifold of quadrilaterals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recon.surfaces.cases import CORNERS, EDGE_AXIS, EDGES, FACES, NO_FACE, case_tables

_CLEARANCE = 0.01
"""How near to a grid point the level may cross an edge, as a share of the edge: on it, vertices coincide."""


@dataclass(frozen=True, eq=False)
class QuadMesh:
    """Quadrilaterals with outward normals: vertices (n, 3) in grid indices, quads (m, 4)."""

    vertices: np.ndarray
    quads: np.ndarray


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells that the surface passes: flat index, case, way of settling, number of the first vertex."""

    flat: np.ndarray
    case: np.ndarray
    way: np.ndarray
    first_vertex: np.ndarray
    n_vertices: int
    shape: tuple[int, int, int]


def dual_surface(field: np.ndarray) -> QuadMesh:
    """Mesh the zero level of a field by dual marching cubes.

    Args:
        field: float32 (slices, rows, columns), positive inside and negative on the whole border.

    Returns:
        A closed 2-manifold; empty when nothing is positive. Taking grid indices as right-handed
        coordinates its normals point outward. Every vertex lies in the cell that it stands for.
    """
    inside = field > 0
    cells = _crossed_cells(inside)
    return QuadMesh(_vertices(field, cells), _quads(inside, cells))


def _crossed_cells(inside: np.ndarray) -> _Cells:
    shape = (inside.shape[0] - 1, inside.shape[1] - 1, inside.shape[2] - 1)
    case = np.zeros(shape, dtype=np.uint8)
    bits = inside.view(np.uint8)
    for bit, (i, j, k) in enumerate(CORNERS):
        case |= bits[i : i + shape[0], j : j + shape[1], k : k + shape[2]] << np.uint8(bit)
    case = case.ravel()
    flat = np.flatnonzero((case != 0) & (case != 255))
    way = _ways(case, flat, shape)
    counts = case_tables().n_patches[way, case[flat]].astype(np.int64)
    return _Cells(flat, case[flat], way, np.cumsum(counts) - counts, int(counts.sum()), shape)


def _ways(case: np.ndarray, flat: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Row of the tables for each crossed cell: 1 where two cells would be pinched at their common face."""
    pinched = case_tables().pinched_face
    way = np.zeros(len(flat), dtype=np.int8)
    stride = (shape[1] * shape[2], shape[2], 1)
    face_of_cell = pinched[case[flat]]
    for number, (axis, side) in enumerate(FACES):
        here = np.flatnonzero(face_of_cell == number)
        neighbour = flat[here] + (stride[axis] if side else -stride[axis])
        opposite = FACES.index((axis, 1 - side))
        way[here] = pinched[case[neighbour]] == opposite
    return way


def _vertices(field: np.ndarray, cells: _Cells) -> np.ndarray:
    """Each patch's vertex: the mean of the points where the level crosses the edges of the patch."""
    tables = case_tables()
    origin = np.stack(np.unravel_index(cells.flat, cells.shape), axis=1)
    total = np.zeros((cells.n_vertices, 3))
    count = np.zeros(cells.n_vertices)
    for edge, (a, b) in enumerate(EDGES):
        bits = cells.case >> np.uint8(a) ^ cells.case >> np.uint8(b)
        here = np.flatnonzero(bits & 1)
        low = origin[here] + CORNERS[a]
        f_low, f_high = field[tuple(low.T)], field[tuple((origin[here] + CORNERS[b]).T)]
        point = low.astype(np.float64)
        point[:, EDGE_AXIS[edge]] += np.clip(f_low / (f_low - f_high), _CLEARANCE, 1.0 - _CLEARANCE)
        vertex = cells.first_vertex[here] + tables.patch_of_edge[cells.way[here], cells.case[here], edge]
        for axis in range(3):
            total[:, axis] += np.bincount(vertex, point[:, axis], cells.n_vertices)
        count += np.bincount(vertex, minlength=cells.n_vertices)
    return total / count[:, None]


def _quads(inside: np.ndarray, cells: _Cells) -> np.ndarray:
    """One quadrilateral around each crossed grid edge, joining the four cells that share the edge."""
    number = np.full(np.prod(cells.shape), NO_FACE, dtype=np.int64)
    number[cells.flat] = np.arange(len(cells.flat))
    return np.concatenate([_quads_along(inside, cells, number, axis) for axis in range(3)])


def _quads_along(inside: np.ndarray, cells: _Cells, number: np.ndarray, axis: int) -> np.ndarray:
    patch_of_edge = case_tables().patch_of_edge
    along = np.moveaxis(inside, axis, 0)
    changed = np.moveaxis(along[:-1] != along[1:], 0, axis)
    edges = np.stack(np.nonzero(changed), axis=1)
    second, third = (axis + 1) % 3, (axis + 2) % 3
    corners = []
    for i, j in ((1, 1), (0, 1), (0, 0), (1, 0)):
        offset = np.zeros(3, dtype=np.int64)
        offset[second], offset[third] = i, j
        cell = number[np.ravel_multi_index(tuple((edges - offset).T), cells.shape)]
        starts_here = (CORNERS[EDGES[:, 0]] == offset).all(axis=1)
        local = int(np.flatnonzero(starts_here & np.equal(EDGE_AXIS, axis))[0])
        corners.append(cells.first_vertex[cell] + patch_of_edge[cells.way[cell], cells.case[cell], local])
    quads = np.stack(corners, axis=1)
    leaving = inside[tuple(edges.T)]
    quads[~leaving] = quads[~leaving, ::-1]
    return quads

"""Flat lids for cut surfaces: closed outlines, nested ones too, filled with triangles."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkCellArray
from vtkmodules.vtkFiltersGeneral import vtkContourTriangulator

from render.polydata import cell_array, poly_data


def cap(points: np.ndarray, loops: list[np.ndarray], normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill flat loops so that every edge of theirs is met exactly once.

    Wall and cavity outlines may be nested: what lies between them is filled, the cavity is not.

    Args:
        points: (n, 3) in mm.
        loops: ids into `points`, each loop closed, outer ones counter-clockwise seen against `normal`.
        normal: unit direction the lid faces.

    Returns:
        Triangles (m, 3) of ids, and points (k, 3) that had to be added, whose ids start at n. Points are
        added only where outlines cross themselves or each other, which no flat filling can follow: such a
        loop is filled as a fan about its middle, closed but overlapping.
    """
    if not loops:
        return np.zeros((0, 3), dtype=np.int64), np.zeros((0, 3))
    faces = _triangulate(points, loops, normal)
    if _is_bounded_by(faces, loops):
        return faces, np.zeros((0, 3))
    return _cap_one_by_one(points, loops, normal)


def _cap_one_by_one(
    points: np.ndarray, loops: list[np.ndarray], normal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    all_faces: list[np.ndarray] = []
    added: list[np.ndarray] = []
    for loop in loops:
        faces = _triangulate(points, [loop], normal)
        if not _is_bounded_by(faces, [loop]):
            middle = len(points) + len(added)
            added.append(points[loop].mean(axis=0))
            faces = np.stack([loop, np.roll(loop, -1), np.full(len(loop), middle)], axis=1)
        all_faces.append(faces)
    return np.concatenate(all_faces), np.array(added).reshape(-1, 3)


def _triangulate(points: np.ndarray, loops: list[np.ndarray], normal: np.ndarray) -> np.ndarray:
    ids = np.concatenate(loops)
    used, local = np.unique(ids, return_inverse=True)
    ends = np.cumsum([len(loop) for loop in loops])
    following = np.arange(1, len(ids) + 1)
    following[ends - 1] = ends - [len(loop) for loop in loops]
    lines = cell_array(np.stack([local, local[following]], axis=1))
    data = poly_data(points[used])
    data.SetLines(lines)
    triangles = vtkCellArray()
    vtkContourTriangulator.TriangulateContours(data, 0, len(ids), triangles, tuple(normal))
    if not triangles.GetNumberOfCells():
        return np.zeros((0, 3), dtype=np.int64)
    return used[vtk_to_numpy(triangles.GetConnectivityArray()).reshape(-1, 3)]


def _is_bounded_by(faces: np.ndarray, loops: list[np.ndarray]) -> bool:
    if not len(faces):
        return False
    n = int(faces.max()) + 1
    start, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    forward, backward = start * n + end, end * n + start
    edges, counts = np.unique(forward, return_counts=True)
    boundary = edges[~np.isin(edges, backward)]
    wanted = np.concatenate([loop * n + np.roll(loop, -1) for loop in loops])
    return bool((counts == 1).all() and np.array_equal(boundary, np.sort(wanted)))

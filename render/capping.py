"""Flat lids for cut surfaces: closed outlines, nested ones too, filled with triangles."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkCellArray
from vtkmodules.vtkFiltersGeneral import vtkContourTriangulator

from render.ear_clipping import clip_ears
from render.plane_frame import in_plane_axes
from render.polydata import cell_array, poly_data

NO_FACES = np.zeros((0, 3), dtype=np.int64)
# Loop neighbours nearer than this are one point to the triangulation; a plane through a vertex makes many.
SAME_POINT_MM = 1e-5


def cap(points: np.ndarray, loops: list[np.ndarray], normal: np.ndarray) -> np.ndarray:
    """Fill flat loops so that every edge of theirs is met exactly once.

    Wall and cavity outlines may be nested: what lies between them is filled, the cavity is not. Loops that
    cross themselves or each other, which no flat filling can follow, are filled as fans: closed, but
    overlapping.

    Args:
        points: (n, 3) in mm.
        loops: indices into `points`, each loop closed, outer ones counter-clockwise seen against `normal`.
        normal: unit direction the lid faces.

    Returns:
        Triangles (m, 3) of indices into `points`.
    """
    thinned = [_thin(points, loop) for loop in loops]
    solid = [loop for loop, _ in thinned if len(loop) >= 3]
    slivers = [faces for _, faces in thinned]
    return np.concatenate([NO_FACES, *slivers, _fill(points, solid, normal)])


def _fill(points: np.ndarray, loops: list[np.ndarray], normal: np.ndarray) -> np.ndarray:
    """VTK is fast, but gives up on one outline in twenty of a blocky surface; then the slow way takes over."""
    if not loops:
        return NO_FACES
    faces = _triangulate(points, loops, normal)
    if not _is_bounded_by(faces, loops):
        faces = clip_ears(points @ in_plane_axes(normal).T, loops)
    if not _is_bounded_by(faces, loops):
        faces = np.concatenate([_fan(loop) for loop in loops])
    return faces


def _thin(points: np.ndarray, loop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The loop without points that lie on their neighbour, and the flat slivers (k, 3) between the two."""
    steps_mm = np.linalg.norm(points[loop] - points[np.roll(loop, 1)], axis=1)
    stays = steps_mm > SAME_POINT_MM
    if stays.all():
        return loop, NO_FACES
    if stays.sum() < 3:
        return loop[:0], _fan(loop)
    loop = np.roll(loop, -int(np.argmax(stays)))
    stays = np.roll(stays, -int(np.argmax(stays)))
    runs = np.split(loop, np.flatnonzero(stays)[1:])
    following = [run[0] for run in [*runs[1:], runs[0]]]
    slivers = [_fan(np.append(run, end)) for run, end in zip(runs, following, strict=True) if len(run) > 1]
    return loop[stays], np.concatenate(slivers)


def _fan(loop: np.ndarray) -> np.ndarray:
    return np.stack([np.full(len(loop) - 2, loop[0]), loop[1:-1], loop[2:]], axis=1)


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
        return NO_FACES
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

"""The surface of one structure from its labels at once: while a person corrects them, an answer beats a better one."""

from __future__ import annotations

import numpy as np
from scipy import ndimage, sparse

from core.frames import apply_affine
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from recon.surfaces.dual import dual_surface

_BLUR_VOXELS = 0.6
"""Deviation of the Gaussian on a mask: takes the edge off the stairs, and a wall of one voxel stays above the level."""

_THICK = 1.6
"""Steps along an axis longer than this many of the shortest are divided, so that slices leave no terraces."""

_LEAST = 0.02
_MARGIN = 3
_N_ROUNDS = 4

_EXACT_MM = 0.002
"""When the volume is met: all of the surface would have to move by less."""


def surface_of_label(label_map: LabelMap, value: int) -> SurfaceMesh | None:
    """The closed, oriented surface of the voxels with one label, enclosing their volume; None where there are none.

    Every piece is kept: a person who paints a speck sees it. Edges are rounded by about half a voxel.

    Args:
        label_map: any grid, thick slices and mirrored axes included.
        value: the label.

    Returns:
        The surface in LPS mm, normals outward.
    """
    mask = label_map.labels == value
    if not mask.any():
        return None
    box = tuple(_extent(mask, axis) for axis in range(3))
    inside = np.pad(mask[box], _MARGIN).astype(np.float32)
    matrix = label_map.patient_from_index.copy()
    start = np.array([side.start - _MARGIN for side in box], dtype=np.float64)
    matrix[:3, 3] = apply_affine(matrix, start[None])[0]
    field, matrix = _with_even_steps(ndimage.gaussian_filter(inside, _BLUR_VOXELS, truncate=3.0), matrix)
    n_voxels = float(inside.sum()) * abs(np.linalg.det(label_map.patient_from_index[:3, :3]))
    level = _level(field, n_voxels / abs(np.linalg.det(matrix[:3, :3])))
    quads = dual_surface(np.ascontiguousarray(field - np.float32(level), dtype=np.float32))
    faces = _triangles(quads.vertices, quads.quads)
    vertices = apply_affine(matrix, _smoothed(quads.vertices, quads.quads))
    faces = faces if np.linalg.det(matrix[:3, :3]) > 0 else faces[:, ::-1]
    limit_mm = 0.25 * float(np.linalg.norm(matrix[:3, :3], axis=0).min())
    return _enclosing(SurfaceMesh(vertices, faces), n_voxels / 1000.0, limit_mm)


def _extent(mask: np.ndarray, axis: int) -> slice:
    present = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
    return slice(int(present[0]), int(present[-1]) + 1)


def _with_even_steps(field: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The field with thick steps divided, by straight lines between the samples."""
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    divided = np.where(spacing > _THICK * spacing.min(), np.ceil(spacing / spacing.min()), 1.0).astype(int)
    matrix = matrix.copy()
    for axis in np.flatnonzero(divided > 1):
        n = field.shape[axis]
        places = np.arange((n - 1) * divided[axis] + 1) / divided[axis]
        low = np.minimum(places.astype(np.int64), n - 2)
        share = (places - low).astype(np.float32).reshape([-1 if other == axis else 1 for other in range(3)])
        field = field.take(low, axis) * (1.0 - share) + field.take(low + 1, axis) * share
        matrix[:3, axis] /= divided[axis]
    return field, matrix


def _level(field: np.ndarray, n_inside: float) -> float:
    """Half way between the samples that so many are to exceed and the next lower ones."""
    values = field[field > _LEAST]
    n_below = min(max(len(values) - round(n_inside), 1), len(values) - 1)
    parted = np.partition(values, (n_below - 1, n_below))
    return float(np.clip((parted[n_below - 1] + parted[n_below]) / 2.0, 2.0 * _LEAST, 0.8))


def _triangles(vertices: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Each quadrilateral split along its shorter diagonal."""
    first = np.linalg.norm(vertices[quads[:, 0]] - vertices[quads[:, 2]], axis=1)
    second = np.linalg.norm(vertices[quads[:, 1]] - vertices[quads[:, 3]], axis=1)
    turned = np.where((first <= second)[:, None], quads, np.roll(quads, -1, axis=1))
    return np.concatenate([turned[:, [0, 1, 2]], turned[:, [0, 2, 3]]])


def _smoothed(vertices: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Vertices drawn towards the mean of their neighbours, each held within half a step of where it was."""
    start, end = quads.ravel(), np.roll(quads, -1, axis=1).ravel()
    n = len(vertices)
    weight = 1.0 / np.bincount(start, minlength=n)[start]
    mean = sparse.csr_matrix((weight, (start, end)), shape=(n, n))
    points = vertices
    for _ in range(_N_ROUNDS):
        points = vertices + np.clip(points + 0.5 * (mean @ points - points) - vertices, -0.4, 0.4)
    return points


def _enclosing(mesh: SurfaceMesh, volume_ml: float, limit_mm: float) -> SurfaceMesh:
    """The mesh moved along its normals, all alike, until it encloses a volume; of specks it comes near to it."""
    for _ in range(3):
        a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
        double_area = np.cross(b - a, c - a)
        area_mm2 = 0.5 * float(np.linalg.norm(double_area, axis=1).sum())
        missing_mm = 1000.0 * (volume_ml - mesh.volume_ml) / max(area_mm2, 1e-9)
        if abs(missing_mm) < _EXACT_MM:
            break
        normals = np.zeros_like(mesh.vertices)
        for corner in range(3):
            for axis in range(3):
                normals[:, axis] += np.bincount(mesh.faces[:, corner], double_area[:, axis], len(normals))
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        mesh = SurfaceMesh(mesh.vertices + normals * np.clip(missing_mm, -limit_mm, limit_mm), mesh.faces)
    return mesh

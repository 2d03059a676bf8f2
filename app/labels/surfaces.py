"""Surfaces made again of edited labels: only those that are stale; the one door to the mesher."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from app.labels.edited import stale_keys, with_surfaces
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.progress import Progress
from core.volume import LabelMap

Made = Mapping[str, SurfaceMesh | None]
# As far as the mesher smooths a label's staircase: nearer to an edited voxel the surface is the labels'.
TOUCHED_VOXELS = 3.0
# From there on it becomes, over so many voxels, the surface that was there before.
BLENDED_VOXELS = 4.0


def work_of(anatomy: Anatomy, begun: Anatomy) -> Callable[[Progress], Made]:
    """The work that makes the stale surfaces again, for a job; None for a structure that is gone.

    Args:
        anatomy: with labels and stale surfaces.
        begun: the anatomy before the first edit.
    """

    def work(progress: Progress) -> Made:
        from recon.label_surface import surface_of_label

        labels, stale = anatomy.labels, stale_keys(anatomy)
        assert labels is not None
        found: dict[str, SurfaceMesh | None] = {}
        edited_mm, voxel_mm = _edited_mm(begun.labels, labels), float(np.cbrt(1000.0 * labels.voxel_ml))
        for value, key in sorted(labels.names.items()):
            if key in stale:
                progress.report("Updating surfaces", len(found) / len(stale))
                mesh = surface_of_label(labels, value)
                before = begun.surfaces.get(key)
                found[key] = None if mesh is None else _joined(mesh, before, edited_mm, voxel_mm)
        return found

    return work


def with_fresh_surfaces(anatomy: Anatomy | None, begun: Anatomy | None, progress: Progress) -> Anatomy | None:
    """The anatomy with no surface older than its labels: what may leave the program."""
    if anatomy is None or begun is None or not stale_keys(anatomy):
        return anatomy
    return with_surfaces(anatomy, work_of(anatomy, begun)(progress))


def _joined(
    mesh: SurfaceMesh, before: SurfaceMesh | None, edited_mm: np.ndarray, voxel_mm: float
) -> SurfaceMesh:
    """A surface made of labels, away from the edits laid onto the one that was there before.

    An edit moves the surface around it and nowhere else. What is known of a vertex, such as its uncertainty, is that
    of the nearest one before; near the edits it is NaN: unknown.

    Args:
        edited_mm: places (n, 3) of the voxels that are not as they began.
        voxel_mm: side of a voxel.
    """
    if before is None or not len(before.faces):
        return mesh
    from scipy.spatial import cKDTree

    away = np.full(len(mesh.vertices), np.inf)
    if len(edited_mm):
        away = cKDTree(edited_mm).query(mesh.vertices)[0] / voxel_mm
    distance_mm, nearest = cKDTree(before.vertices).query(mesh.vertices)
    normals = _normals(before)[nearest]
    across_mm = np.einsum("ij,ij->i", before.vertices[nearest] - mesh.vertices, normals)
    # Where the two are further apart than labels can be from what they were made of, they are not the same wall.
    is_same = (np.abs(across_mm) < 1.5 * voxel_mm) & (distance_mm < 3.0 * voxel_mm)
    share = np.where(is_same, np.clip((away - TOUCHED_VOXELS) / BLENDED_VOXELS, 0.0, 1.0), 0.0)
    vertices = mesh.vertices + (share * across_mm)[:, None] * normals
    is_unknown = away <= TOUCHED_VOXELS
    fields = {name: np.where(is_unknown, np.nan, values[nearest]) for name, values in before.fields.items()}
    return SurfaceMesh(vertices, mesh.faces, fields)


def _normals(mesh: SurfaceMesh) -> np.ndarray:
    """Unit normals (n, 3) at the vertices, each the mean of its faces' by their areas."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    double_area = np.cross(b - a, c - a)
    normals = np.zeros_like(mesh.vertices)
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(mesh.faces[:, corner], double_area[:, axis], len(normals))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _edited_mm(begun: LabelMap | None, now: LabelMap) -> np.ndarray:
    """Places (n, 3) of the voxels that are not as they began, LPS mm."""
    if begun is None:
        return np.empty((0, 3))
    places = np.flatnonzero(begun.labels != now.labels)
    return now.patient_from_indices(np.stack(np.unravel_index(places, now.shape), axis=1))

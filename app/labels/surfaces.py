"""Surfaces made again of edited labels, sharing their walls; away from the edits they stay where they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from app.labels.edited import stale_keys, with_surfaces
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.progress import Progress
from core.volume import LabelMap

if TYPE_CHECKING:
    from recon.surfaces.labels import LabelScores

Made = Mapping[str, SurfaceMesh | None]
# As far as the mesher smooths a label's staircase: nearer to an edited voxel the surface is the labels'.
TOUCHED_VOXELS = 3.0
# From there on it becomes, over so many voxels, the surface that was there before.
BLENDED_VOXELS = 4.0
_SAME_VOXELS = 2.5
_SAME_VOLUME = 0.05


def work_of(anatomy: Anatomy, begun: Anatomy) -> Callable[[Progress], Made]:
    """The work that makes surfaces of labels again, for a job; None for a structure that is gone.

    Neighbours share their walls, so all are made at once; away from the edits they lie on the ones before.

    Args:
        anatomy: with labels and stale surfaces.
        begun: the anatomy before the first edit.
    """

    def work(progress: Progress) -> Made:
        from recon.surface import multi_surface_of_labels

        labels = anatomy.labels
        assert labels is not None
        before = Before(begun, labels)
        walls = multi_surface_of_labels(
            labels,
            adjusted=before.put_back,
            volumes_ml=before.volumes_ml(labels),
            smallest_part=0.0,
            progress=progress,
        )
        made = walls.structures()
        followers = stale_keys(anatomy) | (made.keys() & anatomy.surfaces.keys())
        return {key: before.known(key, made[key]) if key in made else None for key in sorted(followers)}

    return work


def with_fresh_surfaces(anatomy: Anatomy | None, begun: Anatomy | None, progress: Progress) -> Anatomy | None:
    """The anatomy with no surface older than its labels: what may leave the program."""
    if anatomy is None or begun is None or not stale_keys(anatomy):
        return anatomy
    return with_surfaces(anatomy, work_of(anatomy, begun)(progress))


class Before:
    """The surfaces before the first edit, and how far from the edits they still hold."""

    def __init__(self, begun: Anatomy, now: LabelMap) -> None:
        """Args: begun: the anatomy before the first edit. now: the labels after the last."""
        from scipy.spatial import cKDTree

        self._labels = begun.labels
        self._surfaces = {
            key: begun.surfaces[key]
            for key in now.names.values()
            if key in begun.surfaces and len(begun.surfaces[key].faces)
        }
        edited_mm = _edited_mm(begun.labels, now)
        self._edits = cKDTree(edited_mm) if len(edited_mm) else None
        self._voxel_mm = float(np.cbrt(1000.0 * now.voxel_ml))
        meshes = list(self._surfaces.values())
        self._vertices = np.concatenate([mesh.vertices for mesh in meshes]) if meshes else np.empty((0, 3))
        self._normals = np.concatenate([_normals(mesh) for mesh in meshes]) if meshes else np.empty((0, 3))

    def volumes_ml(self, now: LabelMap) -> dict[str, float]:
        """What surfaces are to enclose: what they did, more or less by what their voxels became more or less."""
        then_ml = self._labels.volumes_ml() if self._labels is not None else {}
        wanted = {}
        for key, now_ml in now.volumes_ml().items():
            enclosed_ml = self._surfaces[key].volume_ml if key in self._surfaces else 0.0
            # A surface that is not of these voxels says nothing of what they enclose.
            if key in then_ml and abs(enclosed_ml - then_ml[key]) < _SAME_VOLUME * min(now_ml, then_ml[key]):
                wanted[key] = enclosed_ml + now_ml - then_ml[key]
        return wanted

    def put_back(self, smooth: LabelScores) -> None:
        """Move walls that were made of labels, away from the edits, to where the surfaces were before them."""
        from scipy.spatial import cKDTree

        flat = smooth.beside_walls()
        places = smooth.places_mm(flat)
        share = np.clip((self._away(places) - TOUCHED_VOXELS) / BLENDED_VOXELS, 0.0, 1.0)
        flat, places, share = flat[share > 0], places[share > 0], share[share > 0]
        if not len(self._vertices) or not len(flat):
            return
        reach_mm = _SAME_VOXELS * self._voxel_mm
        distance_mm, nearest = cKDTree(self._vertices).query(places, distance_upper_bound=reach_mm)
        # Where the two are further apart than labels can be from what they were made of, they are not the same wall.
        is_same = np.isfinite(distance_mm)
        flat, places, share, nearest = flat[is_same], places[is_same], share[is_same], nearest[is_same]
        number = {key: i for i, key in enumerate(smooth.keys, start=1)}
        structures = np.array([number.get(key, 0) for key in self._surfaces])
        starts = np.cumsum([len(mesh.vertices) for mesh in self._surfaces.values()])
        structure = structures[np.searchsorted(starts, nearest, side="right")]
        inside_mm = np.einsum("ij,ij->i", self._vertices[nearest] - places, self._normals[nearest])
        known = structure > 0
        smooth.put_walls(flat[known], structure[known], inside_mm[known], share[known])

    def known(self, key: str, mesh: SurfaceMesh) -> SurfaceMesh:
        """A structure with what was known of the nearest vertices before; NaN, unknown, near the edits."""
        from scipy.spatial import cKDTree

        before = self._surfaces.get(key)
        if before is None or not before.fields:
            return mesh
        nearest = cKDTree(before.vertices).query(mesh.vertices)[1]
        is_unknown = self._away(mesh.vertices) <= TOUCHED_VOXELS
        fields = {name: np.where(is_unknown, np.nan, values[nearest]) for name, values in before.fields.items()}
        return SurfaceMesh(mesh.vertices, mesh.faces, fields)

    def _away(self, places_mm: np.ndarray) -> np.ndarray:
        """How many voxels places (n, 3) lie from the nearest edit."""
        if self._edits is None:
            return np.full(len(places_mm), np.inf)
        reach_mm = (TOUCHED_VOXELS + BLENDED_VOXELS + 1.0) * self._voxel_mm
        away: np.ndarray = self._edits.query(places_mm, distance_upper_bound=reach_mm)[0] / self._voxel_mm
        return away


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

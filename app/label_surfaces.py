"""Surfaces made again of edited labels: only those that are stale; the one door to the mesher."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from app.edited_anatomy import stale_keys, with_surfaces
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.progress import Progress
from core.volume import LabelMap

Made = Mapping[str, SurfaceMesh | None]
# As far as the mesher smooths a label's staircase: nearer to an edited voxel a vertex may have moved.
TOUCHED_VOXELS = 3


def work_of(anatomy: Anatomy, begun: Anatomy) -> Callable[[Progress], Made]:
    """The work that makes the stale surfaces again, for a job; None for a structure that is gone.

    Args:
        anatomy: with labels and stale surfaces.
        begun: the anatomy before the first edit: what is known of a vertex, such as its uncertainty, holds for
            the nearest vertex of the new surface, except near edited voxels, where it becomes NaN: unknown.
    """

    def work(progress: Progress) -> Made:
        from recon.label_surface import surface_of_label

        labels, stale = anatomy.labels, stale_keys(anatomy)
        assert labels is not None
        found: dict[str, SurfaceMesh | None] = {}
        for value, key in sorted(labels.names.items()):
            if key in stale:
                progress.report("Updating surfaces", len(found) / len(stale))
                mesh = surface_of_label(labels, value)
                found[key] = None if mesh is None else _known(mesh, begun, key, labels)
        return found

    return work


def with_fresh_surfaces(anatomy: Anatomy | None, begun: Anatomy | None, progress: Progress) -> Anatomy | None:
    """The anatomy with no surface older than its labels: what may leave the program."""
    if anatomy is None or begun is None or not stale_keys(anatomy):
        return anatomy
    return with_surfaces(anatomy, work_of(anatomy, begun)(progress))


def _known(mesh: SurfaceMesh, begun: Anatomy, key: str, labels: LabelMap) -> SurfaceMesh:
    before = begun.surfaces.get(key)
    if before is None or not before.fields or begun.labels is None:
        return mesh
    from scipy.spatial import cKDTree

    _, nearest = cKDTree(before.vertices).query(mesh.vertices)
    is_touched = _is_touched(mesh.vertices, begun.labels, labels)
    fields = {name: np.where(is_touched, np.nan, values[nearest]) for name, values in before.fields.items()}
    return SurfaceMesh(mesh.vertices, mesh.faces, fields)


def _is_touched(vertices: np.ndarray, before: LabelMap, now: LabelMap) -> np.ndarray:
    """Which vertices (n,) lie within a few voxels of one that was edited."""
    edited = before.labels != now.labels
    index = np.clip(np.rint(now.indices_from_patient(vertices)), 0, np.array(now.shape) - 1).astype(np.int64)
    places = np.flatnonzero(edited)
    if not len(places):
        return np.zeros(len(vertices), dtype=bool)
    from scipy.ndimage import binary_dilation

    found = np.stack(np.unravel_index(places, now.shape))
    low = np.maximum(found.min(axis=1) - TOUCHED_VOXELS, 0)
    high = np.minimum(found.max(axis=1) + TOUCHED_VOXELS + 1, now.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    near = binary_dilation(edited[box], np.ones((3, 3, 3), dtype=bool), iterations=TOUCHED_VOXELS)
    inside = ((index >= low) & (index < high)).all(axis=1)
    touched = np.zeros(len(vertices), dtype=bool)
    touched[inside] = near[tuple((index[inside] - low).T)]
    return touched

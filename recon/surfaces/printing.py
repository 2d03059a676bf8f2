"""Surfaces for a 3-D printer: the blood pool as one body, and a hollow wall around it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from recon.surface import conformal_surfaces_of_labels, multi_surface
from recon.surfaces.grid import shifted, spline
from recon.surfaces.multi import BACKGROUND
from recon.surfaces.offsets import offset

BLOOD_POOL = ("lv", "rv", "la", "ra", "aorta", "pulmonary_artery")
MYOCARDIUM = "lv_myocardium"
THINNEST_MM = 0.5
"""Walls thinner than this do not hold on any printer."""

_STEPS_PER_WALL = 2.0
"""Steps of the grid across a wall: with one only, a slanted wall is open between samples."""

_COARSEST_MM = 1.5
_LARGEST_SHIFT_MM = 1.5
_SMALLEST_PART = 0.05
_MOST_VOXELS = 1e8


def blood_pool_surface(label_map: LabelMap, triangle_mm: float | None = None) -> SurfaceMesh:
    """All cavities and vessels as one body, without walls between them and without hollows inside.

    Left and right heart are two pieces where they do not touch.

    Args:
        label_map: with the structures of `BLOOD_POOL`, or some of them.
        triangle_mm: as in `recon.surface.Meshing`.

    Returns:
        A closed surface in LPS mm.

    Raises:
        PlannerError: the map has no blood pool.
    """
    pool = LabelMap(_pool(label_map).view(np.uint8), label_map.patient_from_index, {1: "blood_pool"})
    return conformal_surfaces_of_labels(pool, triangle_mm=triangle_mm)["blood_pool"]


def wall_surface(label_map: LabelMap, thickness_mm: float, triangle_mm: float | None = None) -> SurfaceMesh:
    """A hollow heart: a shell of one thickness around the blood pool, and the myocardium as it is.

    The inside is the blood pool; vessels are closed at their ends, to be cut open where they are wanted open. A grid
    that is coarse beside the thickness is made finer first: between its samples the shell would have holes.

    Args:
        thickness_mm: of the shell where there is no myocardium.
        triangle_mm: as in `recon.surface.Meshing`; never more than half of the thickness.

    Returns:
        A closed surface in LPS mm whose inner parts face the hollow; two pieces where left and right heart are apart.

    Raises:
        PlannerError: the map has no blood pool, the wall would be too thin to print, or too thin for the memory.
    """
    if not thickness_mm >= THINNEST_MM:
        raise PlannerError(
            "cannot make the wall",
            f"{thickness_mm:g} mm is too thin to print",
            f"choose {THINNEST_MM:g} mm or more",
        )
    step_mm = min(thickness_mm / _STEPS_PER_WALL, triangle_mm or np.inf, _COARSEST_MM)
    spacing_mm = label_map.spacing_mm
    pool, muscle, affine = _around_pool(label_map, thickness_mm)
    _check_memory(pool.shape, spacing_mm, step_mm)
    from_pool, fine_affine = _finer(_distance_mm(pool, spacing_mm), affine, step_mm)
    finer = abs(np.linalg.det(affine[:3, :3]) / np.linalg.det(fine_affine[:3, :3]))
    from_pool -= _level_around(from_pool, np.count_nonzero(pool) * finer)
    outer = offset(from_pool, np.linalg.norm(fine_affine[:3, :3], axis=0), thickness_mm)
    if muscle.any():
        outer = np.maximum(outer, _finer(_distance_mm(muscle, spacing_mm), affine, step_mm)[0])
    scores = np.stack([-outer, np.minimum(outer, -from_pool), from_pool])
    names = {1: "wall", 2: "blood_pool"}
    # On a grid of its own steps: between other samples the thin shell would be cut through.
    fine_mm = float(np.linalg.norm(fine_affine[:3, :3], axis=0).min())
    walls = multi_surface(scores, fine_affine, names, triangle_mm=fine_mm, smallest_part=_SMALLEST_PART)
    if len(walls.shared("blood_pool", BACKGROUND)):
        raise PlannerError(
            "cannot make the wall",
            f"a shell of {thickness_mm:g} mm would have holes",
            "choose a thicker wall, or correct thin places of the labels",
        )
    return walls.structure("wall")


def _around_pool(label_map: LabelMap, thickness_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blood and muscle, boolean, with room for the wall on every side, and their map (4, 4) to LPS mm."""
    pool = _pool(label_map)
    where = ndimage.find_objects(pool.view(np.uint8))[0]
    muscle_values = [value for value, name in label_map.names.items() if name == MYOCARDIUM]
    muscle = np.isin(label_map.labels, muscle_values)
    if muscle.any():
        around = ndimage.find_objects(muscle.view(np.uint8))[0]
        where = tuple(
            slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(where, around, strict=True)
        )
    margin = np.ceil((thickness_mm + 4.0) / label_map.spacing_mm).astype(int)
    start = np.array([side.start for side in where]) - margin
    affine = shifted(np.array(label_map.patient_from_index), start)
    widths = [(int(m), int(m)) for m in margin]
    return np.pad(pool[where], widths), np.pad(muscle[where], widths), affine


def _check_memory(shape: tuple[int, ...], spacing_mm: np.ndarray, step_mm: float) -> None:
    if np.prod(np.array(shape) * np.maximum(spacing_mm / step_mm, 1.0)) > _MOST_VOXELS:
        raise PlannerError(
            "cannot make the wall", "so thin a wall needs too much memory", "choose a thicker wall"
        )


def _level_around(distance_mm: np.ndarray, n_inside: float) -> np.float32:
    """The distance, near 0, that so many samples exceed: measured from voxel to voxel, a round body comes out small."""
    near = np.abs(distance_mm) < _LARGEST_SHIFT_MM
    values = distance_mm[near]
    n_below = len(values) - (round(n_inside) - np.count_nonzero(distance_mm >= _LARGEST_SHIFT_MM))
    if not 0 < n_below < len(values):
        return np.float32(0.0)
    return np.float32(np.partition(values, n_below)[n_below])


def _finer(distance_mm: np.ndarray, affine: np.ndarray, step_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Distances between samples too, at steps no longer than wanted: they are smooth, walls made of them are not."""
    fine = affine.copy()
    for axis, spacing_mm in enumerate(np.linalg.norm(affine[:3, :3], axis=0)):
        n = distance_mm.shape[axis]
        times = int(np.ceil(spacing_mm / step_mm - 1e-6))
        if times > 1:
            weights = spline(n, np.arange((n - 1) * times + 1) / times)
            distance_mm = np.moveaxis(np.tensordot(weights, distance_mm, (1, axis)), 0, axis)
            fine[:3, axis] /= times
    return np.ascontiguousarray(distance_mm, dtype=np.float32), fine


def _pool(label_map: LabelMap) -> np.ndarray:
    """Boolean mask of all blood, hollows filled."""
    values = [value for value, name in label_map.names.items() if name in BLOOD_POOL]
    pool = np.isin(label_map.labels, values)
    if not pool.any():
        raise PlannerError(
            "cannot make a blood pool", "no cavity or vessel is labelled", "reconstruct the heart first"
        )
    filled: np.ndarray = ndimage.binary_fill_holes(pool)
    return filled


def _distance_mm(mask: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Signed distance in mm, positive inside, smoothed by a voxel (at most 1 mm) to take the staircase off."""
    inside = ndimage.distance_transform_edt(mask, spacing_mm)
    outside = ndimage.distance_transform_edt(~mask, spacing_mm)
    distance = (inside - outside).astype(np.float32)
    # The distance to the nearest voxel of the other side is half a voxel more than that to the wall between them.
    distance -= np.sign(distance) * np.float32(0.5 * spacing_mm.min())
    return ndimage.gaussian_filter(distance, np.minimum(spacing_mm, 1.0) / spacing_mm)

"""Surfaces for a 3-D printer: the blood pool as one body, and a hollow wall around it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from recon.surface import conformal_surfaces, conformal_surfaces_of_labels

BLOOD_POOL = ("lv", "rv", "la", "ra", "aorta", "pulmonary_artery")
MYOCARDIUM = "lv_myocardium"
THINNEST_MM = 0.5
"""Walls thinner than this do not hold on any printer."""


def blood_pool_surface(label_map: LabelMap, triangle_mm: float | None = None) -> SurfaceMesh:
    """All cavities and vessels as one body, without walls between them and without hollows inside.

    Left and right heart are two pieces where they do not touch.

    Args:
        label_map: with the structures of `BLOOD_POOL`, or some of them.
        triangle_mm: as in `recon.surface.multi_surface`.

    Returns:
        A closed surface in LPS mm.

    Raises:
        PlannerError: the map has no blood pool.
    """
    pool = LabelMap(_pool(label_map).view(np.uint8), label_map.patient_from_index, {1: "blood_pool"})
    return conformal_surfaces_of_labels(pool, triangle_mm=triangle_mm)["blood_pool"]


def wall_surface(label_map: LabelMap, thickness_mm: float, triangle_mm: float | None = None) -> SurfaceMesh:
    """A hollow heart: a shell of one thickness around the blood pool, and the myocardium as it is.

    The inside is the blood pool; vessels are closed at their ends, to be cut open where they are wanted open.

    Args:
        thickness_mm: of the shell where there is no myocardium.

    Returns:
        The largest piece, closed, in LPS mm; its inner surfaces face the hollow.

    Raises:
        PlannerError: the map has no blood pool, or the wall would be too thin to print.
    """
    if not thickness_mm >= THINNEST_MM:
        raise PlannerError(
            "cannot make the wall",
            f"{thickness_mm:g} mm is too thin to print",
            f"choose {THINNEST_MM:g} mm or more",
        )
    spacing_mm = label_map.spacing_mm
    margin = [(int(np.ceil((thickness_mm + 4.0) / step)),) * 2 for step in spacing_mm]
    pool = np.pad(_pool(label_map), margin)
    from_pool = _distance_mm(pool, spacing_mm)
    outer = from_pool + thickness_mm
    muscle = [value for value, name in label_map.names.items() if name == MYOCARDIUM]
    if muscle and (label_map.labels == muscle[0]).any():
        mask = np.pad(label_map.labels == muscle[0], margin)
        outer = np.maximum(outer, _distance_mm(mask, spacing_mm))
    wall = np.minimum(outer, -from_pool)
    scores = np.stack([-outer, wall, from_pool]).astype(np.float32)
    affine = np.array(label_map.patient_from_index)
    affine[:3, 3] -= affine[:3, :3] @ np.array([before for before, _ in margin])
    names = {1: "wall", 2: "blood_pool"}
    return conformal_surfaces(scores, affine, names, triangle_mm=triangle_mm, smallest_part=1.0)["wall"]


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

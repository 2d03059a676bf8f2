"""From images, fields and label maps to closed surfaces in patient millimetres; the only door to the mesher."""

from __future__ import annotations

import numpy as np

from core.errors import PlannerError
from core.frames import apply_affine
from core.mesh import SurfaceMesh
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume
from recon.surfaces.dual import dual_surface
from recon.surfaces.enclose import mesh_at, mesh_enclosing
from recon.surfaces.grid import FieldGrid, cropped, padded, with_equal_steps
from recon.surfaces.level import level_enclosing, without_small_pieces
from recon.surfaces.masks import largest_pieces, smooth_distance
from recon.surfaces.relax import triangles

SMALLEST_PART = 0.1
"""Default share of the largest piece below which a separate piece is dropped: a cropped scan may hold the
ascending and the descending aorta apart, and both must stay; specks must not."""


def surface_at_level(volume: Volume, level: float, keep_largest: bool = False) -> SurfaceMesh:
    """The closed surface between what is brighter than `level` (inside) and what is not, at full resolution.

    Nothing is smoothed or resampled; where the bright part leaves the volume the surface closes half a
    voxel beyond the outermost voxel centres. The mesher is the project's own because VTK's flying edges left
    open edges in a noisy CT.

    Args:
        volume: any image.
        level: in the unit of the voxels, HU for CT.
        keep_largest: keep only the largest connected bright part.

    Returns:
        A 2-manifold in LPS mm, normals outward.

    Raises:
        PlannerError: no voxel is brighter than the level.
    """
    field = volume.voxels.astype(np.float32)
    if not (field > level).any():
        raise PlannerError(
            "no surface", f"no voxel is brighter than {level:g}", f"choose a level below {field.max():g}"
        )
    grid = padded(FieldGrid(field, volume.patient_from_index), level)
    above = grid.field - np.float32(level)
    mesh = dual_surface(without_small_pieces(above, 1.0) if keep_largest else above)
    return _in_patient(SurfaceMesh(mesh.vertices, triangles(mesh)), grid)


def surface_of_field(
    field: np.ndarray,
    patient_from_index: np.ndarray,
    *,
    target_volume_ml: float | None = None,
    triangle_mm: float | None = None,
    smallest_part: float = SMALLEST_PART,
) -> SurfaceMesh:
    """The closed, oriented, 2-manifold surface of a field that is positive inside.

    The surface closes half a voxel beyond the outermost samples where the structure leaves the grid.

    Args:
        field: (slices, rows, columns), smooth over a voxel or two: a signed distance, a difference of logits.
        patient_from_index: (4, 4), indices to LPS mm; mirrored grids are welcome.
        target_volume_ml: the level is chosen so that the surface encloses this volume; None: the zero level.
        triangle_mm: side of the triangles; None: the finest voxel spacing, held between 1.0 and 1.5 mm, finer
            for a structure that is small.
        smallest_part: pieces with less than this share of the largest piece are dropped; 1 keeps the largest.

    Returns:
        The surface in LPS mm, normals outward.

    Raises:
        PlannerError: nothing lies inside, or no level encloses the target.
    """
    grid = FieldGrid(np.asarray(field, dtype=np.float32), np.array(patient_from_index, dtype=np.float64))
    level = 0.0
    if target_volume_ml is not None:
        level = level_enclosing(grid.field, target_volume_ml / grid.voxel_ml)
    inside = grid.field > level
    if not inside.any():
        raise PlannerError("no surface", "the field is positive nowhere", "check that the structure was found")
    step_mm = triangle_mm or _step_mm(grid, float(inside.sum()) * grid.voxel_ml)
    grid = with_equal_steps(padded(cropped(grid, inside, margin=3), level), step_mm)
    if target_volume_ml is None:
        return _in_patient(mesh_at(grid.field, level, smallest_part), grid)
    target = target_volume_ml / grid.voxel_ml
    return _in_patient(mesh_enclosing(grid.field, level, target, smallest_part), grid)


def surfaces_of_labels(
    label_map: LabelMap,
    *,
    smoothing_mm: float | None = None,
    triangle_mm: float | None = None,
    smallest_part: float = SMALLEST_PART,
    progress: Progress | None = None,
) -> dict[str, SurfaceMesh]:
    """A smooth closed surface of each named structure that occurs, with the volume that its voxels have.

    Args:
        label_map: any grid, thick slices and mirrored axes included.
        smoothing_mm: deviation of the Gaussian that takes the staircase off; None: one voxel along each axis,
            at most 2 mm. The volume does not shrink with it, corners round off.
        triangle_mm, smallest_part: as in `surface_of_field`; dropped pieces count neither in the volume.
        progress: one report per structure.

    Returns:
        Structure key -> surface in LPS mm, in the order of the label values; absent structures are left out.

    Raises:
        Cancelled: from `progress`.
    """
    progress = progress or Silent()
    present = set(np.unique(label_map.labels).tolist())
    values = [value for value in sorted(label_map.names) if value in present and value != 0]
    surfaces = {}
    for number, value in enumerate(values):
        progress.report("surfaces", number / len(values))
        mask = label_map.labels == value
        grid = FieldGrid(mask, label_map.patient_from_index)
        grid = cropped(grid, mask, margin=4)
        mask = largest_pieces(grid.field, smallest_part)
        spacing_mm = np.linalg.norm(grid.patient_from_index[:3, :3], axis=0)
        surfaces[label_map.names[value]] = surface_of_field(
            smooth_distance(mask, spacing_mm, smoothing_mm),
            grid.patient_from_index,
            target_volume_ml=float(mask.sum()) * grid.voxel_ml,
            triangle_mm=triangle_mm,
            smallest_part=smallest_part,
        )
    progress.report("surfaces", 1.0)
    return surfaces


def _step_mm(grid: FieldGrid, volume_ml: float) -> float:
    finest = float(np.linalg.norm(grid.patient_from_index[:3, :3], axis=0).min())
    return min(max(finest, 1.0), 1.5, np.cbrt(1000.0 * volume_ml) / 5.0)


def _in_patient(mesh: SurfaceMesh, grid: FieldGrid) -> SurfaceMesh:
    """Grid indices to LPS mm; a mirroring grid turns the faces so that normals stay outward."""
    is_mirrored = np.linalg.det(grid.patient_from_index[:3, :3]) < 0
    faces = mesh.faces[:, ::-1] if is_mirrored else mesh.faces
    return SurfaceMesh(apply_affine(grid.patient_from_index, mesh.vertices), faces)

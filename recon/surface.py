"""From images, scores and label maps to closed surfaces in patient millimetres; the only door to the meshers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

from core.errors import PlannerError
from core.frames import apply_affine
from core.mesh import SurfaceMesh
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume
from recon.surfaces.dual import dual_surface
from recon.surfaces.grid import FieldGrid, padded, shifted
from recon.surfaces.level import without_small_pieces
from recon.surfaces.multi import MultiSurface
from recon.surfaces.triangles import triangles

if TYPE_CHECKING:
    import torch

    from recon.surfaces.labels import LabelScores
    from recon.surfaces.scores import ScoreGrid

SMALLEST_PART = 0.1
"""Default share of the largest piece below which a separate piece is dropped: a cropped scan may hold the
ascending and the descending aorta apart, and both must stay; specks must not."""

Adjusting = Callable[["LabelScores"], None]
"""What moves walls, in place, between smoothing and meshing."""

_MARGIN = 3
"""Voxels kept around the structures."""

_MOST_VALUES = 1.2e9
"""Scores on the grid that walls are made on, all structures together; finer triangles than this allows are refused."""


class Meshing(TypedDict, total=False):
    """How walls are made, whatever they are made of.

    Attributes:
        triangle_mm: side of the triangles; None: the finest voxel spacing, held between 1.0 and 1.5 mm, finer
            where a structure is small.
        smallest_part: pieces with less than this share of a structure's largest piece go to their neighbours
            (`SMALLEST_PART`); 1 keeps the largest; 0 keeps all.
        progress: told how far it is; may cancel.
        device: where to work ("cpu", "cuda"); None: where the scores are, the CPU for labels.
    """

    triangle_mm: float | None
    smallest_part: float
    progress: Progress | None
    device: str | None


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


def multi_surface(
    scores: torch.Tensor | np.ndarray,
    patient_from_index: np.ndarray,
    names: Mapping[int, str],
    *,
    volumes_ml: Mapping[str, float] | None = None,
    **meshing: Unpack[Meshing],
) -> MultiSurface:
    """The walls between the structures that win the scores, as one conformal surface.

    Every structure is closed, oriented and a 2-manifold; neighbours share the very triangles of their wall; no two
    triangles cross. Vertices lie where the scores of the two sides are equal, to a fraction of a voxel. Walls close
    half a voxel beyond the outermost samples where a structure leaves the grid.

    Args:
        scores: (c, n0, n1, n2), the highest wins: class scores, or signed distances that are positive inside.
            Smooth over a voxel or two.
        patient_from_index: (4, 4), indices to LPS mm; mirrored grids are welcome.
        names: channel -> structure key; channels that are not named are the background, together.
        volumes_ml: structure key -> volume that its walls are to enclose; others enclose what the scores say.
        meshing: see `Meshing`.

    Returns:
        The walls in LPS mm, numbered as the channels.

    Raises:
        PlannerError: no named structure wins anywhere, or the triangles asked for are too small for the memory.
        ValueError: all channels are named, or scores are not finite.
        Cancelled: from `progress`.
    """
    import torch

    from recon.surfaces.scores import ScoreGrid, chosen, cropped, scaled, winners

    values = torch.as_tensor(scores)
    device = meshing.get("device")
    values = values.to(device) if device is not None else values
    channels = sorted(names)
    if len(channels) >= len(values):
        raise ValueError("one channel at least is the background's and has no name")
    if not bool(torch.isfinite(values).all()):
        raise ValueError("scores must be finite")
    grid = ScoreGrid(chosen(values, channels), np.array(patient_from_index, dtype=np.float64))
    labels, _ = winners(grid.scores)
    counts = [int((labels == i).sum()) for i in range(1, len(channels) + 1)]
    if not any(counts):
        raise PlannerError("no surface", "no structure wins anywhere", "check that the structures were found")
    grid = cropped(grid, labels > 0, _MARGIN)
    grid = replace(grid, scores=scaled(grid.scores))
    volumes_ml = volumes_ml or {}
    wanted = {i: volumes_ml[names[c]] for i, c in enumerate(channels, start=1) if names[c] in volumes_ml}
    return _walls(grid, counts, wanted, meshing).numbered(channels, names)


def multi_surface_of_labels(
    label_map: LabelMap,
    *,
    smoothing_mm: float | None = None,
    adjusted: Adjusting | None = None,
    volumes_ml: Mapping[str, float] | None = None,
    **meshing: Unpack[Meshing],
) -> MultiSurface:
    """The walls between the named structures of a label map; each encloses the volume that its voxels have.

    Args:
        label_map: any grid, thick slices and mirrored axes included.
        smoothing_mm: deviation of the Gaussian that takes the staircase off; None: one voxel along each axis,
            at most 2 mm. Volumes do not shrink with it, corners round off.
        adjusted: told of the smoothed scores, to move walls by less than a voxel; None: they are taken as they are.
        volumes_ml: structure key -> volume to enclose in the place of its voxels'.
        meshing: see `Meshing`; dropped pieces count neither in the volumes. With `smallest_part` 0 every voxel stays
            with its label however thin that is, where steps are no longer than voxels.

    Returns:
        The walls in LPS mm, numbered as the labels; without triangles where no named structure occurs.

    Raises:
        PlannerError: the triangles asked for are too small for the memory. Cancelled: from `progress`.
    """
    import torch

    from recon.surfaces.labels import LabelScores, around, largest_pieces_of
    from recon.surfaces.scores import ScoreGrid

    values = [value for value in sorted(label_map.names) if value and (label_map.labels == value).any()]
    if not values:
        return MultiSurface.empty()
    smallest_part = meshing.get("smallest_part", SMALLEST_PART)
    numbered = largest_pieces_of(label_map.labels, values, smallest_part)
    numbered, start = around(numbered)
    counts = np.bincount(numbered.ravel(), minlength=len(values) + 1)[1:].tolist()
    affine = shifted(np.array(label_map.patient_from_index), start)
    smooth = LabelScores.of(numbered, label_map.spacing_mm, smoothing_mm, affine, label_map.names, values)
    if adjusted is not None:
        adjusted(smooth)
    if smallest_part <= 0.0:
        smooth.keep_labels()
    scores = torch.from_numpy(smooth.scores).to(meshing.get("device") or "cpu")
    counted = {key: count * label_map.voxel_ml for key, count in zip(smooth.keys, counts, strict=True)}
    wanted = {i: (volumes_ml or {}).get(key, counted[key]) for i, key in enumerate(smooth.keys, start=1)}
    return _walls(ScoreGrid(scores, affine), counts, wanted, meshing).numbered(values, label_map.names)


def conformal_surfaces(
    scores: torch.Tensor | np.ndarray,
    patient_from_index: np.ndarray,
    names: Mapping[int, str],
    *,
    volumes_ml: Mapping[str, float] | None = None,
    **meshing: Unpack[Meshing],
) -> dict[str, SurfaceMesh]:
    """Structure key -> closed surface in LPS mm of `multi_surface`, in the order of the channels."""
    return multi_surface(scores, patient_from_index, names, volumes_ml=volumes_ml, **meshing).structures()


def conformal_surfaces_of_labels(
    label_map: LabelMap, *, smoothing_mm: float | None = None, **meshing: Unpack[Meshing]
) -> dict[str, SurfaceMesh]:
    """Structure key -> closed surface in LPS mm of `multi_surface_of_labels`; absent structures are left out."""
    return multi_surface_of_labels(label_map, smoothing_mm=smoothing_mm, **meshing).structures()


def _walls(
    grid: ScoreGrid,
    counts: Sequence[int],
    wanted_ml: Mapping[int, float],
    meshing: Meshing,
) -> MultiSurface:
    from recon.surfaces.conformal import walls_between

    step_mm = meshing.get("triangle_mm") or _step_mm(
        grid, min(count for count in counts if count) * grid.voxel_ml
    )
    n_voxels = grid.scores[0].numel() * grid.voxel_ml * 1000.0 / step_mm**3
    if n_voxels * len(grid.scores) > _MOST_VALUES:
        raise PlannerError(
            "no surface", f"triangles of {step_mm:g} mm need too much memory", "ask for larger triangles"
        )
    return walls_between(
        grid,
        step_mm,
        wanted_ml,
        meshing.get("smallest_part", SMALLEST_PART),
        meshing.get("progress") or Silent(),
    )


def _step_mm(grid: ScoreGrid, smallest_ml: float) -> float:
    finest = float(np.linalg.norm(grid.patient_from_index[:3, :3], axis=0).min())
    return min(max(finest, 1.0), 1.5, max(np.cbrt(1000.0 * smallest_ml) / 5.0, finest / 2.0))


def _in_patient(mesh: SurfaceMesh, grid: FieldGrid) -> SurfaceMesh:
    """Grid indices to LPS mm; a mirroring grid turns the faces so that normals stay outward."""
    is_mirrored = np.linalg.det(grid.patient_from_index[:3, :3]) < 0
    faces = mesh.faces[:, ::-1] if is_mirrored else mesh.faces
    return SurfaceMesh(apply_affine(grid.patient_from_index, mesh.vertices), faces)

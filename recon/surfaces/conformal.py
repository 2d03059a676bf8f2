"""From scores to the walls between labels, start to end; the labels are 0 (background) to k here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from scipy import ndimage

from core.frames import apply_affine
from core.progress import Progress
from recon.surfaces.enclose import correct, growth_of
from recon.surfaces.facets import facets
from recon.surfaces.level import pieces_to_keep
from recon.surfaces.multi import MultiSurface
from recon.surfaces.nets import Nets, nets_of
from recon.surfaces.scores import ScoreGrid, bordered, winners, with_equal_steps
from recon.surfaces.settle import Settling
from recon.surfaces.wellcomposed import make_well_composed

_N_ROUNDS = 5
_N_CORRECTIONS = 6
"""Corrections of the volumes at the end, at most."""

_N_GRIDS = 4
"""How often labels are chosen anew where the walls of the first choice cannot enclose the wanted volumes."""

_TOLERANCE = 0.0005
"""Share of a wanted volume that may be missing."""

_COARSE_TOLERANCE = 0.002
"""Share of a wanted volume that may be missing before the labels are chosen anew."""

_LEAD = 0.02
"""Lead of a changed voxel's label, where walls have a jump of about 1 between voxels."""


def walls_between(
    grid: ScoreGrid,
    step_mm: float,
    wanted_ml: Mapping[int, float],
    smallest_part: float,
    progress: Progress,
) -> MultiSurface:
    """The walls between the labels with the highest scores.

    Args:
        grid: scores of the background and of labels 1 to k; a jump of about 1 between the voxels beside a wall.
            Changed in place.
        step_mm: side of the triangles.
        wanted_ml: label -> volume its walls are to enclose; labels that are not named get what their scores say.
        smallest_part: pieces of a label below this share of its largest go to their neighbours.

    Returns:
        The walls; `names` is empty.
    """
    progress.report("surfaces", 0.0)
    grid = with_equal_steps(bordered(grid), step_mm)
    wanted = {label: ml / grid.voxel_ml for label, ml in wanted_ml.items()}
    for attempt in range(_N_GRIDS):
        progress.report("surfaces", 0.2 + 0.6 * attempt / _N_GRIDS)
        _give_rim_to_background(grid.scores)
        labels = _chosen_labels(grid.scores, smallest_part)
        n_changed = make_well_composed(labels, grid.scores, _LEAD)
        nets = nets_of(labels)
        settling = Settling(nets, grid.scores)
        wanted = {label: volume for label, volume in wanted.items() if bool((labels == label).any())}
        missing = _settle(settling, wanted)
        if missing <= _COARSE_TOLERANCE or attempt == _N_GRIDS - 1:
            break
        grid.scores.add_(settling.offsets[:, None, None, None])
    progress.report("surfaces", 0.8)
    return _in_patient(replace(_surface(nets, settling), n_changed_voxels=n_changed), grid.patient_from_index)


def _settle(settling: Settling, wanted: Mapping[int, float]) -> float:
    """Bring the vertices to rest; the share of a wanted volume that is missing in the end."""
    for number in range(_N_ROUNDS):
        settling.round()
        if wanted and number >= 2:
            correct(settling, wanted)
    settling.land()
    settling.compensate()
    settling.land()
    if not wanted:
        return 0.0
    growth = growth_of(settling)
    for _ in range(_N_CORRECTIONS):
        missing = correct(settling, wanted, growth)
        if missing <= _TOLERANCE:
            break
        settling.land()
    return missing


def _give_rim_to_background(scores: torch.Tensor) -> None:
    """Let the background win, in place, in the outermost voxels: every wall closes inside the grid."""
    for axis in (1, 2, 3):
        for end in (0, scores.shape[axis] - 1):
            rim = scores.narrow(axis, end, 1)
            rim[0] = torch.maximum(rim[0], rim.amax(dim=0) + _LEAD)


def _chosen_labels(scores: torch.Tensor, smallest_part: float) -> torch.Tensor:
    """The label with the highest score, uint8; small pieces sink, in place, below the next best score."""
    labels, _ = winners(scores)
    host = labels.cpu().numpy()
    for label, box in enumerate(ndimage.find_objects(host), start=1):
        if box is None or smallest_part <= 0.0:
            continue
        pieces, n = ndimage.label(host[box] == label)
        if n < 2:
            continue
        dropped = ~pieces_to_keep(pieces, smallest_part)
        dropped[0] = False
        where = torch.as_tensor(dropped[pieces], device=scores.device)
        inside = scores[(label, *box)]
        others = scores[(slice(None), *box)][:, where]
        others[label] = -torch.inf
        best, instead = others.max(dim=0)
        inside[where] = torch.minimum(inside[where], best - _LEAD)
        labels[box][where] = instead.to(torch.uint8)
    return labels


def _surface(nets: Nets, settling: Settling) -> MultiSurface:
    """The walls in grid indices, each triangle turned from the inside to the outside label."""
    points, triangles, quads = facets(nets, settling.points)
    low, high = nets.sides[quads].T.cpu().numpy()
    faces = triangles.cpu().numpy()
    is_high_inside = (low == 0) | ((high != 0) & (high < low))
    faces = np.where(is_high_inside[:, None], faces[:, ::-1], faces)
    inside, outside = np.where(is_high_inside, high, low), np.where(is_high_inside, low, high)
    return MultiSurface(points.double().cpu().numpy(), faces, inside, outside)


def _in_patient(surface: MultiSurface, patient_from_index: np.ndarray) -> MultiSurface:
    """Grid indices to LPS mm; a mirroring grid turns the faces so that normals stay outward."""
    is_mirrored = np.linalg.det(patient_from_index[:3, :3]) < 0
    faces = surface.faces[:, ::-1] if is_mirrored else surface.faces
    return replace(surface, vertices=apply_affine(patient_from_index, surface.vertices), faces=faces)

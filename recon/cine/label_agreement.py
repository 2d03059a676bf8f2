"""How well the labels that were reconstructed, cut where a slice may lie, part its picture into even regions.

The measure is the correlation ratio. Source: Roche et al., MICCAI 1998.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.cine.crossings import sampled
from recon.cine.planes import CinePlane

if TYPE_CHECKING:
    import torch

LARGEST_MM = 15.0
STEP_MM = 1.5
WINDOW_MM = 8.0


@dataclass(frozen=True, eq=False)
class Field:
    """Class probabilities (phases, n_classes, n, n, n) on one patient grid, background first."""

    probabilities: torch.Tensor
    patient_from_index: np.ndarray


def candidate_shifts() -> np.ndarray:
    """Shifts (s, 2) in mm along rows and columns, a square lattice; see `_judged` for which are allowed."""
    steps = np.arange(-lattice_reach(), lattice_reach() + 1) * STEP_MM
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)


def lattice_reach() -> int:
    """How many steps of the lattice of candidates lie on either side of no shift."""
    return round(LARGEST_MM / STEP_MM)


def directions(plane: CinePlane) -> np.ndarray:
    """Unit directions (3, 2) of growing row and column."""
    axes = plane.patient_from_index[:3, 1:3]
    return np.asarray(axes / np.linalg.norm(axes, axis=0))


def heart_points(field: Field) -> np.ndarray:
    """LPS positions (k, 3) of the voxels that are no background at some phase."""
    foreground = 1.0 - field.probabilities[:, 0].amin(dim=0)
    index = np.argwhere(foreground.cpu().numpy() > 0.5).astype(np.float64)
    return index @ field.patient_from_index[:3, :3].T + field.patient_from_index[:3, 3]


def label_scores(frames: torch.Tensor, plane: CinePlane, field: Field) -> torch.Tensor:
    """(phases, 2, s, s): within and total sum of squares of the picture, for every candidate shift."""
    import torch
    import torch.nn.functional as functional

    n_steps = lattice_reach()
    points, inside = _sheet(plane, field)
    weights = _in_window(_cut(field, points))
    pad = np.pad(points, ((n_steps, n_steps), (n_steps, n_steps), (0, 0)), mode="reflect", reflect_type="odd")
    picture = sampled(frames, plane, pad)
    seen = torch.as_tensor(np.pad(inside, n_steps), dtype=torch.float32, device=frames.device)
    scores = []
    for values, weight in zip(picture, weights, strict=True):
        stack = torch.stack([seen, seen * values, seen * values.square()])[:, None]
        # Moved by s the picture at x lies at x + s of the field: correlation, read backwards.
        sums = functional.conv2d(stack, weight[:, None]).flip((2, 3))
        n, first, second = sums
        within = (second - first.square() / n.clamp_min(1e-3)).clamp_min(0.0).sum(dim=0)
        n, first, second = sums.sum(dim=1)
        total = (second - first.square() / n.clamp_min(1e-3)).clamp_min(1e-6)
        scores.append(torch.stack([within, total]))
    return torch.stack(scores)


def _sheet(plane: CinePlane, field: Field) -> tuple[np.ndarray, np.ndarray]:
    """Points (h, w, 3) of the slice around the heart, STEP_MM apart, and which of them (h, w) it shows."""
    heart = heart_points(field)
    axes, origin = directions(plane), plane.patient_from_index[:3, 3]
    along = (heart - origin) @ axes
    low, high = along.min(axis=0) - WINDOW_MM, along.max(axis=0) + WINDOW_MM
    steps = [np.arange(a, b, STEP_MM) for a, b in zip(low, high, strict=True)]
    flat = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1)
    spacing = np.linalg.norm(plane.patient_from_index[:3, 1:3], axis=0)
    inside = ((flat >= 0) & (flat <= (np.array(plane.frames.shape[1:]) - 1) * spacing)).all(axis=-1)
    return origin + flat @ axes.T, inside


def _cut(field: Field, points: np.ndarray) -> torch.Tensor:
    """Probabilities (phases, n_classes, h, w) at LPS points (h, w, 3); background beyond the grid."""
    import torch
    import torch.nn.functional as functional

    probabilities = field.probabilities
    index_from_patient = np.linalg.inv(field.patient_from_index)
    index = points @ index_from_patient[:3, :3].T + index_from_patient[:3, 3]
    where = (index / (np.array(probabilities.shape[2:]) - 1.0) * 2.0 - 1.0)[..., ::-1]
    grid = torch.as_tensor(where.copy(), dtype=torch.float32, device=probabilities.device)
    grid = grid[None, None].expand(len(probabilities), -1, -1, -1, -1)
    return functional.grid_sample(probabilities, grid, padding_mode="zeros", align_corners=True)[:, :, 0]


def _in_window(weights: torch.Tensor) -> torch.Tensor:
    """The same weights, the background's only near the heart, where it is the heart's own surroundings."""
    import torch
    import torch.nn.functional as functional

    reach = round(WINDOW_MM / STEP_MM)
    heart = weights[:, 1:].sum(dim=1, keepdim=True)
    near = functional.max_pool2d(heart, 2 * reach + 1, stride=1, padding=reach)
    return torch.cat([(near - heart).clamp_min(0.0), weights[:, 1:]], dim=1)

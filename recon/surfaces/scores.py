"""From any scores on any grid to the scores that walls are made of: equal steps, background all around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from recon.surfaces.grid import shifted, spline

_REACH = 6.0
"""Leads are cut off at this many times the usual change of a score difference across a wall."""

_N_BORDER = 2
"""Mirrored background layers beyond the grid: two, because a spline through one would swing."""


@dataclass(frozen=True, eq=False)
class ScoreGrid:
    """Scores float32 (c, n0, n1, n2), the first of the background, and where they lie: indices to LPS mm."""

    scores: torch.Tensor
    patient_from_index: np.ndarray

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return abs(float(np.linalg.det(self.patient_from_index[:3, :3]))) / 1000.0


def winners(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The label with the highest score, uint8 (n0, n1, n2), the lowest of equals; and that score.

    Many times faster than `argmax` over the first axis.
    """
    labels = torch.zeros(scores.shape[1:], dtype=torch.uint8, device=scores.device)
    best = scores[0].clone()
    for label in range(1, len(scores)):
        labels.masked_fill_(scores[label] > best, label)
        torch.maximum(best, scores[label], out=best)
    return labels, best


def chosen(scores: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
    """Scores (1 + k, ...): of the background, the best of all channels that are not named; then of the named ones."""
    others = [i for i in range(len(scores)) if i not in channels]
    background = scores[others].amax(dim=0, keepdim=True)
    return torch.cat([background, scores[list(channels)]]).float()


def scaled(scores: torch.Tensor) -> torch.Tensor:
    """Leads over the best score of each voxel, in units of the usual jump across a wall, cut off beyond the reach."""
    labels, best = winners(scores)
    jumps = []
    for axis in range(3):
        n = labels.shape[axis] - 1
        where = (labels.narrow(axis, 0, n) != labels.narrow(axis, 1, n)).nonzero()
        beyond = where.clone()
        beyond[:, axis] += 1
        here, there = tuple(where.T), tuple(beyond.T)
        first, second = labels[here].long(), labels[there].long()
        ahead = best[here] - scores[(second, *here)]
        behind = best[there] - scores[(first, *there)]
        jumps.append(ahead + behind)
    jump = torch.cat(jumps).median().clamp_min(1e-12)
    return ((scores - best) / jump).clamp_min(-_REACH)


def cropped(grid: ScoreGrid, wanted: torch.Tensor, margin: int) -> ScoreGrid:
    """The part of a grid around the voxels that are `wanted` (boolean, not all False)."""
    scores, start = grid.scores, []
    for axis in range(3):
        others = [a for a in range(3) if a != axis]
        present = wanted.any(dim=others[1]).any(dim=others[0]).nonzero()[:, 0]
        low = max(int(present[0]) - margin, 0)
        high = min(int(present[-1]) + margin + 1, wanted.shape[axis])
        scores = scores.narrow(axis + 1, low, high - low)
        start.append(low)
    return ScoreGrid(scores, shifted(grid.patient_from_index, np.array(start)))


def bordered(grid: ScoreGrid) -> ScoreGrid:
    """Mirror the outermost voxels beyond every side as background: walls close half a voxel beyond the last one.

    A grid with background all around its border stays as it is.
    """
    scores = grid.scores
    if not _reaches_border(scores):
        return grid
    scores = _mirrored(scores)
    inner = torch.zeros(scores.shape[1:], dtype=torch.bool, device=scores.device)
    inner[(slice(_N_BORDER, -_N_BORDER),) * 3] = True
    mirrored = 2.0 * scores.amax(dim=0) - scores[0]
    scores[0] = torch.where(inner, scores[0], mirrored)
    return ScoreGrid(scores, shifted(grid.patient_from_index, np.full(3, -_N_BORDER)))


def _mirrored(values: torch.Tensor) -> torch.Tensor:
    """Values (c, n0, n1, n2) with their outermost layers mirrored beyond every side."""
    k = _N_BORDER
    long = values.new_empty(len(values), *(n + 2 * k for n in values.shape[1:]))
    long[(slice(None), *[slice(k, -k)] * 3)] = values
    for axis in (1, 2, 3):
        n = values.shape[axis]
        for step in range(1, k + 1):
            inner = min(step, n) - 1
            long.narrow(axis, k - step, 1).copy_(long.narrow(axis, k + inner, 1))
            long.narrow(axis, k + n - 1 + step, 1).copy_(long.narrow(axis, k + n - 1 - inner, 1))
    return long


def _reaches_border(scores: torch.Tensor) -> bool:
    for axis in (1, 2, 3):
        n = min(_N_BORDER, scores.shape[axis])
        for start in (0, scores.shape[axis] - n):
            side = scores.narrow(axis, start, n)
            if bool((side[1:] > side[:1]).any()):
                return True
    return False


def with_equal_steps(grid: ScoreGrid, step_mm: float) -> ScoreGrid:
    """Resample to steps of `step_mm` by cubic splines along each axis; axes that have it already stay."""
    scores = grid.scores
    matrix = grid.patient_from_index.copy()
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    for axis in range(3):
        factor = step_mm / spacing[axis]
        if abs(factor - 1.0) < 1e-3:
            continue
        n = scores.shape[axis + 1]
        n_new = int(np.ceil((n - 1) / factor - 1e-6)) + 1
        weights = torch.as_tensor(spline(n, np.arange(n_new) * factor), device=scores.device)
        # Rows of what lies behind the axis, so that nothing has to be moved in memory.
        rows = scores.reshape(-1, n, int(np.prod(scores.shape[axis + 2 :])))
        scores = (weights @ rows).reshape(*scores.shape[: axis + 1], n_new, *scores.shape[axis + 2 :])
        matrix[:3, axis] *= factor
    return ScoreGrid(scores.contiguous(), matrix)

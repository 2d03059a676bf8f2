"""The names of all voxels through the cycle: labels of every phase, and how clearly each class leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.progress import Progress
from core.volume import LabelMap
from recon.cine.distances import REACH_MM
from recon.cine.pieces import LastingScores
from recon.cine.planes import Cycle
from recon.labelling import labels_of
from recon.scores import RegionScores, fine

if TYPE_CHECKING:
    import torch

# Beyond this a lead says no more than that a voxel is far from the border; it would drown the border in the fit.
MOST_SURE = 6.0


@dataclass(frozen=True, eq=False)
class Named:
    """What was named at every phase, in the box of the grid that holds all structures through the cycle.

    Attributes:
        leads: of each phase how far every class leads all others, float16 (n_classes, a, b, c), background first.
        patient_from_index: (4, 4), of the box.
        labels: of each phase, finer where the grid is coarse.
    """

    leads: tuple[torch.Tensor, ...]
    patient_from_index: np.ndarray
    labels: tuple[LabelMap, ...]

    def of(self, value: int) -> list[np.ndarray]:
        """The leads of one structure (a, b, c) at every phase."""
        return [leads[value].float().cpu().numpy() for leads in self.leads]

    def is_always_there(self, value: int) -> bool:
        """True when a structure has a voxel at every phase."""
        return all(bool((leads[value] > 0).any()) for leads in self.leads)


def bounded(scores: torch.Tensor) -> torch.Tensor:
    """Scores relative to the best, none further below it than is worth telling."""
    return (scores - scores.amax(dim=0, keepdim=True)).clamp_min(-MOST_SURE)


def name_cycle(cycle: Cycle, lasting: LastingScores, progress: Progress) -> Named:
    """Name every voxel at every phase from the smooth scores of the cycle, on their grid.

    Raises:
        Cancelled: from `progress`.
    """
    import torch

    leads = []
    foreground: np.ndarray | None = None
    for phase in range(cycle.n_phases):
        progress.report("labelling the cycle", 0.5 * phase / cycle.n_phases)
        region = lasting.at(phase)
        scores = region.scores
        best, second = scores.topk(2, dim=0).values
        leads.append((scores - torch.where(scores == best, second, best)).half())
        named = (leads[-1][0] < 0).cpu().numpy()
        foreground = named if foreground is None else foreground | named
    assert foreground is not None
    box, affine = _box(foreground, region.patient_from_index)
    cropped = tuple(lead[(slice(None), *box)].clone() for lead in leads)
    labels = []
    for phase, lead in enumerate(cropped):
        progress.report("labelling the cycle", 0.5 + 0.5 * phase / cycle.n_phases)
        part = RegionScores(lead.float(), region.observed[box], affine)
        labels.append(labels_of(fine(part), cycle.frame_of_reference_uid))
    return Named(cropped, affine, tuple(labels))


def _box(foreground: np.ndarray, patient_from_index: np.ndarray) -> tuple[tuple[slice, ...], np.ndarray]:
    """The part of a grid around what is in the foreground, and where it lies."""
    margin = int(np.ceil(REACH_MM / np.linalg.norm(patient_from_index[:3, 0])))
    parts = []
    for axis in range(3):
        present = np.flatnonzero(foreground.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = (int(present[0]), int(present[-1])) if len(present) else (0, len(foreground) - 1)
        parts.append(slice(max(low - margin, 0), min(high + margin + 1, foreground.shape[axis])))
    affine = np.array(patient_from_index)
    affine[:3, 3] += affine[:3, :3] @ np.array([part.start for part in parts], dtype=np.float64)
    return tuple(parts), affine

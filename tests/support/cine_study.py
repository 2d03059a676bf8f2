"""A study of the beating heart in cine planes, and an oracle in the place of the networks that names what they show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage

from core.volume import Volume
from recon.cine.alignment import Field
from recon.cine.planes import CineSeries, Cycle
from recon.sampling import patient_grid
from recon.scores import RegionScores
from tests.support.beating_heart import CENTRE_MM, BeatingHeart, cine_planes

N_PHASES, N, SPACING_MM = 8, 44, 3.5
GRID = patient_grid(CENTRE_MM, N, SPACING_MM)
HEART = BeatingHeart(N_PHASES)


def series_of(
    shifts_mm: np.ndarray | None = None, n_long: int = 3, heart: BeatingHeart = HEART
) -> list[CineSeries]:
    """One series per plane; slices lie `shifts_mm` (planes, 3) from where their headers say."""
    sequences = heart.sequences(cine_planes(n_long=n_long), shifts_mm)
    return [
        CineSeries(f"S{i}", s.n_phases, lambda phase, s=s: [s.phase(phase)], times_ms=s.times_ms)  # type: ignore[misc]
        for i, s in enumerate(sequences)
    ]


class TruthTeller:
    """Names what the planes show as if nothing were shifted; knows the phase by the first plane's picture."""

    def __init__(self, cycle: Cycle) -> None:
        self._frames = cycle.planes[0].frames
        self._kept: dict[int, torch.Tensor] = {}

    def __call__(self, volumes: Sequence[Volume]) -> RegionScores:
        same = [np.array_equal(frame, volumes[0].voxels[0]) for frame in self._frames]
        phase = same.index(True)
        if phase not in self._kept:
            labels = HEART.truth(GRID, N, phase).labels
            shares = [ndimage.gaussian_filter((labels == value).astype(np.float32), 0.7) for value in range(8)]
            self._kept[phase] = torch.from_numpy(np.stack(shares)).clamp_min(1e-4).log()
        return RegionScores(self._kept[phase], torch.ones(N, N, N), GRID)


def field_of(phases: Sequence[int], cycle: Cycle) -> Field:
    """What the oracle says at some phases."""
    look = TruthTeller(cycle)
    scores = [look([cycle.planes[0].volume(phase)]).scores.softmax(dim=0) for phase in phases]
    return Field(torch.stack(scores), GRID)

"""A patient before any scanner: how bright every place is, and what the ways of imaging need to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.contrast import Contrast
from recon.simulate.planes import LvAxes

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Scene:
    """The patient's brightness before any scanner: float32 (n, n, n) on a patient grid, and what is known of it."""

    brightness: torch.Tensor
    patient_from_index: np.ndarray
    axes: LvAxes
    contrast: Contrast
    rng: np.random.Generator
    generator: torch.Generator

    @property
    def n(self) -> int:
        """Grid points per axis."""
        return int(self.brightness.shape[0])

    @property
    def grid_mm(self) -> float:
        """Distance between grid points."""
        return float(np.linalg.norm(self.patient_from_index[:3, 0]))

    @property
    def centre_mm(self) -> np.ndarray:
        """Middle of the grid, LPS (3,)."""
        affine = self.patient_from_index
        return affine[:3, :3] @ np.full(3, (self.n - 1) / 2.0) + affine[:3, 3]

    @property
    def is_ct(self) -> bool:
        """Whether brightness is in HU."""
        return self.contrast.family.startswith("ct_")

"""A heart's cycle closes on itself and holds no fast change: values through it as a few harmonics of the heart rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

MOST_HARMONICS = 6
PHASES_PER_HARMONIC = 3


def n_harmonics(n_phases: int) -> int:
    """How many harmonics so many phases can tell of; noise is left out where there are more phases."""
    return max(1, min(MOST_HARMONICS, (n_phases - 1) // PHASES_PER_HARMONIC))


def harmonics(places: np.ndarray) -> np.ndarray:
    """Values (phases, 1 + 2 h) of the constant, cosines and sines at places 0 to 1 of the cycle (phases,)."""
    order = np.arange(1, n_harmonics(len(places)) + 1)
    angle = 2.0 * np.pi * places[:, None] * order
    return np.concatenate([np.ones((len(places), 1)), np.cos(angle), np.sin(angle)], axis=1)


class PeriodicFit:
    """The least-squares harmonics of a tensor through the cycle, phase by phase, without keeping the phases."""

    def __init__(self, places: np.ndarray) -> None:
        self._basis = harmonics(places)
        self._share = np.linalg.pinv(self._basis)
        self._parts: torch.Tensor | None = None

    def add(self, phase: int, values: torch.Tensor) -> None:
        """Take in the values of one phase; every phase once."""
        import torch

        share = torch.as_tensor(self._share[:, phase], dtype=values.dtype, device=values.device)
        if self._parts is None:
            self._parts = values.new_zeros((len(share), *values.shape))
        for part, weight in zip(self._parts, share, strict=True):
            part.add_(values, alpha=float(weight))

    def at(self, phase: int) -> torch.Tensor:
        """The smooth values of a phase. Raises ValueError before anything was added."""
        import torch

        if self._parts is None:
            raise ValueError("nothing was added to the fit")
        basis = torch.as_tensor(self._basis[phase], dtype=self._parts.dtype, device=self._parts.device)
        return torch.tensordot(basis, self._parts, dims=1)

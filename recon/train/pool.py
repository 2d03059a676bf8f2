"""A pool of painted patients: it grows while training goes on, and one is replaced now and then.

Which patient a step sees depends on the seed, the step and the plan alone, never on time, so that a resumed
training sees what an uninterrupted one would have seen; what it needs of the pool is painted when it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recon.train.samples import TRAINING_SEEDS, VALIDATION_SEEDS, PaintedPatient

GROWTH = 0.5
"""While the pool is not full, this share of the draws are new patients (more where the refresh rate is higher)."""


class Pool:
    """At most `size` patients of seeds `first`, `first + stride`, ..., painted by `paint` when first drawn."""

    def __init__(self, paint: Callable[[int], PaintedPatient], size: int, first: int, stride: int = 1) -> None:
        self._paint, self._size, self._stride = paint, size, stride
        self._next_seed = first
        self._seeds: list[int] = []
        self._patients: dict[int, PaintedPatient] = {}

    def draw(self, rng: np.random.Generator, refresh: float) -> PaintedPatient:
        """One patient at random; with probability `refresh` it is a new one in the place of another."""
        slot = self.choose(rng, refresh)
        if slot not in self._patients:
            self._patients[slot] = self._paint(self._seeds[slot])
        return self._patients[slot]

    def choose(self, rng: np.random.Generator, refresh: float) -> int:
        """Draw without painting: the slot of the patient. Replays what an earlier run has drawn."""
        growing = len(self._seeds) < self._size
        is_new = rng.random() < (max(refresh, GROWTH) if growing else refresh)
        if growing and (is_new or not self._seeds):
            self._seeds.append(self._new_seed())
            return len(self._seeds) - 1
        slot = int(rng.integers(len(self._seeds)))
        if is_new:
            self._seeds[slot] = self._new_seed()
            self._patients.pop(slot, None)
        return slot

    def _new_seed(self) -> int:
        # A training that outlives its range begins it anew; it must never reach a patient it is scored on.
        seed = TRAINING_SEEDS + (self._next_seed - TRAINING_SEEDS) % (VALIDATION_SEEDS - TRAINING_SEEDS)
        self._next_seed = seed + self._stride
        return seed

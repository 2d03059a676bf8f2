"""How long and how a network is trained, refused where it cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import PlannerError
from recon.train.samples import LARGEST_TRAINING_SEED

WARM_UP_STEPS = 50
LAST_RATE = 0.005  # of the learning rate, where the cosine would end at nothing


@dataclass(frozen=True)
class TrainingPlan:
    """How to train; the learning rate falls to its end with the limit.

    Attributes:
        minutes: training time over all resumed runs.
        batch: images per step (and per GPU).
        pool_size: painted patients kept in memory (per GPU).
        refresh: how often a draw from the pool is a new patient.
        steps: where given, the limit in the place of `minutes`: the same command then gives the same weights.

    Raises PlannerError when it cannot be trained like that.
    """

    minutes: float
    batch: int = 2
    learning_rate: float = 3e-3
    pool_size: int = 240
    refresh: float = 0.15
    seed: int = 0
    n_validation: int = 8
    validate_every_minutes: float = 6.0
    steps: int | None = None

    def __post_init__(self) -> None:
        limits = {
            "minutes": (0.0 < self.minutes < math.inf, "above 0"),
            "batch": (self.batch >= 1, "1 or more"),
            "pool": (self.pool_size >= 1, "1 or more"),
            "learning-rate": (0.0 < self.learning_rate < 1.0, "above 0 and below 1"),
            "steps": (self.steps is None or self.steps >= 1, "1 or more"),
            "seed": (
                0 <= self.seed < LARGEST_TRAINING_SEED,
                f"from 0 and below {LARGEST_TRAINING_SEED}: the patients further up are those it is scored on",
            ),
        }
        for option, (is_right, demand) in limits.items():
            if not is_right:
                raise PlannerError("cannot train", f"{option} is out of range", f"choose --{option} {demand}")

    def done(self, step: int, seconds: float) -> float:
        """How much of the training is behind: 0 at its start, 1 or more at its end."""
        return step / self.steps if self.steps is not None else seconds / (self.minutes * 60.0)

    def rate(self, step: int, seconds: float) -> float:
        """Learning rate of a step: a linear warm-up, then half a cosine."""
        warm = min(1.0, (step + 1) / WARM_UP_STEPS)
        falling = 0.5 * (1.0 + math.cos(math.pi * min(self.done(step, seconds), 1.0)))
        return self.learning_rate * warm * max(falling, LAST_RATE)

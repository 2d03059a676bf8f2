"""The door for training: patients of every kind of heart there is, by seed."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from recon.anatomy.chest import sample_chest
from recon.anatomy.diseases import DISEASES, MIRRORED
from recon.anatomy.patient import HeartShape, SyntheticPatient, sample_patient
from recon.anatomy.pose import mirrored, sample_pose

_STREAM = 17
_DISEASED = 0.22


class HeartSource(Protocol):
    """Hearts of another origin than the procedural one, by a random generator."""

    def sample(self, rng: np.random.Generator, disease: str | None = None) -> HeartShape:
        """Draw one heart."""


def sample_training_patient(
    seed: int, label_maps: HeartSource | None = None, share: float = 0.35, turn_deg: float = 9.0
) -> SyntheticPatient:
    """Draw one patient to train on, about a fifth of them diseased; the same seed gives the same patient.

    Args:
        label_maps: hearts made from label maps (`recon.anatomy.label_maps.LabelMapHearts`); None: procedural only.
        share: how many of the patients have such a heart.
        turn_deg: spread of the pose about each axis.
    """
    rng = np.random.default_rng((seed, _STREAM))
    disease = str(rng.choice(DISEASES)) if rng.random() < _DISEASED else None
    if label_maps is None or rng.random() >= share:
        return sample_patient(seed, turn_deg, disease)
    pose = sample_pose(rng, turn_deg)
    chest = sample_chest(rng)
    return SyntheticPatient(
        seed, label_maps.sample(rng), chest, mirrored(pose) if disease == MIRRORED else pose
    )

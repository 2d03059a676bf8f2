"""The heart task's card: grids, networks and structures. Imports no torch."""

from __future__ import annotations

from core.anatomy import HEART
from recon.task import NetworkSpec, TaskSpec

HEART_TASK = TaskSpec(
    key="heart",
    title="Heart, seven structures",
    description="Chambers, LV myocardium, aorta and pulmonary artery from a CT, a 3-D MR or cine MR planes.",
    modalities=("CT", "MR"),
    structures=tuple(kind.key for kind in HEART),
    localiser=NetworkSpec("localiser", 48, 6.5, (16, 32, 64, 64), 2, jitter_mm=70.0, negatives=0.25),
    region=NetworkSpec("region", 64, 3.0, (32, 64, 96, 128), 8, jitter_mm=14.0, negatives=0.05),
)

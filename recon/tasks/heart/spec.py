"""The heart task's card: grids, networks and structures. Imports no torch."""

from __future__ import annotations

from core.anatomy import HEART, LANDMARKS
from recon.task import NetworkSpec, TaskSpec

HEART_TASK = TaskSpec(
    key="heart",
    title="Heart, seven structures",
    description="Chambers, LV myocardium, aorta and pulmonary artery from a CT, a 3-D MR or cine MR planes.",
    modalities=("CT", "MR"),
    structures=tuple(kind.key for kind in HEART),
    localiser=NetworkSpec(
        "localiser",
        48,
        6.5,
        (16, 32, 64, 64),
        2,
        jitter_mm=70.0,
        negatives=0.25,
        # The heart's own frame: its long axis, and which way the right heart and the outflow lie.
        landmarks=("mitral_valve", "aortic_valve", "tricuspid_valve", "lv_apex"),
    ),
    region=NetworkSpec(
        "region",
        80,
        2.25,
        (32, 64, 96, 128),
        8,
        jitter_mm=12.0,
        negatives=0.05,
        has_distances=True,
        landmarks=tuple(kind.key for kind in LANDMARKS),
    ),
)

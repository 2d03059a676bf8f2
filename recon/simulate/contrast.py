"""How bright each tissue is: random contrasts for training, and named ones for synthetic patients.

Brightness is in arbitrary units for training (0 to 1 before texture). The idea of drawing every tissue at
random is SynthSeg's (Billot et al., Medical Image Analysis 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recon.anatomy.tissues import TISSUES, VALUE

LEFT_BLOOD = ("lv", "la", "aorta", "pulmonary_vein", "arch_branch")
RIGHT_BLOOD = ("rv", "ra", "pulmonary_artery", "svc", "ivc")
MUSCLES = ("lv_myocardium", "papillary", "rv_wall", "atrial_wall", "vessel_wall")
FATS = ("heart_fat", "skin_fat", "mediastinum")
AIRY = ("air", "lung", "airway")


@dataclass(frozen=True, eq=False)
class Contrast:
    """Mean and standard deviation (n_tissues,) of each tissue's brightness."""

    means: np.ndarray
    deviations: np.ndarray


def random_contrast(rng: np.random.Generator) -> Contrast:
    """A contrast drawn for training: half CT- or MR-like in its order of tissues, half anything at all."""
    kind = rng.choice(["any", "ct", "mr"], p=[0.4, 0.3, 0.3])
    means = rng.uniform(0.0, 1.0, len(TISSUES))
    if kind == "ct":
        means = _ct_like(rng)
    elif kind == "mr":
        means = _mr_like(rng)
    if kind == "any" or rng.random() < 0.5:
        _tie(rng, means)
    deviations = rng.uniform(0.01, 0.09, len(TISSUES))
    return Contrast(means, deviations)


def _assign(means: np.ndarray, names: tuple[str, ...], values: float | Sequence[float]) -> None:
    means[[VALUE[name] for name in names]] = values


def _tie(rng: np.random.Generator, means: np.ndarray) -> None:
    """Let what usually looks alike look alike: blood, thin walls and muscle, fat, air."""
    if rng.random() < 0.6:
        blood = rng.uniform()
        _assign(means, LEFT_BLOOD, blood)
        _assign(means, RIGHT_BLOOD, blood if rng.random() < 0.6 else rng.uniform())
    if rng.random() < 0.8:
        _assign(means, MUSCLES, rng.uniform())
    if rng.random() < 0.6:
        _assign(means, FATS, rng.uniform())
    if rng.random() < 0.75:
        _assign(means, AIRY, rng.uniform(0.0, 0.15))


def _ct_like(rng: np.random.Generator) -> np.ndarray:
    """Hounsfield-ordered: air, fat, muscle, blood by contrast phase, bone; scaled to 0..1."""
    hu = np.full(len(TISSUES), 40.0)
    _assign(hu, AIRY, [-1000.0, rng.uniform(-900, -750), -1000.0])
    _assign(hu, FATS, rng.uniform(-120, -60))
    _assign(hu, MUSCLES, rng.uniform(40, 130))
    left = rng.uniform(40, 550)
    right = rng.choice([left, rng.uniform(40, 300), rng.uniform(150, 500)])
    _assign(hu, LEFT_BLOOD, left)
    _assign(hu, RIGHT_BLOOD, right)
    _assign(hu, ("svc",), right * rng.uniform(0.8, 2.0))
    _assign(hu, ("ivc",), rng.uniform(40, 180))
    _assign(hu, ("bone",), rng.uniform(300, 900))
    _assign(hu, ("marrow",), rng.uniform(100, 300))
    _assign(hu, ("liver",), rng.uniform(50, 130))
    _assign(hu, ("stomach",), rng.choice([-800.0, 30.0, 60.0]))
    low, high = rng.choice([-1000.0, -250.0, -150.0]), max(300.0, left + 100.0)
    return np.clip((hu - low) / (high - low), 0.0, 1.2)


def _mr_like(rng: np.random.Generator) -> np.ndarray:
    """Balanced steady state: bright blood and fat, grey muscle, dark air and bone."""
    means = rng.uniform(0.2, 0.5, len(TISSUES))
    _assign(means, AIRY, rng.uniform(0.0, 0.12))
    _assign(means, FATS, rng.uniform(0.5, 1.1))
    _assign(means, MUSCLES, rng.uniform(0.15, 0.4))
    blood = rng.uniform(0.55, 1.0)
    _assign(means, LEFT_BLOOD, blood)
    _assign(means, RIGHT_BLOOD, blood * rng.uniform(0.8, 1.1))
    _assign(means, ("bone",), rng.uniform(0.0, 0.2))
    _assign(means, ("liver",), rng.uniform(0.2, 0.5))
    return means


def contrast_ct() -> Contrast:
    """A contrast CT of the left heart, in HU. Textbook values for an arterial phase at 120 kV."""
    means = np.full(len(TISSUES), 45.0)
    _assign(means, AIRY, [-1000.0, -830.0, -1000.0])
    _assign(means, FATS, [-90.0, -105.0, -85.0])
    _assign(means, MUSCLES, [105.0, 105.0, 95.0, 80.0, 70.0])
    _assign(means, LEFT_BLOOD, 380.0)
    _assign(means, RIGHT_BLOOD, [210.0, 195.0, 260.0, 290.0, 110.0])
    _assign(means, ("bone", "marrow", "muscle", "liver"), [550.0, 180.0, 55.0, 80.0])
    deviations = np.full(len(TISSUES), 14.0)
    _assign(deviations, ("lung", "bone"), [45.0, 120.0])
    return Contrast(means, deviations)


def steady_state_mr() -> Contrast:
    """A 3-D balanced steady-state MR, in arbitrary units (blood 800)."""
    means = np.full(len(TISSUES), 300.0)
    _assign(means, AIRY, [5.0, 60.0, 5.0])
    _assign(means, FATS, [620.0, 700.0, 560.0])
    _assign(means, MUSCLES, [260.0, 260.0, 260.0, 240.0, 230.0])
    _assign(means, LEFT_BLOOD, 800.0)
    _assign(means, RIGHT_BLOOD, 760.0)
    _assign(means, ("bone", "marrow", "muscle", "liver"), [60.0, 380.0, 230.0, 330.0])
    deviations = np.full(len(TISSUES), 25.0)
    _assign(deviations, AIRY, 6.0)
    return Contrast(means, deviations)

"""Random contrasts for training: one family per way of imaging the heart, and one that is anything at all.

The idea of drawing every tissue's brightness at random is SynthSeg's (Billot et al., Medical Image Analysis
2023); ties and families keep the order of tissues that scanners give more often than chance would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from recon.anatomy.tissues import TISSUES, VALUE
from recon.simulate.contrast import Contrast
from recon.simulate.groups import (
    AIRY,
    BLOOD,
    FATS,
    FLUIDS,
    GROUPS,
    HEART_MUSCLE,
    LEFT_BLOOD,
    MUSCLES,
    ORGANS,
    RIGHT_BLOOD,
    THIN_WALLS,
    assign,
)

Generator = np.random.Generator
_WALLS = HEART_MUSCLE + THIN_WALLS


def random_contrast(rng: Generator, family: str | None = None) -> Contrast:
    """A contrast drawn for training, of one of `FAMILIES` (drawn by its share when None)."""
    if family is None:
        shares = np.array([share for share, _ in FAMILIES.values()])
        family = str(rng.choice(list(FAMILIES), p=shares / shares.sum()))
    means, deviations = FAMILIES[family][1](rng)
    return Contrast(means, deviations, family)


def _any(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Anything: every tissue at random, then what usually looks alike is sometimes made alike."""
    means = rng.uniform(0.1, 0.88, len(TISSUES))
    blood = rng.uniform(0.1, 0.88)
    if rng.random() < 0.7:
        assign(means, LEFT_BLOOD, blood)
        assign(means, RIGHT_BLOOD, blood if rng.random() < 0.6 else rng.uniform(0.1, 0.88))
    if rng.random() < 0.8:
        assign(means, _WALLS, rng.uniform(0.1, 0.88))
    for group, share in (("fats", 0.6), ("fluids", 0.5), ("muscles", 0.5), ("organs", 0.4)):
        if rng.random() < share:
            assign(means, GROUPS[group], rng.uniform(0.1, 0.88))
    if rng.random() < 0.75:
        assign(means, AIRY, rng.uniform(0.0, 0.15))
    return means, rng.uniform(0.02, 0.10, len(TISSUES))


def _ct(rng: Generator, left: float, right: float, muscle: float) -> tuple[np.ndarray, np.ndarray]:
    """Hounsfield units of a phase given by its blood and muscle; sometimes cut off below as a window does."""
    hu = np.full(len(TISSUES), 40.0)
    assign(hu, AIRY, [-1000.0, rng.uniform(-900, -750), -1000.0, -1000.0])
    assign(hu, FATS, rng.uniform(-125, -60) + rng.normal(0.0, 8.0, len(FATS)))
    assign(hu, _WALLS, muscle + rng.normal(0.0, 5.0, len(_WALLS)))
    assign(hu, LEFT_BLOOD, left)
    assign(hu, RIGHT_BLOOD, right)
    assign(hu, ("coronary_artery",), left * rng.uniform(0.8, 1.0))
    assign(hu, ("coronary_vein",), rng.uniform(min(left, right), max(left, right)))
    assign(hu, ("lung_vessel",), rng.choice([left, right]))
    assign(hu, ("pericardium",), rng.uniform(5, 60))
    assign(hu, FLUIDS, rng.uniform(0, 30, len(FLUIDS)))
    assign(hu, MUSCLES, rng.uniform(35, 75) + rng.normal(0.0, 6.0, len(MUSCLES)))
    assign(hu, ORGANS, rng.uniform(45, 120) + np.array((0.0, rng.uniform(-10, 60), rng.uniform(0, 60))))
    assign(hu, ("bone",), rng.uniform(300, 900))
    assign(hu, ("marrow",), rng.uniform(100, 300))
    assign(hu, ("cartilage",), rng.uniform(70, 250))
    deviations = rng.uniform(4.0, 22.0, len(TISSUES))
    assign(deviations, ("lung", "bone"), [rng.uniform(20, 80), rng.uniform(40, 150)])
    lowest = rng.choice([-1024.0, -1024.0, -300.0, -200.0])
    return np.maximum(hu, lowest), deviations


def _ct_arterial(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    left = rng.uniform(200, 600)
    right = rng.choice([left, rng.uniform(40, 0.9 * left), rng.uniform(0.6, 1.5) * left])
    means, deviations = _ct(rng, left, right, rng.uniform(60, 140))
    assign(means, ("svc",), right * rng.uniform(0.7, 2.5))
    assign(means, ("ivc",), rng.uniform(40, 180))
    return means, deviations


def _ct_mixed(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """A later phase: all blood within a few tens of HU, muscle enhanced."""
    left = rng.uniform(110, 260)
    means, deviations = _ct(rng, left, left * rng.uniform(0.85, 1.1), rng.uniform(70, 0.8 * left))
    assign(means, ("liver_vessel",), left * rng.uniform(0.8, 1.0))
    return means, deviations


def _ct_noncontrast(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Without contrast agent blood is at most 15 HU from muscle; in anaemia it is darker."""
    blood = rng.uniform(30, 55)
    means, deviations = _ct(rng, blood, blood, blood + rng.uniform(-5, 15))
    return means, deviations * 0.5


def _mr(rng: Generator, blood: float, muscle: float, fat: float, fluid: float) -> tuple[np.ndarray, np.ndarray]:
    means = rng.uniform(0.2, 0.5, len(TISSUES))
    assign(means, AIRY, [0.0, rng.uniform(0.02, 0.15), 0.0, 0.0])
    assign(means, FATS, fat * rng.uniform(0.8, 1.2, len(FATS)))
    assign(means, _WALLS, muscle * rng.uniform(0.9, 1.1, len(_WALLS)))
    assign(means, ("pericardium",), muscle * rng.uniform(0.1, 1.0))
    assign(means, BLOOD, blood * rng.uniform(0.95, 1.05, len(BLOOD)))
    assign(means, RIGHT_BLOOD, means[VALUE["lv"]] * rng.uniform(0.8, 1.1))
    assign(means, FLUIDS, fluid)
    assign(means, MUSCLES, muscle * rng.uniform(0.6, 1.1, len(MUSCLES)))
    assign(means, ORGANS, muscle * rng.uniform(0.7, 1.6, len(ORGANS)))
    assign(means, ("liver_vessel", "lung_vessel"), blood * rng.uniform(0.6, 1.0))
    assign(means, ("bone", "marrow", "cartilage"), [rng.uniform(0, 0.15), fat * rng.uniform(0.2, 0.8), muscle])
    return means, np.maximum(0.01, means * rng.uniform(0.03, 0.15, len(TISSUES)))


def _mr_bssfp(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Balanced steady state: bright blood, fluid and fat, dark muscle (T2/T1)."""
    blood = rng.uniform(0.55, 1.0)
    fat = rng.choice([rng.uniform(0.5, 1.4), rng.uniform(0.05, 0.3)], p=[0.75, 0.25])
    return _mr(rng, blood, blood * rng.uniform(0.15, 0.5), fat, blood * rng.uniform(0.9, 1.2))


def _mr_t1(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Spoiled gradient echo: bright fat or none, blood by inflow or contrast agent, fluid dark."""
    blood = rng.uniform(0.3, 1.0)
    fat = rng.choice([rng.uniform(0.6, 1.2), rng.uniform(0.05, 0.3)])
    return _mr(rng, blood, rng.uniform(0.2, 0.6), fat, rng.uniform(0.05, 0.3))


def _black_blood(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    fat = rng.choice([rng.uniform(0.7, 1.2), rng.uniform(0.05, 0.3)])
    return _mr(rng, rng.uniform(0.0, 0.15), rng.uniform(0.35, 0.7), fat, rng.uniform(0.1, 0.9))


def _lge(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Late enhancement: nulled muscle, grey to bright blood, bright fat; scars are added in `inside`."""
    return _mr(
        rng, rng.uniform(0.35, 0.9), rng.uniform(0.02, 0.2), rng.uniform(0.3, 1.0), rng.uniform(0.05, 0.3)
    )


def _echo(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ultrasound: dark blood, grey muscle, bright leaflets, pericardium and lung surface."""
    means = rng.uniform(0.25, 0.75, len(TISSUES))
    assign(means, BLOOD, rng.uniform(0.0, 0.12))
    assign(means, FLUIDS, rng.uniform(0.0, 0.06))
    assign(means, HEART_MUSCLE, rng.uniform(0.3, 0.6))
    assign(means, THIN_WALLS, rng.uniform(0.5, 1.0))
    assign(means, FATS, rng.uniform(0.3, 0.8))
    assign(means, AIRY, rng.uniform(0.05, 0.6))
    return means, means * rng.uniform(0.05, 0.2)


FAMILIES: Mapping[str, tuple[float, Callable[[Generator], tuple[np.ndarray, np.ndarray]]]] = {
    "any": (0.28, _any),
    "ct_arterial": (0.18, _ct_arterial),
    "ct_mixed": (0.08, _ct_mixed),
    "ct_noncontrast": (0.06, _ct_noncontrast),
    "mr_bssfp": (0.22, _mr_bssfp),
    "mr_t1": (0.07, _mr_t1),
    "black_blood": (0.04, _black_blood),
    "lge": (0.05, _lge),
    "echo": (0.02, _echo),
}
"""Family -> how often it is drawn, and what draws it."""

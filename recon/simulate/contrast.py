"""How bright each tissue is: named contrasts with textbook values, for synthetic patients and tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recon.anatomy.tissues import TISSUES
from recon.simulate.groups import (
    AIRY,
    FATS,
    FLUIDS,
    HEART_MUSCLE,
    LEFT_BLOOD,
    MUSCLES,
    ORGANS,
    RIGHT_BLOOD,
    SKELETON,
    THIN_WALLS,
    assign,
)


@dataclass(frozen=True, eq=False)
class Contrast:
    """Mean and standard deviation (n_tissues,) of each tissue's brightness, and what family it belongs to."""

    means: np.ndarray
    deviations: np.ndarray
    family: str = "any"


def contrast_ct() -> Contrast:
    """A contrast CT of the left heart, in HU. Textbook values for an arterial phase at 120 kV."""
    means = np.full(len(TISSUES), 45.0)
    assign(means, AIRY, [-1000.0, -830.0, -1000.0, -950.0])
    assign(means, FATS, [-90.0, -105.0, -85.0])
    assign(means, HEART_MUSCLE, [105.0, 105.0, 95.0, 80.0, 105.0, 95.0])
    assign(means, THIN_WALLS, [70.0, 25.0, 80.0, 80.0, 80.0, 80.0])
    assign(means, LEFT_BLOOD, 380.0)
    assign(means, RIGHT_BLOOD, [210.0, 195.0, 260.0, 290.0, 110.0, 150.0, 260.0])
    assign(means, MUSCLES, [55.0, 55.0, 45.0, 45.0])
    assign(means, ORGANS, [80.0, 100.0, 120.0])
    assign(means, FLUIDS, [12.0, 10.0, 15.0])
    assign(means, SKELETON, [550.0, 180.0, 90.0])
    deviations = np.full(len(TISSUES), 14.0)
    assign(deviations, ("lung", "bone"), [45.0, 120.0])
    return Contrast(means, deviations, "ct_arterial")


def steady_state_mr() -> Contrast:
    """A 3-D balanced steady-state MR, in arbitrary units (blood 800)."""
    means = np.full(len(TISSUES), 300.0)
    assign(means, AIRY, [5.0, 60.0, 5.0, 5.0])
    assign(means, FATS, [620.0, 700.0, 560.0])
    assign(means, HEART_MUSCLE, [260.0, 260.0, 260.0, 240.0, 260.0, 260.0])
    assign(means, THIN_WALLS, [230.0, 150.0, 240.0, 240.0, 240.0, 240.0])
    assign(means, LEFT_BLOOD, 800.0)
    assign(means, RIGHT_BLOOD, 760.0)
    assign(means, MUSCLES, [230.0, 230.0, 250.0, 280.0])
    assign(means, ORGANS, [330.0, 400.0, 560.0])
    assign(means, FLUIDS, [880.0, 880.0, 900.0])
    assign(means, SKELETON, [60.0, 380.0, 200.0])
    deviations = np.full(len(TISSUES), 25.0)
    assign(deviations, AIRY, 6.0)
    return Contrast(means, deviations, "mr_bssfp")

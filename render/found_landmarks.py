"""The places the network found, apart from those the surgeon placed: nobody can take one for the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.anatomy import LANDMARKS, Anatomy
from plan.items import as_point
from render.scene import FoundLandmark


def found_landmarks(anatomy: Anatomy) -> tuple[FoundLandmark, ...]:
    """The landmarks of `core.anatomy.LANDMARKS` that an anatomy has, with their standard deviation where it is told."""
    told = anatomy.report.get("landmarks")
    told = told if isinstance(told, Mapping) else {}
    return tuple(
        FoundLandmark(kind.key, as_point(anatomy.landmarks[kind.key]), kind.title, _spread(told.get(kind.key)))
        for kind in LANDMARKS
        if kind.key in anatomy.landmarks
    )


def _spread(facts: object) -> str:
    sd_mm = facts.get("sd_mm") if isinstance(facts, Mapping) else None
    is_number = isinstance(sd_mm, int | float) and not isinstance(sd_mm, bool) and np.isfinite(sd_mm)
    return f"found, sd {sd_mm:.1f} mm" if is_number else "found"

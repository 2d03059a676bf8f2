"""The places the network found, apart from those the surgeon placed: nobody can take one for the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.anatomy import LANDMARKS, Anatomy
from plan.items import as_point
from render.scene import FoundLandmark


def found_landmarks(anatomy: Anatomy) -> tuple[FoundLandmark, ...]:
    """The landmarks of `core.anatomy.LANDMARKS` that an anatomy has, with their standard deviation where it is told."""
    return tuple(
        FoundLandmark(
            kind.key, as_point(anatomy.landmarks[kind.key]), kind.title, _spread(sd_of(anatomy, kind.key))
        )
        for kind in LANDMARKS
        if kind.key in anatomy.landmarks
    )


def sd_of(anatomy: Anatomy, key: str) -> float | None:
    """The standard deviation in mm with which a landmark was found; None where it is not told."""
    told = anatomy.report.get("landmarks")
    facts = told.get(key) if isinstance(told, Mapping) else None
    sd_mm = facts.get("sd_mm") if isinstance(facts, Mapping) else None
    if not isinstance(sd_mm, int | float) or isinstance(sd_mm, bool) or not np.isfinite(sd_mm):
        return None
    return float(sd_mm)


def _spread(sd_mm: float | None) -> str:
    return "found" if sd_mm is None else f"found, sd {sd_mm:.1f} mm"

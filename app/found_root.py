"""An aortic root begun from the landmarks that a network found: which are sure enough, and how sure its points are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.anatomy import Anatomy
from core.errors import Finding
from plan.edits import SAME_PLACE_MM, Edit, next_name
from plan.items import AorticRoot, Item, Point, as_point
from plan.plan import Plan

LANDMARK_OF: Mapping[str, str] = {
    "right_hinge_mm": "right_hinge",
    "left_hinge_mm": "left_hinge",
    "non_coronary_hinge_mm": "non_coronary_hinge",
    "left_ostium_mm": "left_coronary_ostium",
    "right_ostium_mm": "right_coronary_ostium",
}
"""Field of an `AorticRoot` -> the landmark it begins from."""
# The hinge points of a narrow annulus lie 15 mm apart: less sure than this, one may be its neighbour.
MOST_SD_MM = 4.0
STEP = "Place aortic root from landmarks"


def found_points(anatomy: Anatomy | None) -> dict[str, Point]:
    """Field of a root -> LPS mm, of the landmarks whose error was told and is small enough to begin with."""
    if anatomy is None:
        return {}
    sure = {field: key for field, key in LANDMARK_OF.items() if _sd_mm(anatomy, key) <= MOST_SD_MM}
    return {field: as_point(anatomy.landmarks[key]) for field, key in sure.items() if key in anatomy.landmarks}


def place_root(plan: Plan, anatomy: Anatomy) -> tuple[Edit, AorticRoot, Finding]:
    """The one step that puts a root with the found points into the plan, the root, and what is to be said of it.

    Its name tells where it comes from also where the reconstruction is not at hand.
    """
    points: dict[str, Any] = dict(found_points(anatomy))
    root = AorticRoot(f"{next_name(plan, AorticRoot)} (found)", **points)
    n_left_out = len(LANDMARK_OF) - len(points)
    left_out = (
        f"; {n_left_out} of {len(LANDMARK_OF)} were not found or are not sure enough" if n_left_out else ""
    )
    told = Finding(
        "root_from_landmarks",
        f"{len(points)} point{'s' if len(points) != 1 else ''} of the aortic root come from the network",
        f"nobody has confirmed them, and ostia are the middles of the mouths, not their lower rims{left_out}",
        "check each on the slices and drag it to its place before relying on a measure",
    )
    return Edit(STEP, plan.with_item(root)), root, told


def found_sds_mm(item: Item, anatomy: Anatomy | None) -> dict[str, float]:
    """Field -> how far off it may be, of the points that still lie where the network put them; empty for others."""
    if anatomy is None or not isinstance(item, AorticRoot):
        return {}
    found: dict[str, float] = {}
    for field, key in LANDMARK_OF.items():
        place, landmark = getattr(item, field), anatomy.landmarks.get(key)
        sd_mm = _sd_mm(anatomy, key)
        if place is None or landmark is None or not math.isfinite(sd_mm):
            continue
        if np.allclose(place, landmark, rtol=0.0, atol=SAME_PLACE_MM):
            found[field] = sd_mm
    return found


def spread_mm(item: Item, anatomy: Anatomy | None, sd_mm: float | None) -> float | None:
    """The standard deviation per axis for the bands of an item: a person's, or of a less sure point in it.

    Args:
        sd_mm: of a landmark that a person places; None: no bands are wanted.
    """
    # The network tells the distance in space; each of three axes has its share.
    found = [sd / math.sqrt(3.0) for sd in found_sds_mm(item, anatomy).values()]
    return None if sd_mm is None else max(sd_mm, *found, 0.0)


def _sd_mm(anatomy: Anatomy, key: str) -> float:
    """What the network says of a landmark's error; infinite where it says nothing."""
    told = anatomy.report.get("landmarks")
    facts = told.get(key) if isinstance(told, Mapping) else None
    sd_mm = facts.get("sd_mm") if isinstance(facts, Mapping) else None
    is_number = isinstance(sd_mm, (int, float)) and not isinstance(sd_mm, bool)
    return float(sd_mm) if is_number and math.isfinite(sd_mm) and sd_mm >= 0.0 else math.inf  # type: ignore[arg-type,operator]

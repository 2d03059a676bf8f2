"""A plan as a surgeon might make it, placed by the reconstructed anatomy itself."""

from __future__ import annotations

import numpy as np

from core.anatomy import Anatomy
from core.errors import PlannerError
from plan.items import Angle, CutPlane, Distance, Landmark, as_point
from plan.plan import Plan

NEEDED = ("lv", "rv", "la", "aorta")


def example_plan(anatomy: Anatomy) -> Plan:
    """Two cut planes, a distance, an angle and a landmark, LPS mm, in the anatomy's patient space.

    Raises PlannerError when a structure that the plan hangs on was not reconstructed.
    """
    missing = [key for key in NEEDED if key not in anatomy.surfaces]
    if missing:
        raise PlannerError("no plan", f"{', '.join(missing)} was not found", "reconstruct another image")
    middle = {key: anatomy.surfaces[key].vertices.mean(axis=0) for key in NEEDED}
    along = middle["lv"] - middle["la"]
    axis = along / np.linalg.norm(along)
    ventricle = anatomy.surfaces["lv"].vertices
    apex = ventricle[np.argmax(ventricle @ axis)]
    base = middle["lv"] + axis * (np.percentile((ventricle - middle["lv"]) @ axis, 4))
    towards_right = middle["rv"] - middle["lv"]
    four_chamber = np.cross(axis, towards_right)
    if four_chamber[1] > 0:  # what is cut away is the front
        four_chamber = -four_chamber
    above_arch = anatomy.bounds_mm[1, 2] - 25.0
    items = (
        CutPlane("Four chambers", as_point(middle["lv"]), as_point(four_chamber)),
        CutPlane("Below the arch", as_point((*middle["aorta"][:2], above_arch)), (0.0, 0.0, 1.0)),
        Distance("LV length", as_point(base), as_point(apex)),
        Angle("LV axis to aorta", as_point(apex), as_point(base), as_point(middle["aorta"])),
        Landmark("LV apex", as_point(apex)),
    )
    return Plan(anatomy.frame_of_reference_uid, items)

"""The standard cardiac views that a state allows: which there are, why one is missing, and where one looks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.state import State
from app.viewing.arrangement import Aim
from core.anatomy import LANDMARKS
from plan.items import Landmark, as_point
from plan.standard_views import StandardView, standard_views, surgeons_view, why_no_view

REACH_MM = 75.0
"""Around the middle of a standard view; a heart of any adult fits."""
MARGIN = 1.1


def known_landmarks(state: State) -> Mapping[str, np.ndarray]:
    """The anatomy's landmarks; one that was placed by hand under the name of such a place takes its part."""
    known = dict(state.anatomy.landmarks) if state.anatomy is not None else {}
    titles = {kind.title.casefold(): kind.key for kind in LANDMARKS}
    for item in state.plan.of_type(Landmark):
        key = titles.get(item.name.strip().casefold())
        if key is not None:
            known[key] = np.array(item.position_mm)
    return known


def view_of(state: State, key: str) -> StandardView | None:
    """One standard view of what is open; None where it cannot be had."""
    middle = _middle_mm(state)
    if key == "surgeon":
        return surgeons_view(middle) if middle is not None and not why_not(state, key) else None
    directions = state.anatomy.directions if state.anatomy is not None else {}
    found = standard_views(known_landmarks(state), directions)
    return next((view for view in found if view.key == key), None)


def why_not(state: State, key: str) -> str:
    """Why a standard view cannot be had now; empty where it can."""
    if not state.can_plan:
        return "nothing with a place in a patient is open"
    if not state.is_in_patient:
        return "the patient's axes are not known here"
    if key == "surgeon":
        return ""
    directions = state.anatomy.directions if state.anatomy is not None else {}
    return why_no_view(key, known_landmarks(state), directions)


def aim_at(state: State, view: StandardView) -> Aim:
    """Where to look for a standard view: all of the heart that is there."""
    reach_mm = REACH_MM
    if state.anatomy is not None and state.anatomy.surfaces:
        corners = state.anatomy.bounds_mm
        reach_mm = MARGIN * float(np.ptp(corners, axis=0).max()) / 2.0
    return Aim(as_point(view.origin_mm), as_point(view.normal), as_point(view.up), reach_mm, view.title)


def _middle_mm(state: State) -> np.ndarray | None:
    if state.anatomy is not None and any(len(mesh.vertices) for mesh in state.anatomy.surfaces.values()):
        middle: np.ndarray = state.anatomy.bounds_mm.mean(axis=0)
        return middle
    return state.volume.centre_mm if state.volume is not None else None

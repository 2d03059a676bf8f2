"""A virtual valve in a mitral annulus: where it stands, how it fits, and what it leaves of the outflow tract.

The neo-LVOT is the part of the left ventricle's cross-section, at right angles to the way of the blood to the aorta,
that the valve leaves open; its smallest area is what counts (A. Reid et al., Neo-LVOT and transcatheter mitral valve
replacement: expert recommendations, JACC Cardiovasc Imaging 14 (2021) 854).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.clinical.frustum import Frustum
from plan.clinical.mitral import d_plane, formulas, note_of, why_no_d
from plan.clinical.open_area import ROW_MM, OpenArea, open_area
from plan.cross_section import cross_section
from plan.formula import Formula, Points, Values
from plan.items import MitralAnnulus, VirtualValve
from plan.plan import Plan

FIT_TITLES = {
    "valve_to_annulus_percent": "Valve area to D-shape",
    "valve_perimeter_to_annulus_percent": "Valve perimeter to D-shape",
}
COARSE_ROW_MM = 0.5
# How many of the narrowest sections on the way are searched around, by turning and shifting them in ever finer steps.
N_TRIED = 2
# Farther from the valve than this nothing of the way is narrowed by it.
BESIDE_MM = 20.0
SEARCH = ((8.0, 1.0), (3.0, 0.5), (1.0, 0.2))
N_SEARCHED = 6
MOST_TURN_DEG, MOST_SHIFT_MM = 30.0, 4.0
NO_ANNULUS = "its mitral annulus is no longer in the plan"


@dataclass(frozen=True, eq=False)
class NeoTract:
    """The outflow tract beside a virtual valve.

    Attributes:
        along_mm: (n,) length of the way to the aorta up to each section.
        points_mm, directions: (n, 3) the way to the aorta, LPS.
        areas_mm2, whole_mm2: (n,) what is open, and what was before the valve; NaN where there is no section.
        narrowest: near which of them least is left.
        section: the one with the least area near there; at_mm, way: (3,) its place and unit direction.
    """

    along_mm: np.ndarray
    points_mm: np.ndarray
    directions: np.ndarray
    areas_mm2: np.ndarray
    whole_mm2: np.ndarray
    narrowest: int
    section: OpenArea
    at_mm: np.ndarray
    way: np.ndarray


def annulus_of(valve: VirtualValve, plan: Plan) -> MitralAnnulus | None:
    """The annulus that a valve stands in; None when it is not in the plan."""
    found = (one for one in plan.of_type(MitralAnnulus) if one.item_id == valve.annulus_id)
    return next(found, None)


def why_no_valve(annulus: MitralAnnulus | None) -> str:
    """Why a valve has no place to stand; empty when it has one."""
    if annulus is None:
        return NO_ANNULUS
    if why := why_no_d(annulus):
        return f"mitral annulus: {why}"
    return "" if annulus.apex_mm is not None else "mitral annulus: the apex is not placed yet"


def frustum_of(valve: VirtualValve, annulus: MitralAnnulus, points: Points | None = None) -> Frustum:
    """The solid that a valve fills; only where `why_no_valve` is empty.

    Args:
        points: the annulus's points, drawn again; None: as they are placed.
    """
    plane = d_plane(annulus, points)
    middle = plane.middle_mm
    if valve.centre_mm is not None:
        place = np.array(valve.centre_mm)
        middle = place - ((place - middle) @ plane.normal) * plane.normal
    lean, side = np.tan(np.radians([valve.tilt_deg, valve.side_tilt_deg]))
    axis = plane.normal - lean * plane.backwards + side * plane.medially
    axis = axis / np.linalg.norm(axis)
    radii = valve.diameter_mm / 2.0, valve.outlet_diameter_mm / 2.0
    return Frustum(middle, axis, valve.height_mm, valve.depth_mm, *radii)


def fit_formula(valve: VirtualValve, annulus: MitralAnnulus | None) -> Formula:
    """How large the valve is for its annulus, from the annulus's points."""
    why = why_no_valve(annulus)
    if annulus is None or why:
        return Formula(FIT_TITLES, lambda points: {}, why)
    compute = formulas(annulus)[0].compute

    def fit(points: Points) -> Values:
        found = compute(points)
        area, around = np.pi * (valve.diameter_mm / 2.0) ** 2, np.pi * valve.diameter_mm
        return {
            "valve_to_annulus_percent": 100.0 * area / found["d_area_mm2"],
            "valve_perimeter_to_annulus_percent": 100.0 * around / found["d_perimeter_mm"],
        }

    return Formula(FIT_TITLES, fit, why, note_of(annulus))


def section_open(
    cavity: SurfaceMesh, at_mm: np.ndarray, direction: np.ndarray, valve: Frustum, row_mm: float = ROW_MM
) -> OpenArea | None:
    """What a valve leaves of the cavity's cross-section around a place (3,), at right angles to `direction` (3,).

    Raises:
        PlannerError: the cavity's surface is open where it is cut.
    """
    loops = cross_section(cavity, at_mm, direction).loops_mm
    return open_area(loops, at_mm, direction, valve, row_mm)


def neo_tract(
    cavity: SurfaceMesh,
    points_mm: np.ndarray,
    directions: np.ndarray,
    along_mm: np.ndarray,
    valve: Frustum,
) -> NeoTract:
    """The outflow tract beside a valve, section by section along the way of the blood.

    Args:
        cavity: closed surface of the left ventricle's cavity.
        points_mm, directions: (n, 3) the way from the ventricle to the aorta; along_mm: (n,) its length.

    Raises:
        PlannerError: the valve meets no section, so that it narrows nothing; or the surface is open.
    """
    middle = valve.centre_mm + 0.5 * valve.depth_mm * valve.axis
    reach = 0.5 * valve.depth_mm + max(valve.radius_mm, valve.outlet_radius_mm) + BESIDE_MM
    is_near = np.linalg.norm(points_mm - middle, axis=1) < reach
    found = [
        section_open(cavity, at, way, valve, COARSE_ROW_MM) if near else None
        for at, way, near in zip(points_mm, directions, is_near, strict=True)
    ]
    beside = [n for n, one in enumerate(found) if one is not None and one.is_narrowed]
    if not beside:
        raise PlannerError(
            "no neo-LVOT", "the valve does not reach into the way to the aorta", "check its depth and its place"
        )
    # The way is known to a few degrees, and a section askew is too large: the least one near it is looked for.
    tried = sorted(beside, key=lambda n: _area(found, n))[:N_TRIED]
    least = [_least_section(cavity, points_mm[n], directions[n], valve) for n in tried]
    which = min(range(len(least)), key=lambda k: least[k][0].area_mm2)
    section, at_mm, way = least[which]
    return NeoTract(
        along_mm,
        points_mm,
        directions,
        np.array([_area(found, n) for n in range(len(found))]),
        np.array([np.nan if one is None else one.whole_mm2 for one in found]),
        tried[which],
        section,
        at_mm,
        way,
    )


def redrawn_areas_mm2(
    tract: NeoTract, cavity: SurfaceMesh, valves: Sequence[Frustum], n_beside: int = 2
) -> np.ndarray:
    """The smallest open area (n,) near the narrowest section for the valve standing a little elsewhere n times.

    The way and its sections stay as they are: what is asked is how much the valve's place matters. 0: it is closed.
    """
    places = tract.at_mm + np.arange(-n_beside, n_beside + 1)[:, None] * tract.way
    found = []
    for valve in valves:
        sections = [section_open(cavity, at, tract.way, valve, COARSE_ROW_MM) for at in places]
        found.append(min(0.0 if one is None else one.area_mm2 for one in sections))
    return np.array(found)


def _least_section(
    cavity: SurfaceMesh, at_mm: np.ndarray, way: np.ndarray, valve: Frustum
) -> tuple[OpenArea, np.ndarray, np.ndarray]:
    """The section with the least open area near one: itself, its place (3,) and its direction (3,)."""
    across = np.cross(way, np.eye(3)[np.abs(way).argmin()])
    across /= np.linalg.norm(across)
    sides = across, np.cross(way, across)
    best, area = np.zeros(3), np.inf

    def place(move: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lean = way + np.tan(np.radians(move[0])) * sides[0] + np.tan(np.radians(move[1])) * sides[1]
        return at_mm + move[2] * way, lean / np.linalg.norm(lean)

    steps = np.array([[0, 0, 0], *(sign * row for row in np.eye(3) for sign in (-1, 1))])
    for turn_deg, shift_mm in SEARCH:
        for _ in range(N_SEARCHED):
            before = area
            for move in best + steps * (turn_deg, turn_deg, shift_mm):
                if np.abs(move[:2]).max() > MOST_TURN_DEG or abs(move[2]) > MOST_SHIFT_MM:
                    continue
                one = section_open(cavity, *place(move), valve, COARSE_ROW_MM)
                if one is not None and one.is_narrowed and one.area_mm2 < area:
                    best, area = move, one.area_mm2
            if area >= before:
                break
    section = section_open(cavity, *place(best), valve)
    assert section is not None
    return section, *place(best)


def _area(found: Sequence[OpenArea | None], n: int) -> float:
    one = found[n]
    return float("nan") if one is None else one.area_mm2

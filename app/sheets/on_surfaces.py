"""What the guided sheets measure on the patient's surfaces: the neo-LVOT, the aorta, the patch, the ventricles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from app.sheets.joining import joined
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.motion import MovingAnatomy
from core.progress import Progress, Silent
from plan.clinical.aorta import AortaProfile, aorta_readings
from plan.clinical.mitral import GUESSED
from plan.clinical.patch import PatchPattern, pattern, why_no_patch
from plan.clinical.ventricular_sheet import NAMES, CycleVolumes, ventricle_readings
from plan.clinical.virtual_valve import (
    NeoTract,
    annulus_of,
    frustum_of,
    redrawn_areas_mm2,
    why_no_valve,
)
from plan.formula import HALF_95, NO_BAND, Reading, draws, points_of
from plan.items import Item, MitralAnnulus, SeptalPatch, ThoracicAorta, Ventricles, VirtualValve, as_point
from plan.plan import Plan

SECTION_STEP_MM = 2.0
N_VALVES = 24
# The skin of a patch follows a surface that its whole rim lies on, to within so much.
ON_SURFACE_MM = 1.5
# The septum is measured where both cavities are this near to the rim.
SEPTUM_REACH_MM = 20.0
NEO_TITLES = {
    "neo_lvot_area_mm2": "Neo-LVOT, smallest area",
    "lvot_there_area_mm2": "LVOT there without the valve",
    "lvot_taken_percent": "Taken by the valve",
    "neo_lvot_from_outflow_mm": "Narrowest place to outflow",
}
NEO_BAND = "part band: of annulus and valve points alone"
SEPTUM_TITLES = {
    "septum_mean_mm": "Septum at the rim, mean thickness",
    "septum_least_mm": "Septum at the rim, thinnest",
    "septum_most_mm": "Septum at the rim, thickest",
}


@dataclass(frozen=True, eq=False)
class OnSurfaces:
    """What a sheet measures on surfaces, with what its pictures show.

    Attributes:
        readings: values; those that cannot be had say why.
        profile: widths along the aorta. tract: the outflow tract beside a valve. pattern: of a patch.
        why_not: why there is nothing at all.
    """

    readings: tuple[Reading, ...] = ()
    profile: AortaProfile | None = None
    tract: NeoTract | None = None
    pattern: PatchPattern | None = None
    why_not: str = ""


def needs_surfaces(item: Item) -> bool:
    """Whether a sheet's item has measures that the plan alone does not tell."""
    return isinstance(item, VirtualValve | ThoracicAorta | SeptalPatch | Ventricles)


def measured_on(
    item: Item,
    plan: Plan,
    anatomy: Anatomy | None,
    moving: MovingAnatomy | None = None,
    sd_mm: float | None = None,
    progress: Progress | None = None,
) -> OnSurfaces:
    """All that a sheet's item measures on the surfaces of its patient space.

    Args:
        anatomy: reconstruction of the phase that is shown; moving: of all phases.
        sd_mm: standard deviation of a placed landmark per axis, for the bands.
        progress: may cancel.
    """
    progress = progress or Silent()
    if isinstance(item, VirtualValve):
        return _neo_lvot(item, plan, anatomy, sd_mm, progress)
    if isinstance(item, ThoracicAorta):
        return _aorta(item, anatomy, sd_mm, progress)
    if isinstance(item, SeptalPatch):
        return _patch(item, anatomy)
    if isinstance(item, Ventricles):
        return OnSurfaces(ventricle_readings(item, cycle_volumes(anatomy, moving)))
    return OnSurfaces()


def cycle_volumes(anatomy: Anatomy | None, moving: MovingAnatomy | None) -> CycleVolumes:
    """Volumes of both ventricles at the ends of the cycle; of the one phase there is, without a cycle."""
    if moving is not None:
        # Each chamber between its own largest and smallest volume, as the curve below the images has it.
        ejected = {key: moving.ejection(key) for key in NAMES}
        known = {key: one for key, one in ejected.items() if one is not None}
        wall = moving.volumes_ml.get("lv_myocardium")
        return CycleVolumes(
            {key: one.end_diastolic_ml for key, one in known.items()},
            {key: one.end_systolic_ml for key, one in known.items()},
            None if wall is None else float(wall[moving.end_diastole]),
            (moving.end_diastole + 1, moving.end_systole + 1),
        )
    surfaces = {} if anatomy is None else anatomy.surfaces
    closed = {key: mesh.volume_ml for key, mesh in surfaces.items() if mesh.is_closed}
    return CycleVolumes({key: closed[key] for key in NAMES if key in closed}, {}, closed.get("lv_myocardium"))


def aorta_profile(anatomy: Anatomy, progress: Progress | None = None) -> AortaProfile:
    """The widths of the aorta along its middle line, from the heart on; worked out once for each surface.

    Raises:
        PlannerError: there is no aorta, or no middle line of it.
    """
    mesh = anatomy.surfaces.get("aorta")
    if mesh is None:
        raise PlannerError("no middle line", "there is no aorta in the reconstruction", "reconstruct the heart")
    known = _profiles.get(mesh)
    if known is None:
        known = _profiles[mesh] = _profile(mesh, anatomy, progress or Silent())
    return known


_profiles: WeakKeyDictionary[SurfaceMesh, AortaProfile] = WeakKeyDictionary()


def _profile(mesh: SurfaceMesh, anatomy: Anatomy, progress: Progress) -> AortaProfile:
    from recon.centreline import centreline

    progress.report("Middle line", 0.0)
    line = centreline(mesh)
    heart = anatomy.surfaces["lv"].vertices.mean(axis=0) if "lv" in anatomy.surfaces else None
    n_steps = max(2, round(line.length_mm / SECTION_STEP_MM))
    places = np.linspace(0.0, line.length_mm, n_steps + 1)
    values = np.full((len(places), 3), np.nan)
    for n, at in enumerate(places):
        progress.report("Sections", n / len(places))
        try:
            cut = line.section(mesh, float(at)).values
        except PlannerError:
            continue
        values[n] = cut["area_diameter_mm"], cut["min_diameter_mm"], cut["max_diameter_mm"]
    points = np.stack([np.interp(places, line.along_mm, part) for part in line.points_mm.T], axis=1)
    if heart is not None and np.linalg.norm(points[-1] - heart) < np.linalg.norm(points[0] - heart):
        points, values = points[::-1], values[::-1]
    return AortaProfile(places, points, *values.T)


def _aorta(item: ThoracicAorta, anatomy: Anatomy | None, sd_mm: float | None, progress: Progress) -> OnSurfaces:
    try:
        if anatomy is None:
            raise _nothing("middle line")
        profile = aorta_profile(anatomy, progress)
    except PlannerError as refusal:
        return OnSurfaces((Reading("largest_diameter_mm", "Largest diameter", None, None, refusal.why),))
    return OnSurfaces(aorta_readings(item, profile, sd_mm), profile=profile)


def _neo_lvot(
    valve: VirtualValve, plan: Plan, anatomy: Anatomy | None, sd_mm: float | None, progress: Progress
) -> OnSurfaces:
    try:
        tract, cavity, annulus = _tract(valve, plan, anatomy, progress)
    except PlannerError as refusal:
        return OnSurfaces(
            tuple(Reading(key, title, None, None, refusal.why) for key, title in NEO_TITLES.items())
        )
    section = tract.section
    band = _neo_band(valve, annulus, tract, cavity, sd_mm, progress) if sd_mm else None
    values = {
        "neo_lvot_area_mm2": section.area_mm2,
        "lvot_there_area_mm2": section.whole_mm2,
        "lvot_taken_percent": 100.0 * (1.0 - section.area_mm2 / section.whole_mm2),
        "neo_lvot_from_outflow_mm": float(np.linalg.norm(section.middle_mm - np.array(valve.outflow_mm))),
    }
    said = dict.fromkeys(NEO_TITLES, NO_BAND) | {"neo_lvot_area_mm2": NEO_BAND}
    guessed = f"; {GUESSED}" if annulus.is_guessed else ""
    found = tuple(
        Reading(key, title, values[key], band if said[key] is NEO_BAND else None, note=said[key] + guessed)
        for key, title in NEO_TITLES.items()
    )
    return OnSurfaces(found, tract=tract)


def _tract(
    valve: VirtualValve, plan: Plan, anatomy: Anatomy | None, progress: Progress
) -> tuple[NeoTract, SurfaceMesh, MitralAnnulus]:
    from recon.passage import outflow_beside

    annulus = annulus_of(valve, plan)
    why = why_no_valve(annulus) or ("" if valve.outflow_mm is not None else "the outflow is not placed yet")
    if annulus is None or why:
        raise PlannerError("no neo-LVOT", why, "place what is missing")
    if anatomy is None or "lv" not in anatomy.surfaces:
        raise _nothing("neo-LVOT")
    cavity = anatomy.surfaces["lv"]
    if "aorta" in anatomy.surfaces:
        # With the aorta the sections near its annulus are whole.
        cavity = joined(cavity, anatomy.surfaces["aorta"])
    progress.report("Way to the aorta", 0.0)
    start, end = np.array(annulus.apex_mm), np.array(valve.outflow_mm)
    return outflow_beside(cavity, start, end, frustum_of(valve, annulus)), cavity, annulus


def _neo_band(
    valve: VirtualValve,
    annulus: MitralAnnulus,
    tract: NeoTract,
    cavity: SurfaceMesh,
    sd_mm: float,
    progress: Progress,
) -> float:
    drawn = draws(points_of(annulus), sd_mm)
    centres = None
    if valve.centre_mm is not None:
        centres = draws({"centre_mm": np.array(valve.centre_mm)}, sd_mm)["centre_mm"]
    areas = []
    for n in range(N_VALVES):
        progress.report("Repeated placements", n / N_VALVES)
        moved = valve if centres is None else replace(valve, centre_mm=as_point(centres[n]))
        again = frustum_of(moved, annulus, {name: places[n] for name, places in drawn.items()})
        areas.append(redrawn_areas_mm2(tract, cavity, [again])[0])
    return float(HALF_95 * np.sqrt(np.mean((np.array(areas) - tract.section.area_mm2) ** 2)))


def _patch(item: SeptalPatch, anatomy: Anatomy | None) -> OnSurfaces:
    if why_no_patch(item):
        return OnSurfaces()
    rim = np.array(item.rim_mm)
    surface = _surface_below(rim, anatomy)
    try:
        made = pattern(item, None if surface is None else (lambda points: _nearest(surface, points)[0]))
    except PlannerError as refusal:
        return OnSurfaces((Reading("cut_area_mm2", "Patch, area as cut", None, None, refusal.why),))
    width, height = made.size_mm
    found = [
        Reading("cut_width_mm", "Patch as cut, width", width, note=NO_BAND),
        Reading("cut_height_mm", "Patch as cut, height", height, note=NO_BAND),
        Reading("cut_area_mm2", "Patch as cut, area", made.cut_area_mm2, note=NO_BAND),
        Reading("flat_most_percent", "Distortion by flattening, largest", made.flat.most_percent),
        Reading("flat_mean_percent", "Distortion by flattening, mean", made.flat.mean_percent),
    ]
    return OnSurfaces((*found, *septum_readings(rim, anatomy)), pattern=made)


def septum_readings(rim_mm: np.ndarray, anatomy: Anatomy | None) -> tuple[Reading, ...]:
    """How thick the septum is at places (n, 3): from the left ventricle's cavity to the right one's, by each."""
    if anatomy is None or not {"lv", "rv"} <= set(anatomy.surfaces):
        return ()
    left, to_left = _nearest(anatomy.surfaces["lv"], rim_mm)
    right, to_right = _nearest(anatomy.surfaces["rv"], rim_mm)
    near = (to_left < SEPTUM_REACH_MM) & (to_right < SEPTUM_REACH_MM)
    if not near.all():
        why = "a part of the rim is not between the two ventricles"
        return tuple(Reading(key, title, None, None, why) for key, title in SEPTUM_TITLES.items())
    thick = np.linalg.norm(left - right, axis=1)
    values = thick.mean(), thick.min(), thick.max()
    return tuple(
        Reading(key, title, float(value), note=NO_BAND)
        for (key, title), value in zip(SEPTUM_TITLES.items(), values, strict=True)
    )


def _surface_below(rim_mm: np.ndarray, anatomy: Anatomy | None) -> SurfaceMesh | None:
    """The surface that all points of a rim lie on; None where there is none."""
    if anatomy is None:
        return None
    off = {
        key: float(_nearest(mesh, rim_mm)[1].max()) for key, mesh in anatomy.surfaces.items() if len(mesh.faces)
    }
    best = min(off, key=lambda key: off[key], default=None)
    return anatomy.surfaces[best] if best is not None and off[best] <= ON_SURFACE_MM else None


def _nearest(mesh: SurfaceMesh, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from recon.measures.nearest import nearest_on

    found = nearest_on(mesh.vertices, mesh.faces, points_mm)
    return found.places_mm, found.distances_mm


def _nothing(what: str) -> PlannerError:
    return PlannerError(f"no {what}", "there is no reconstruction that holds it", "reconstruct the heart")

"""Every measure of a plan and of the anatomy it lies on, as the window shows it and the command line writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.anatomy_file import read_anatomy
from app.case import ANATOMY, PLAN, is_case
from app.measures.seen import seen_item
from app.sheets.on_surfaces import OnSurfaces, measured_on, needs_surfaces
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.motion import MovingAnatomy
from core.progress import Progress
from plan.clinical.aortic_root import annular_plane, edge_on_cranial_deg, why_no_plane
from plan.clinical.ventricles import body_surface_m2, myocardial_mass_g, stroke
from plan.cross_section import cross_section, loop_shape
from plan.edits import kind_title
from plan.formula import NO_BAND, Reading, points_of
from plan.items import AorticRoot, CutPlane, Item
from plan.plan import Plan
from plan.readings import readings

if TYPE_CHECKING:
    from recon.centreline import Centreline

VESSEL = "aorta"
SECTION_STEP_MM = 5.0
S_CURVE_LAO_DEG = np.arange(-90.0, 91.0, 10.0)
VENTRICLES = ("lv", "rv")
SHAPES = {"perimeter_mm": "perimeter", "min_diameter_mm": "smallest Ø", "max_diameter_mm": "largest Ø"}


@dataclass(frozen=True)
class Measured:
    """What is to be measured: a plan, and the anatomy of its patient space where there is one."""

    plan: Plan
    anatomy: Anatomy | None = None


def read_measured(path: Path) -> Measured:
    """Read a plan.json, or plan and reconstruction of a case; the case's images are not needed.

    Raises:
        PlannerError: it is neither, or damaged, or its parts belong to different patient spaces.
    """
    from plan.schema import read_plan

    if not path.is_dir():
        return Measured(read_plan(path))
    if not is_case(path):
        raise PlannerError(
            f"cannot measure {path.name}", "it is not a saved case", "give a plan.json or a case"
        )
    plan = read_plan(path / PLAN)
    anatomy = read_anatomy(path / ANATOMY) if (path / ANATOMY).exists() else None
    if anatomy is not None and anatomy.frame_of_reference_uid != plan.frame_of_reference_uid and plan.items:
        raise PlannerError(
            f"cannot measure {path.name}",
            "its plan and its reconstruction belong to different patient spaces",
            "open the case and save it again",
        )
    return Measured(plan, anatomy)


def plane_areas(anatomy: Anatomy, plane: CutPlane) -> dict[str, Reading]:
    """What a plane cuts out of each structure that it meets, in mm2."""
    found = {}
    for key, mesh in anatomy.surfaces.items():
        try:
            cut = cross_section(mesh, np.array(plane.origin_mm), np.array(plane.normal))
        except PlannerError as refusal:
            found[key] = Reading("area_mm2", "Area", None, None, refusal.why)
            continue
        if cut.n_pieces:
            title = "Area" if cut.n_pieces == 1 else f"Area of {cut.n_pieces} pieces"
            found[key] = Reading("area_mm2", title, cut.area_mm2, note=NO_BAND)
    return found


def plane_shapes(anatomy: Anatomy, plane: CutPlane) -> dict[str, tuple[Reading, ...]]:
    """As `plane_areas`; where it is one piece without a hole, its perimeter and diameters as well."""
    found: dict[str, tuple[Reading, ...]] = {}
    origin_mm, normal = np.array(plane.origin_mm), np.array(plane.normal)
    for key, area in plane_areas(anatomy, plane).items():
        found[key] = (area,)
        if area.value is not None:
            loops = cross_section(anatomy.surfaces[key], origin_mm, normal).loops_mm
            shape = loop_shape(loops[0], normal) if len(loops) == 1 else {}
            found[key] += tuple(Reading(name, title, shape[name]) for name, title in SHAPES.items() if shape)
    return found


def item_readings(
    item: Item,
    plan: Plan,
    anatomy: Anatomy | None,
    moving: MovingAnatomy | None = None,
    sd_mm: float | None = None,
    progress: Progress | None = None,
) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    """All that an item measures: on the patient's surfaces, and by what the plan holds; arguments as `measured_on`."""
    surfaces = OnSurfaces()
    if needs_surfaces(item):
        surfaces = measured_on(item, plan, anatomy, moving, sd_mm, progress)
    return surfaces.readings, readings(seen_item(item, anatomy), plan, sd_mm)


def items_to_json(plan: Plan, sd_mm: float, anatomy: Anatomy | None = None) -> list[dict[str, object]]:
    """All items that measure something, with their readings; those of surfaces, too, where there is an anatomy."""
    found = []
    for item in plan.items:
        on_surfaces, by_plan = item_readings(item, plan, anatomy, None, sd_mm)
        measures = [_reading_to_json(reading) for reading in (*on_surfaces, *by_plan)]
        if measures:
            entry: dict[str, object] = {"type": kind_title(item), "id": item.item_id, "name": item.name}
            entry["measures"] = measures
            if isinstance(item, AorticRoot) and not why_no_plane(item):
                entry["s_curve_deg"] = _s_curve(item)
            found.append(entry)
    return found


def anatomy_to_json(measured: Measured) -> dict[str, object]:
    """Volumes, the areas of the plan's cut planes, and the aorta along its middle line."""
    anatomy = measured.anatomy
    if anatomy is None:
        return {}
    planes = [
        {
            "id": plane.item_id,
            "name": plane.name,
            "areas": {key: _reading_to_json(area) for key, area in plane_areas(anatomy, plane).items()},
        }
        for plane in measured.plan.of_type(CutPlane)
    ]
    found: dict[str, object] = {"volumes_ml": volumes_ml(anatomy), "planes": planes}
    if VESSEL in anatomy.surfaces:
        found[VESSEL] = _vessel(anatomy.surfaces[VESSEL])
    return found


def volumes_ml(anatomy: Anatomy) -> dict[str, float]:
    """Volume of each structure whose surface is closed."""
    return {key: mesh.volume_ml for key, mesh in anatomy.surfaces.items() if mesh.is_closed}


def ventricles_to_json(
    diastole: Anatomy, systole: Anatomy | None, body: tuple[float, float] | None
) -> dict[str, object]:
    """Volumes, ejection fraction and mass of the ventricles, per body surface where height and weight are known.

    Args:
        diastole, systole: anatomies of one heart at the ends of diastole and systole.
        body: height in cm and weight in kg.

    Raises:
        PlannerError: the two are no diastole and systole, or height and weight are no person's.
    """
    at_diastole = volumes_ml(diastole)
    at_systole = volumes_ml(systole) if systole is not None else {}
    values: dict[str, float] = {}
    for key in VENTRICLES:
        if key in at_diastole and key in at_systole:
            parts = stroke(at_diastole[key], at_systole[key])
            values |= {f"{key}_diastole_ml": at_diastole[key], f"{key}_systole_ml": at_systole[key]}
            values |= {f"{key}_{name}": value for name, value in parts.items()}
    if "lv_myocardium" in at_diastole:
        values["lv_mass_g"] = myocardial_mass_g(at_diastole["lv_myocardium"])
    found: dict[str, object] = dict(values)
    if body is not None:
        surfaces = body_surface_m2(*body)
        found["body_surface_m2"] = dict(surfaces)
        found["per_m2"] = {
            formula: {key: value / area for key, value in values.items() if key.endswith(("_ml", "_g"))}
            for formula, area in surfaces.items()
        }
    return found


def _s_curve(root: AorticRoot) -> list[list[float]] | str:
    try:
        cranial = edge_on_cranial_deg(annular_plane(points_of(root))[1], S_CURVE_LAO_DEG)
    except PlannerError as refusal:
        return refusal.why
    return [[float(lao), round(float(tilt), 2)] for lao, tilt in zip(S_CURVE_LAO_DEG, cranial, strict=True)]


def _reading_to_json(reading: Reading) -> dict[str, object]:
    content: dict[str, object] = {"key": reading.key, "title": reading.title, "value": reading.value}
    if reading.plus_minus is not None:
        content["plus_minus"] = reading.plus_minus
    said = {"why_not": reading.why_not, "note": reading.note}
    return content | {name: text for name, text in said.items() if text}


def _vessel(mesh: SurfaceMesh) -> Mapping[str, object]:
    from recon.centreline import centreline

    try:
        line = centreline(mesh)
    except PlannerError as refusal:
        return {"why_not": refusal.why}
    n_steps = max(1, int(line.length_mm // SECTION_STEP_MM))
    places = np.linspace(0.0, line.length_mm, n_steps + 1)
    return {"length_mm": line.length_mm, "sections": [_vessel_section(mesh, line, float(at)) for at in places]}


def _vessel_section(mesh: SurfaceMesh, line: Centreline, along_mm: float) -> dict[str, object]:
    try:
        cut = line.section(mesh, along_mm)
    except PlannerError as refusal:
        return {"along_mm": along_mm, "why_not": refusal.why}
    return {"along_mm": along_mm, "centre_mm": cut.centre_mm.tolist(), **cut.values}

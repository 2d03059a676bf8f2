"""The sheet of both ventricles: volumes, ejection, mass, and all of them by body surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.errors import PlannerError
from plan.clinical.ventricles import body_surface_m2, myocardial_mass_g, stroke
from plan.formula import NO_BAND, Reading
from plan.items import Ventricles

NAMES = {"lv": "LV", "rv": "RV"}
NO_PHASES = "one phase alone has no systole: reconstruct the heart at all phases"
NO_BODY = "height and weight are not given yet"


@dataclass(frozen=True)
class CycleVolumes:
    """What is known of the ventricles' volumes.

    Attributes:
        diastole_ml, systole_ml: structure key -> volume at the ends of diastole and of systole; without phases
            `systole_ml` is empty and `diastole_ml` is the one phase there is.
        wall_ml: volume of the left ventricle's wall, at the end of diastole where there are phases.
        phases: which phases the two are, counted from 1; None for one phase alone.
    """

    diastole_ml: Mapping[str, float]
    systole_ml: Mapping[str, float] = field(default_factory=dict)
    wall_ml: float | None = None
    phases: tuple[int, int] | None = None


def ventricle_readings(sheet: Ventricles, volumes: CycleVolumes) -> tuple[Reading, ...]:
    """All values of the sheet; those that cannot be had say why."""
    found: list[Reading] = []
    for key, name in NAMES.items():
        if key in volumes.diastole_ml:
            found += _ventricle(key, name, volumes)
    if volumes.wall_ml is not None:
        title = "LV mass" if volumes.phases else "LV mass, one phase"
        found.append(Reading("lv_mass_g", title, myocardial_mass_g(volumes.wall_ml)))
    surface = _body_surface(sheet)
    found.append(surface)
    if surface.value is not None:
        found += [_indexed(one, surface.value) for one in found if one.key.endswith(("_ml", "_g"))]
    return tuple(one if one is surface else replace(one, note=NO_BAND) for one in found)


def _ventricle(key: str, name: str, volumes: CycleVolumes) -> list[Reading]:
    diastole = volumes.diastole_ml[key]
    if key not in volumes.systole_ml:
        titles = {"stroke_ml": "stroke volume", "ejection_fraction_percent": "ejection fraction"}
        missing = [
            Reading(f"{key}_{end}", f"{name} {text}", None, None, NO_PHASES) for end, text in titles.items()
        ]
        return [Reading(f"{key}_volume_ml", f"{name} volume, one phase", diastole), *missing]
    systole = volumes.systole_ml[key]
    found = [
        Reading(f"{key}_diastole_ml", f"{name} end-diastolic volume", diastole),
        Reading(f"{key}_systole_ml", f"{name} end-systolic volume", systole),
    ]
    try:
        ejected: Mapping[str, float | None] = stroke(diastole, systole)
        why = ""
    except PlannerError as refusal:
        ejected, why = {"stroke_ml": None, "ejection_fraction_percent": None}, refusal.why
    found.append(Reading(f"{key}_stroke_ml", f"{name} stroke volume", ejected["stroke_ml"], None, why))
    key_of = "ejection_fraction_percent"
    return [*found, Reading(f"{key}_{key_of}", f"{name} ejection fraction", ejected[key_of], None, why)]


def _body_surface(sheet: Ventricles) -> Reading:
    key, title = "body_surface_m2", "Body surface (Du Bois)"
    if not sheet.height_cm or not sheet.weight_kg:
        return Reading(key, title, None, None, NO_BODY)
    try:
        return Reading(key, title, body_surface_m2(sheet.height_cm, sheet.weight_kg)["du_bois"])
    except PlannerError as refusal:
        return Reading(key, title, None, None, refusal.why)


def _indexed(reading: Reading, surface_m2: float) -> Reading:
    start, unit = reading.key.rsplit("_", 1)
    value = None if reading.value is None else reading.value / surface_m2
    return Reading(f"{start}_per_m2_{unit}", f"{reading.title}, indexed", value, None, reading.why_not)

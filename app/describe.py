"""How patients, studies, series and plan items read in lists: short, in the field's words."""

from __future__ import annotations

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.study import Patient, Series, Study
from plan.items import Angle, CutPlane, Distance, Item
from plan.measure import angle_deg, distance_mm


def describe_patient(patient: Patient, number: int) -> str:
    """Name and id as the files give them; a number where they give none."""
    name = patient.name.replace("^", " ").strip() or f"Patient {number}"
    return f"{name}  ·  {patient.patient_id}" if patient.patient_id else name


def describe_study(study: Study) -> str:
    """Date and description of a study."""
    date = study.date
    shown = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else date
    return "  ·  ".join(part for part in (shown, study.description) if part) or "Study"


def describe_series(series: Series) -> str:
    """Modality and description, then size and spacing, in two lines."""
    slices, rows, columns = series.shape
    size = f"{columns} × {rows} × {slices}"
    if series.n_phases > 1:
        size += f"  ·  {series.n_phases} phases"
    spacing = "no millimetres"
    if series.spacing_mm is not None:
        between, down, across = series.spacing_mm
        spacing = f"{across:.2f} × {down:.2f} × {between:.2f} mm"
    note = "  ⚠" if series.findings else ""
    return f"{series.modality}  {series.description or 'series'}{note}\n{size}\n{spacing}"


def describe_item(item: Item) -> str:
    """What an item measures or where it stands."""
    if isinstance(item, Distance):
        return f"{distance_mm(item):.1f} mm"
    if isinstance(item, Angle):
        try:
            return f"{angle_deg(item):.1f}°"
        except PlannerError:
            return "no angle"
    if isinstance(item, CutPlane):
        return "locked" if item.is_locked else ""
    return ""


def structure_title(key: str) -> str:
    """What people call a structure; its key where Auricle does not know it."""
    kind = HEART_BY_KEY.get(key)
    return kind.title if kind else key


def structure_volume(anatomy: Anatomy, key: str) -> str:
    """The enclosed volume in ml; a dash where the surface is open and has none."""
    mesh = anatomy.surfaces[key]
    return f"{mesh.volume_ml:.1f} ml" if mesh.is_closed else "– ml"

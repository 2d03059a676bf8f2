"""How patients, studies, series and plan items read in lists: short, in the field's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.clips import OpenClip
from app.labels.edited import edited_keys
from app.measures.density import density_of
from app.measuring import plane_shapes
from app.state import State
from core.anatomy import HEART_BY_KEY, RESECTED, Anatomy
from core.errors import Finding
from core.study import Patient, ScanResult, Series, SeriesKind, Study
from core.volume import Volume
from imaging.slices.planes import is_planes
from plan.formula import Reading
from plan.items import Cut, CutPlane, Item
from plan.plan import Plan
from plan.readings import readings

KIND_TITLES = {
    SeriesKind.STACK: "",
    SeriesKind.LOCALISER: "Localiser",
    SeriesKind.PROJECTION: "X-ray",
    SeriesKind.CLIP: "Clip",
    SeriesKind.CAPTURE: "Screen capture",
    SeriesKind.SEGMENTATION: "Segmentation",
    SeriesKind.CONTOURS: "Contours",
    SeriesKind.SURFACE: "Surface",
    SeriesKind.REPORT: "Report",
}
PICTURES = (SeriesKind.PROJECTION, SeriesKind.CLIP, SeriesKind.CAPTURE)
WITHOUT_PICTURES = (SeriesKind.SEGMENTATION, SeriesKind.CONTOURS, SeriesKind.SURFACE, SeriesKind.REPORT)
ASIDE = (SeriesKind.LOCALISER, SeriesKind.CAPTURE, SeriesKind.REPORT)
"""Shown quieter and last: nobody plans on them."""
# Series of one rank stay in the order of the scanner.
RANKS = (
    SeriesKind.STACK,
    SeriesKind.PROJECTION,
    SeriesKind.CLIP,
    SeriesKind.SEGMENTATION,
    SeriesKind.CONTOURS,
    SeriesKind.SURFACE,
    *ASIDE,
)


def describe_patient(patient: Patient, number: int) -> str:
    """Name and id as the files give them; a number where they give none."""
    name = patient.name.replace("^", " ").strip() or f"Patient {number}"
    return f"{name}  ·  {patient.patient_id}" if patient.patient_id else name


def describe_study(study: Study) -> str:
    """Date and description of a study."""
    date = study.date
    shown = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else date
    return "  ·  ".join(part for part in (shown, study.description) if part) or "Study"


def describe_kind(series: Series) -> str:
    """What a series is to a person, with its modality and what the scanner called it."""
    title = KIND_TITLES[series.kind]
    name = series.description or ("series" if not title else "")
    return "  ".join(part for part in (series.modality, title, name) if part)


def describe_series(series: Series) -> str:
    """Modality, kind and description; size and phases or frames; spacing. One line each."""
    slices, rows, columns = series.shape
    if series.kind in WITHOUT_PICTURES:
        return describe_kind(series)
    if series.kind in PICTURES:
        n_frames = max(series.n_phases, slices)
        size = f"{columns} × {rows}" + (f"  ·  {n_frames} frames" if n_frames > 1 else "")
        _, _, run = series.series_uid.partition("#")
        return f"{describe_kind(series)}\n{size}\n{f'run {run}' if run else 'no place in the patient'}"
    size = f"{columns} × {rows} × {slices}"
    if series.n_phases > 1:
        size += f"  ·  {series.n_phases} phases"
    spacing = "no millimetres"
    if series.spacing_mm is not None:
        between, down, across = series.spacing_mm
        spacing = f"{across:.2f} × {down:.2f} × {between:.2f} mm"
    return f"{describe_kind(series)}\n{size}\n{spacing}"


def describe_finding(finding: Finding) -> str:
    """What, why and what to do, as sentences."""
    what = finding.what[:1].upper() + finding.what[1:]
    fix = finding.fix[:1].upper() + finding.fix[1:]
    return f"{what}: {finding.why}. {fix}."


def describe_details(series: Series) -> str:
    """All that is known of a series, and every finding with its reason and what to do."""
    n_files = len({path for files in series.phases for path in files})
    files = f"{n_files} file" + ("s" if n_files != 1 else "")
    lines = [*describe_series(series).splitlines(), files]
    if series.kind in PICTURES and "#" in series.series_uid:
        lines.append("no place in the patient")
    return "\n".join([*lines, *(f"\n{describe_finding(finding)}" for finding in series.findings)])


def describe_several(chosen: Sequence[Series]) -> str:
    """What it means that several series are marked."""
    spaces = {series.frame_of_reference_uid for series in chosen}
    are_together = len(spaces) == 1 and "" not in spaces
    lines = [f"{len(chosen)} series are marked."]
    if any(series.kind is not SeriesKind.STACK for series in chosen):
        lines.append("Open them one after the other: structures are shown over the images that are open.")
    elif not are_together:
        lines.append("They do not share one patient space and cannot be reconstructed together.")
    elif all(is_planes(series) for series in chosen):
        lines.append("Reconstruct takes these planes together, all at the phase that is shown.")
    if any(series.n_phases > 1 for series in chosen):
        kept = " The phase stays when you go to another plane of this heart." if are_together else ""
        lines.append(f"Only the one that is open is played.{kept}")
    return "\n".join(lines)


def describe_moment(state: State) -> str:
    """Which phase or frame is shown, and when it was where the images say so."""
    if state.n_moments < 2:
        return ""
    word = "frame" if state.clip is not None else "phase"
    text = f"{word} {state.moment + 1} / {state.n_moments}"
    when = _frame_time(state.clip) if state.clip is not None else _phase_time(state)
    return f"{text}, {when}" if when else text


def sort_for_people(scan: ScanResult) -> tuple[Patient, ...]:
    """Patients by name, studies newest first, what is planned on before localisers, captures and reports."""
    return tuple(
        replace(patient, studies=tuple(_sorted_study(study) for study in _newest_first(patient)))
        for patient in sorted(scan.patients, key=lambda patient: (patient.name.lower(), patient.patient_id))
    )


def matches(series: Series, around: str, wanted: str) -> bool:
    """True when each word that is looked for occurs in what is shown of a series, its study and its patient."""
    text = f"{around} {describe_series(series)} {series.kind.value}".lower()
    return all(word in text for word in wanted.lower().split())


def _newest_first(patient: Patient) -> list[Study]:
    return sorted(patient.studies, key=lambda study: study.date, reverse=True)


def _sorted_study(study: Study) -> Study:
    return replace(study, series=tuple(sorted(study.series, key=lambda series: RANKS.index(series.kind))))


def _frame_time(clip: OpenClip) -> str:
    times_s = clip.clip.frame_times_s
    return f"{times_s[clip.index]:.2f} s" if clip.index < len(times_s) else ""


def _phase_time(state: State) -> str:
    labels = state.series.phase_labels if state.series is not None else ()
    return labels[state.phase] if state.phase < len(labels) else ""


MAIN_READINGS = (
    "length_mm",
    "angle_deg",
    "area_mm2",
    "annulus_area_mm2",
    "d_area_mm2",
    "ostium_area_mm2",
    "skin_area_mm2",
    "valve_to_annulus_percent",
    "volume_ml",
    "radius_mm",
)
NO_VALUE = {"°": "no angle", "mm²": "no area", "%": "no fit", "mm": "out of date", "ml": "out of date"}


def describe_item(item: Item, plan: Plan, sd_mm: float | None = None) -> str:
    """What an item measures or where it stands; with the band of its landmarks where `sd_mm` is given."""
    if isinstance(item, Cut):
        return "locked" if item.is_locked else ""
    found = {reading.key: reading for reading in readings(item, plan, sd_mm)}
    chosen = next((found[key] for key in MAIN_READINGS if key in found), None)
    if chosen is None:
        return ""
    if chosen.value is not None:
        return chosen.short
    return NO_VALUE.get(chosen.unit, "")


def structure_title(key: str) -> str:
    """What people call a structure; its key where Auricle does not know it."""
    kind = RESECTED if key == RESECTED.key else HEART_BY_KEY.get(key)
    return kind.title if kind else key


def structure_volume(anatomy: Anatomy, key: str) -> str:
    """The enclosed volume in ml; a dash where the surface is open and has none.

    Of a structure that was edited by hand it is the volume of its voxels, which is there before its surface.
    """
    if key in edited_keys(anatomy) and anatomy.labels is not None and key in anatomy.labels.names.values():
        n_voxels = np.count_nonzero(anatomy.labels.mask(key))
        return f"{n_voxels * anatomy.labels.voxel_ml:.1f} ml"
    mesh = anatomy.surfaces[key]
    return f"{mesh.volume_ml:.1f} ml" if mesh.is_closed else "– ml"


def item_lines(
    item: Item,
    plan: Plan,
    anatomy: Anatomy | None,
    sd_mm: float | None = None,
    volume: Volume | None = None,
) -> tuple[str, ...]:
    """All that an item measures, one line each; of a cut plane what it cuts out of each structure.

    With a volume also its grey values inside a contour or a ball.
    """
    if isinstance(item, CutPlane):
        shapes = plane_shapes(anatomy, item) if anatomy is not None else {}
        return tuple(f"{structure_title(key)}: {_in_a_row(shape)}" for key, shape in shapes.items())
    found = readings(item, plan, sd_mm)
    # What nobody has placed yet is for the sheet to ask for.
    lines = tuple(_line(one) for one in found if one.value is not None or not one.why_not.endswith("yet"))
    density = density_of(item, volume) if volume is not None else None
    return lines if density is None else (*lines, density.text)


def _in_a_row(shape: Sequence[Reading]) -> str:
    return ", ".join(_line(reading)[:1].lower() + _line(reading)[1:] for reading in shape)


def _line(reading: Reading) -> str:
    reason = f" ({reading.why_not})" if reading.why_not else ""
    return f"{reading.title} {reading.text}{reason}"

"""How the numbers of a report came about: images, software, weights, and what stands behind each value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

from app.state import State
from core.anatomy import Anatomy
from plan.formula import N_DRAWS

WHERE: Mapping[str, str] = {
    "P": "computed from points that a person placed, or that were found and accepted",
    "S": "computed on the surfaces of the reconstruction",
    "PS": "a way on a surface between two placed points",
    "I": "read from the images inside the item",
}
"""Letter beside a value -> where the value comes from."""
N_HASH = 16


def software_line(when: datetime) -> str:
    """Which program made the report, and when."""
    return f"Auricle {software_version()}, {when:%Y-%m-%d %H:%M} UTC"


def software_version() -> str:
    """The installed version."""
    try:
        return version("auricle")
    except PackageNotFoundError:
        return "from source"


def case_facts(state: State, anatomy: Anatomy | None, with_patient: bool) -> tuple[tuple[str, str], ...]:
    """Pairs that say which images and which reconstruction the report is about."""
    found: list[tuple[str, str]] = []
    series, volume = state.series, state.volume
    if series is not None:
        named = f", {series.description}" if with_patient and series.description else ""
        found.append(("Images", f"{series.modality}{named}"))
        if with_patient and (date := _study_date(state)):
            found.append(("Study date", date))
    if volume is not None:
        slices, rows, columns = volume.shape
        between, down, across = volume.spacing_mm
        found.append(("Grid", f"{columns} × {rows} × {slices}, {across:.2f} × {down:.2f} × {between:.2f} mm"))
    if series is not None and series.n_phases > 1:
        label = f", {series.phase_labels[state.phase]}" if state.phase < len(series.phase_labels) else ""
        found.append(("Phase", f"{state.phase + 1} of {series.n_phases}{label}"))
    if state.moving is not None:
        ends = state.moving.end_diastole + 1, state.moving.end_systole + 1
        found.append(("Moving heart", f"end of diastole at phase {ends[0]}, end of systole at phase {ends[1]}"))
    uid = state.plan.frame_of_reference_uid
    if uid:
        # Enough to tell two patient spaces apart; the UID itself would lead to the patient.
        found.append(("Patient space", uid if with_patient else sha256(uid.encode()).hexdigest()[:12]))
    if anatomy is None:
        found.append(("Reconstruction", "none: only what was placed is measured"))
    return tuple(found)


def method_lines(anatomy: Anatomy | None, sd_mm: float | None) -> tuple[str, ...]:
    """Sentences on how the numbers were made."""
    lines = [
        "Every position is in millimetres of the images' own patient space (DICOM, LPS).",
    ]
    if sd_mm:
        lines.append(
            "± is half of the interval that holds 95 % of the values when every placed point is placed again with a "
            f"standard deviation of {sd_mm:g} mm along each axis ({N_DRAWS} draws). It tells how repeatable a value "
            "is, not how right. Values without ± come from surfaces alone."
        )
    if anatomy is not None:
        lines.append(
            "Volumes are those that closed surfaces enclose. The spread of a surface is the mean over its vertices of "
            "what the network's own answers leave open; it is no measured error."
        )
        lines += _network_lines(anatomy)
    return tuple(lines)


def _network_lines(anatomy: Anatomy) -> list[str]:
    report = anatomy.report
    lines = []
    weights = report.get("weights")
    if isinstance(weights, Mapping) and weights:
        hashes = ", ".join(f"{name} (SHA-256 {str(digest)[:N_HASH]}…)" for name, digest in weights.items())
        lines.append(f"Networks: {hashes}.")
    where = [str(report[key]) for key in ("engine", "device") if report.get(key)]
    if where:
        lines.append(f"Reconstructed by {' on '.join(where)}.")
    heart = report.get("heart")
    if isinstance(heart, Mapping) and "score" in heart:
        lines.append(
            f"Score that this is a heart as the networks know it: {float(heart['score']):.2f} "
            f"(refused below {float(heart.get('least_score', 0.0)):.2f})."
        )
    return lines


def _study_date(state: State) -> str:
    uid = state.series.series_uid if state.series is not None else ""
    studies = [study for patient in (state.scan.patients if state.scan else ()) for study in patient.studies]
    date = next((s.date for s in studies if any(one.series_uid == uid for one in s.series)), "")
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdigit() else date

"""A moving reconstruction inside a case, exact to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.array_file import (
    Arrays,
    Facts,
    common_facts,
    findings_of,
    label_maps_of,
    read_arrays,
    surface_keys,
    write_arrays,
)
from core.motion import MovingAnatomy, MovingSurface, SliceShift


def write_motion(moving: MovingAnatomy, path: Path) -> None:
    """Write surfaces, labels, shifts and report. Raises PlannerError when the place cannot be written."""
    arrays: dict[str, np.ndarray] = {}
    for key, surface in moving.surfaces.items():
        arrays[f"surface/{key}/vertices_mm"] = surface.vertices
        arrays[f"surface/{key}/faces"] = surface.faces
    if moving.labels:
        arrays["labels"] = np.stack([one.labels for one in moving.labels])
        arrays["labels_patient_from_index"] = moving.labels[0].patient_from_index
    write_arrays(arrays, _facts(moving), path)


def read_motion(path: Path) -> MovingAnatomy:
    """Read what `write_motion` wrote. Raises PlannerError when it is damaged or something else."""
    return read_arrays(path, _moving)


def _facts(moving: MovingAnatomy) -> dict[str, object]:
    labels = next(iter(moving.labels), None)
    return {
        **common_facts(moving.frame_of_reference_uid, labels, moving.findings, moving.report),
        "end_diastole": moving.end_diastole,
        "end_systole": moving.end_systole,
        "times_ms": list(moving.times_ms),
        "shifts": [[s.name, list(s.shift_mm), s.is_reliable] for s in moving.shifts],
    }


def _moving(arrays: Arrays, facts: Facts) -> MovingAnatomy:
    surfaces = {
        key: MovingSurface(arrays[f"surface/{key}/vertices_mm"], arrays[f"surface/{key}/faces"])
        for key in surface_keys(arrays)
    }
    return MovingAnatomy(
        surfaces=surfaces,
        frame_of_reference_uid=str(facts["frame_of_reference_uid"]),
        end_diastole=int(facts["end_diastole"]),
        end_systole=int(facts["end_systole"]),
        times_ms=tuple(float(time) for time in facts["times_ms"]),
        labels=label_maps_of(arrays, facts),
        shifts=tuple(_shift(*row) for row in facts["shifts"]),
        findings=findings_of(facts),
        report=facts["report"],
    )


def _shift(name: object, shift_mm: list[object], is_reliable: object) -> SliceShift:
    x, y, z = (float(value) for value in shift_mm)  # type: ignore[arg-type]
    return SliceShift(str(name), (x, y, z), is_reliable is True)

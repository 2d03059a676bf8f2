"""A moving reconstruction inside a case, exact to the bit: arrays without pickle, and its facts as JSON."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from app.anatomy_file import LARGEST_BYTES
from core.errors import Finding, PlannerError
from core.motion import MovingAnatomy, MovingSurface, SliceShift
from core.staging import replace_file
from core.volume import LabelMap


def write_motion(moving: MovingAnatomy, path: Path) -> None:
    """Write surfaces, labels, shifts and report. Raises PlannerError when the place cannot be written."""
    arrays: dict[str, np.ndarray] = {}
    for key, surface in moving.surfaces.items():
        arrays[f"surface/{key}/vertices_mm"] = surface.vertices
        arrays[f"surface/{key}/faces"] = surface.faces
    if moving.labels:
        arrays["labels"] = np.stack([one.labels for one in moving.labels])
        arrays["labels_patient_from_index"] = moving.labels[0].patient_from_index
    arrays["facts"] = np.frombuffer(json.dumps(_facts(moving)).encode(), dtype=np.uint8)
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    replace_file(path, packed.getvalue())


def read_motion(path: Path) -> MovingAnatomy:
    """Read what `write_motion` wrote. Raises PlannerError when it is damaged or something else."""
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_BYTES:
                raise ValueError("it is larger than any reconstruction")
        with np.load(path, allow_pickle=False) as file:
            return _moving({name: file[name] for name in file.files})
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile, RecursionError) as error:
        raise PlannerError(
            f"cannot read {path.name}", "it is not a saved reconstruction or it is damaged", "reconstruct again"
        ) from error


def _facts(moving: MovingAnatomy) -> dict[str, object]:
    return {
        "frame_of_reference_uid": moving.frame_of_reference_uid,
        "end_diastole": moving.end_diastole,
        "end_systole": moving.end_systole,
        "times_ms": list(moving.times_ms),
        "names": {str(value): key for value, key in moving.labels[0].names.items()} if moving.labels else {},
        "shifts": [[s.name, list(s.shift_mm), s.is_reliable] for s in moving.shifts],
        "findings": [[f.code, f.what, f.why, f.fix] for f in moving.findings],
        "report": dict(moving.report),
    }


def _moving(arrays: Mapping[str, np.ndarray]) -> MovingAnatomy:
    facts = json.loads(arrays["facts"].tobytes())
    uid = str(facts["frame_of_reference_uid"])
    keys = [name.split("/")[1] for name in arrays if name.endswith("/vertices_mm")]
    labels: tuple[LabelMap, ...] = ()
    if "labels" in arrays:
        names = {int(value): str(key) for value, key in facts["names"].items()}
        affine = arrays["labels_patient_from_index"]
        labels = tuple(LabelMap(one, affine, names, uid) for one in arrays["labels"])
    return MovingAnatomy(
        surfaces={
            key: MovingSurface(arrays[f"surface/{key}/vertices_mm"], arrays[f"surface/{key}/faces"])
            for key in keys
        },
        frame_of_reference_uid=uid,
        end_diastole=int(facts["end_diastole"]),
        end_systole=int(facts["end_systole"]),
        times_ms=tuple(float(time) for time in facts["times_ms"]),
        labels=labels,
        shifts=tuple(_shift(*row) for row in facts["shifts"]),
        findings=tuple(Finding(*map(str, finding)) for finding in facts["findings"]),
        report=facts["report"],
    )


def _shift(name: object, shift_mm: list[object], is_reliable: object) -> SliceShift:
    x, y, z = (float(value) for value in shift_mm)  # type: ignore[arg-type]
    return SliceShift(str(name), (x, y, z), is_reliable is True)

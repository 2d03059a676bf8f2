"""registration.json: where the patient lies on the body, with what it rests on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ar.registration.model import Fiducial, Method, Registration
from ar.registration.spread import MotionSpread
from core.errors import Finding, PlannerError
from core.frames import PATIENT, Transform
from core.staging import replace_file

FORMAT = "auricle patient registration"
VERSION = 1
RIGID_TOLERANCE = 1e-6


def write_registration(registration: Registration, path: Path) -> None:
    """Write registration.json, readable by its owner only. Raises PlannerError when the place cannot be written."""
    replace_file(Path(path), (json.dumps(to_json(registration), indent=1) + "\n").encode())


def read_registration(path: Path) -> Registration:
    """Read registration.json. Raises PlannerError when it is damaged, of another kind, or not a rigid map."""
    name = Path(path).name
    try:
        return from_json(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot read {name}", reason, "run `auricle register` first") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise PlannerError(
            f"{name} holds no patient registration", reason, "make one with `auricle register`"
        ) from error


def to_json(registration: Registration) -> dict[str, Any]:
    """The registration as plain JSON values."""
    spread = registration.spread
    return {
        "format": FORMAT,
        "version": VERSION,
        "unit": "mm",
        "to_frame": registration.body_from_patient.to_frame,
        "from_frame": "patient (LPS)",
        "body_from_patient": registration.body_from_patient.matrix.tolist(),
        "is_registered": registration.is_registered,
        "method": registration.method.value,
        "fre_mm": registration.fre_mm,
        "leave_one_out_mm": registration.leave_one_out_mm,
        "surface_rms_mm": registration.surface_rms_mm,
        "note": registration.note,
        "frame_of_reference_uid": registration.frame_of_reference_uid,
        "spread": None
        if spread is None
        else {"centre_mm": spread.centre_mm.tolist(), "covariance": spread.covariance.tolist()},
        "fiducials": [fiducial_to_json(f) for f in registration.fiducials],
        "findings": [
            {"code": f.code, "what": f.what, "why": f.why, "fix": f.fix} for f in registration.findings
        ],
    }


def from_json(content: dict[str, Any]) -> Registration:
    """The registration of plain JSON values. Raises ValueError, KeyError or TypeError when it is none."""
    if content["format"] != FORMAT or content["version"] != VERSION or content["unit"] != "mm":
        raise ValueError("it is of another kind or version")
    matrix = np.array(content["body_from_patient"], dtype=np.float64)
    transform = Transform(str(content["to_frame"]), PATIENT, matrix)
    rotation = transform.matrix[:3, :3]
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > RIGID_TOLERANCE or np.linalg.det(rotation) < 0:
        raise ValueError("the map is not a rotation and a shift")
    is_registered, method = bool(content["is_registered"]), Method(content["method"])
    if is_registered == (method is Method.PLACED):
        raise ValueError("a placement is not a registration")
    spread = content["spread"]
    return Registration(
        transform,
        _number(content["fre_mm"]),
        is_registered,
        str(content["note"]),
        method=method,
        spread=None
        if spread is None
        else MotionSpread(np.array(spread["centre_mm"]), np.array(spread["covariance"])),
        leave_one_out_mm=_number(content["leave_one_out_mm"]),
        surface_rms_mm=_number(content["surface_rms_mm"]),
        fiducials=tuple(fiducial_from_json(f) for f in content["fiducials"]),
        frame_of_reference_uid=str(content["frame_of_reference_uid"]),
        findings=tuple(Finding(f["code"], f["what"], f["why"], f["fix"]) for f in content["findings"]),
    )


def fiducial_to_json(fiducial: Fiducial) -> dict[str, Any]:
    """One fiducial as plain JSON values."""
    return {
        "name": fiducial.name,
        "patient_mm": list(fiducial.patient_mm),
        "body_mm": list(fiducial.body_mm),
        "sigma_mm": fiducial.sigma_mm,
    }


def fiducial_from_json(content: dict[str, Any]) -> Fiducial:
    """One fiducial of plain JSON values. Raises ValueError, KeyError or TypeError when it is none."""
    return Fiducial(
        str(content["name"]),
        _point(content["patient_mm"]),
        _point(content["body_mm"]),
        float(content["sigma_mm"]),
    )


def _point(values: list[float]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)

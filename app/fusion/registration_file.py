"""A registration as two files, exact to the bit: JSON with its facts, and an npz with its deformation.

The JSON names the npz by its content, and is written last: a crash between the two leaves the pair that was there.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.errors import Finding, PlannerError
from core.frames import Transform
from core.fusion import FIXED, MOVING, DisplacementField, ImageKey, ImageRegistration, RegistrationError, Warp
from core.staging import replace_file
from plan.schema import parse_json

FORMAT, SCHEMA = "auricle-registration", 1
LARGEST_WARP_BYTES = 1_000_000_000
ARRAYS = ("forward_mm", "backward_mm", "patient_from_index")


def write_registration(registration: ImageRegistration, path: Path) -> None:
    """Write `path` (JSON) and, where there is a deformation, ``<stem>-<hash>.npz`` beside it.

    Raises PlannerError when the place cannot be written; what was there is still whole.
    """
    packed = _packed(registration.warp) if registration.warp is not None else b""
    name = f"{path.stem}-{hashlib.sha256(packed).hexdigest()[:16]}.npz" if packed else ""
    if packed:
        replace_file(path.with_name(name), packed)
    content = _to_json(registration, name)
    replace_file(path, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())
    for old in path.parent.glob(f"{path.stem}-*.npz"):
        if old.name != name:
            with suppress(OSError):
                old.unlink()


def read_registration(path: Path) -> ImageRegistration:
    """Read what `write_registration` wrote. Raises PlannerError when it is damaged or something else."""
    try:
        content = parse_json(path.read_bytes())
        if not isinstance(content, Mapping) or content.get("format") != FORMAT:
            raise ValueError("it is no registration")
        if content.get("schema") != SCHEMA:
            raise ValueError("it is of another version")
        return _from_json(content, path)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        PlannerError,
        zipfile.BadZipFile,
    ) as error:
        raise PlannerError(
            f"cannot read {path.name}", "it is not a saved registration or it is damaged", "register again"
        ) from error


def _packed(warp: Warp) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        forward_mm=warp.forward.shift_mm,
        backward_mm=warp.backward.shift_mm,
        patient_from_index=warp.forward.patient_from_index,
    )
    return packed.getvalue()


def _to_json(registration: ImageRegistration, warp_name: str) -> dict[str, object]:
    error = asdict(registration.error)
    error["jacobian"] = list(registration.error.jacobian)
    if not math.isfinite(registration.error.estimated_tre_mm):
        error["estimated_tre_mm"] = None
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "fixed": asdict(registration.fixed),
        "moving": asdict(registration.moving),
        "fixed_from_moving": registration.fixed_from_moving.matrix.tolist(),
        "warp": warp_name,
        "error": error,
        "method": registration.method,
        "provenance": dict(registration.provenance),
        "findings": [[f.code, f.what, f.why, f.fix] for f in registration.findings],
    }


def _from_json(content: Mapping[str, object], path: Path) -> ImageRegistration:
    facts: dict[str, object] = dict(content["error"])  # type: ignore[call-overload]
    tre = facts["estimated_tre_mm"]
    low, high = (float(change) for change in facts["jacobian"])  # type: ignore[attr-defined]
    error = RegistrationError(
        _lengths(facts["residual_mm"]),
        _lengths(facts["rigid_residual_mm"]),
        _lengths(facts["left_out_mm"]),
        float("nan") if tre is None else float(tre),  # type: ignore[arg-type]
        float(facts["inverse_mm"]),  # type: ignore[arg-type]
        (low, high),
    )
    warp_name = str(content["warp"])
    findings = tuple(Finding(*map(str, finding)) for finding in content["findings"])  # type: ignore[attr-defined]
    return ImageRegistration(
        _key(content["fixed"]),
        _key(content["moving"]),
        Transform(FIXED, MOVING, np.array(content["fixed_from_moving"], dtype=np.float64)),
        _warp(path, warp_name) if warp_name else None,
        error,
        str(content["method"]),
        dict(content["provenance"]),  # type: ignore[call-overload]
        findings,
    )


def _key(content: object) -> ImageKey:
    if not isinstance(content, Mapping):
        raise ValueError("an image is not named")
    phase = content["phase"]
    if isinstance(phase, bool) or not isinstance(phase, int) or phase < 0:
        raise ValueError("a phase is no number")
    uid, frame, modality = (str(content[name]) for name in ("series_uid", "frame_of_reference_uid", "modality"))
    return ImageKey(uid, phase, frame, modality)


def _lengths(content: object) -> dict[str, float]:
    if not isinstance(content, Mapping):
        raise ValueError("errors are listed by structure")
    return {str(key): float(value) for key, value in content.items()}


def _warp(path: Path, name: str) -> Warp:
    if name != Path(name).name or not name.startswith(f"{path.stem}-") or not name.endswith(".npz"):
        raise ValueError("the deformation lies elsewhere")
    packed = path.with_name(name).read_bytes()
    if hashlib.sha256(packed).hexdigest()[:16] != name.removesuffix(".npz").rpartition("-")[2]:
        raise ValueError("the deformation was changed")
    with zipfile.ZipFile(io.BytesIO(packed)) as entries:
        if sum(entry.file_size for entry in entries.infolist()) > LARGEST_WARP_BYTES:
            raise ValueError("the deformation is larger than any")
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        forward, backward, grid = (file[key] for key in ARRAYS)
    return Warp(DisplacementField(forward, grid), DisplacementField(backward, grid))

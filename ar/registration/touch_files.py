"""landmarks.json and touches.json: what may be touched, and when or where it was."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ar.registration.recorded import Interval
from core.errors import PlannerError


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Named LPS positions (3,) in mm, in the order they are listed, and their patient space."""

    places_mm: dict[str, np.ndarray]
    frame_of_reference_uid: str = ""


@dataclass(frozen=True, eq=False)
class Touches:
    """Where landmarks were touched in the reference's frame, mm, or when, in seconds."""

    places_mm: dict[str, np.ndarray] = field(default_factory=dict)
    times_s: dict[str, Interval] = field(default_factory=dict)


def read_landmarks(path: Path) -> Landmarks:
    """Read ``{"unit": "mm", "space": "LPS", "landmarks": {name: [x, y, z]}}``.

    Raises:
        PlannerError: it cannot be read, or does not say millimetres and LPS.
    """
    content = _read(path)
    try:
        if content["unit"] != "mm" or content["space"] != "LPS":
            raise ValueError("positions are taken in mm, LPS only")
        places = {str(name): _point(place) for name, place in content["landmarks"].items()}
        return Landmarks(places, str(content.get("frame_of_reference_uid", "")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refusal(path, "lists no landmarks", error) from error


def read_touches(path: Path) -> Touches:
    """Read ``{"unit": "mm", "touches": {name: [x, y, z] or {"from_s": a, "to_s": b}}}``. Raises PlannerError."""
    content = _read(path)
    places, times = {}, {}
    try:
        if content["unit"] != "mm":
            raise ValueError("positions are taken in mm only")
        for name, touch in content["touches"].items():
            if isinstance(touch, dict):
                start_s, end_s = float(touch["from_s"]), float(touch["to_s"])
                if not 0.0 <= start_s < end_s:
                    raise ValueError(f"the time of {name} does not run forward")
                times[str(name)] = (start_s, end_s)
            else:
                places[str(name)] = _point(touch)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refusal(path, "lists no touches", error) from error
    return Touches(places, times)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot read {Path(path).name}", reason, "check the path") from error
    except (ValueError, RecursionError) as error:
        raise PlannerError(f"cannot read {Path(path).name}", "it is not JSON", "check the file") from error
    return content if isinstance(content, dict) else {}


def _point(values: Any) -> np.ndarray:
    point = np.array(values, dtype=np.float64)
    if point.shape != (3,) or not np.isfinite(point).all():
        raise ValueError("a position is three finite numbers")
    return point


def _refusal(path: Path, what: str, error: Exception) -> PlannerError:
    reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
    return PlannerError(f"{Path(path).name} {what}", reason, "see `auricle register` in the command-line guide")

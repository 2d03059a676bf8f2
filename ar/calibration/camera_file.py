"""camera.json: the door between a calibration and everything that uses the camera."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.errors import PlannerError
from core.projection import CameraModel


def write_camera(camera: CameraModel, path: Path) -> None:
    """Write camera.json. Raises PlannerError when the place cannot be written."""
    content = {
        "width": camera.width,
        "height": camera.height,
        "camera_matrix": camera.camera_matrix.tolist(),
        "distortion": camera.distortion.tolist(),
        "model": "pinhole",
        "rms_px": camera.rms_px,
        "focal_error_percent": camera.focal_error_percent,
    }
    try:
        Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write {Path(path).name}", reason, "choose another folder") from error


def read_camera(path: Path) -> CameraModel:
    """Read camera.json. Raises PlannerError when a fact is missing or the lens model is not known here."""
    name = Path(path).name
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        model = content.get("model", "pinhole")
        if model != "pinhole":
            raise ValueError(f"the lens model {model!r} is not supported yet")
        width, height = int(content["width"]), int(content["height"])
        if width < 1 or height < 1:
            raise ValueError("the picture has no size")
        return CameraModel(
            width,
            height,
            np.array(content["camera_matrix"], dtype=np.float64),
            np.array(content["distortion"], dtype=np.float64),
            _optional(content, "rms_px"),
            _optional(content, "focal_error_percent"),
        )
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot read {name}", reason, "run `auricle calibrate` first") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise PlannerError(
            f"{name} does not describe a camera", reason, "calibrate this camera with `auricle calibrate`"
        ) from error


def _optional(content: dict[str, object], field: str) -> float | None:
    value = content.get(field)
    return None if value is None else float(str(value))

"""camera.json: the door between a calibration and everything that uses the camera; kept per camera, size and focus."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import PlannerError
from core.lens import FISHEYE, PINHOLE
from core.projection import CameraModel
from core.staging import staged

RATIONAL = "rational"
FOCUS_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class CameraRecord:
    """A calibration and what it holds for.

    Attributes:
        camera: the model.
        device: which camera, as its driver or the user names it; empty when unknown.
        focus: the driver's focus setting it was made at; None when unknown.
        is_focus_locked: whether autofocus was off; None when unknown.
        covariance: of fx, fy, cx, cy (px) and the coefficients; None when unknown.
        n_views: how many pictures it rests on; None when unknown.
    """

    camera: CameraModel
    device: str = ""
    focus: float | None = None
    is_focus_locked: bool | None = None
    covariance: np.ndarray | None = None
    n_views: int | None = None

    def working_error_mm(self, distance_mm: float) -> float | None:
        """What the expected focal error makes of a depth; None when it is not known."""
        percent = self.camera.focal_error_percent
        return None if percent is None else percent / 100.0 * distance_mm

    def check_setting(
        self,
        size: tuple[int, int],
        device: str = "",
        focus: float | None = None,
        is_focus_locked: bool | None = None,
    ) -> None:
        """Refuse a camera or setting that this calibration does not hold for; what is not known is not compared.

        Args:
            size: (width, height) of the pictures that come in.

        Raises:
            PlannerError: another resolution, camera or focus.
        """
        fix = "calibrate this camera at this setting"
        own = (self.camera.width, self.camera.height)
        if size != own:
            why = f"the pictures are {size[0]}x{size[1]}, it was made at {own[0]}x{own[1]}"
            raise PlannerError("this calibration does not fit", why, "set the calibrated resolution, or " + fix)
        if device and self.device and device != self.device:
            why = f"it was made with {self.device!r}, this is {device!r}"
            raise PlannerError("this calibration does not fit", why, fix)
        if self.is_focus_locked and is_focus_locked is False:
            why = "it was made at a fixed focus, and the camera focuses by itself now"
            raise PlannerError("this calibration does not fit", why, "switch autofocus off, or " + fix)
        if focus is not None and self.focus is not None and abs(focus - self.focus) > FOCUS_TOLERANCE:
            why = f"it was made at the focus {self.focus:g}, the camera is at {focus:g}"
            raise PlannerError("this calibration does not fit", why, "set that focus, or " + fix)


def write_camera(camera: CameraModel | CameraRecord, path: Path) -> None:
    """Write camera.json. Raises PlannerError when the place cannot be written."""
    record = camera if isinstance(camera, CameraRecord) else CameraRecord(camera)
    with staged(Path(path)) as stage:
        stage.write_text(json.dumps(_to_json(record), indent=1) + "\n", encoding="utf-8")


def read_camera(path: Path) -> CameraModel:
    """Read camera.json. Raises PlannerError when a fact is missing or the lens model is not known here."""
    return read_camera_record(path).camera


def read_camera_record(path: Path) -> CameraRecord:
    """Read camera.json with what it holds for; older files lack that. Raises PlannerError as `read_camera`."""
    name = Path(path).name
    try:
        return _from_json(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot read {name}", reason, "run `auricle calibrate` first") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise PlannerError(
            f"{name} does not describe a camera", reason, "calibrate this camera with `auricle calibrate`"
        ) from error


def camera_path(folder: Path, device: str, size: tuple[int, int], focus: float | None = None) -> Path:
    """Where a folder of calibrations keeps the one of this camera, resolution and focus."""
    words = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-") or "camera"
    at = "" if focus is None else f"-focus{focus:g}"
    return Path(folder) / f"{words}-{size[0]}x{size[1]}{at}.json"


def _to_json(record: CameraRecord) -> dict[str, Any]:
    camera = record.camera
    is_rational = camera.lens == PINHOLE and len(camera.distortion) == 8
    return {
        "width": camera.width,
        "height": camera.height,
        "camera_matrix": camera.camera_matrix.tolist(),
        "distortion": camera.distortion.tolist(),
        "model": RATIONAL if is_rational else camera.lens,
        "rms_px": camera.rms_px,
        "focal_error_percent": camera.focal_error_percent,
        "device": record.device,
        "focus": record.focus,
        "is_focus_locked": record.is_focus_locked,
        "n_views": record.n_views,
        "covariance": None if record.covariance is None else record.covariance.tolist(),
    }


def _from_json(content: dict[str, Any]) -> CameraRecord:
    model = content.get("model", PINHOLE)
    if model not in (PINHOLE, RATIONAL, FISHEYE):
        raise ValueError(f"the lens model {model!r} is not supported")
    width, height = int(content["width"]), int(content["height"])
    if width < 1 or height < 1:
        raise ValueError("the picture has no size")
    camera = CameraModel(
        width,
        height,
        np.array(content["camera_matrix"], dtype=np.float64),
        np.array(content["distortion"], dtype=np.float64),
        _number(content.get("rms_px")),
        _number(content.get("focal_error_percent")),
        FISHEYE if model == FISHEYE else PINHOLE,
    )
    covariance, locked, n_views = (content.get(name) for name in ("covariance", "is_focus_locked", "n_views"))
    return CameraRecord(
        camera,
        str(content.get("device") or ""),
        _number(content.get("focus")),
        None if locked is None else bool(locked),
        None if covariance is None else np.array(covariance, dtype=np.float64),
        None if n_views is None else int(n_views),
    )


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))

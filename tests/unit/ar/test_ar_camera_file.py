from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ar.calibration import read_camera, write_camera
from core.errors import PlannerError
from core.projection import CameraModel


def test_a_camera_survives_its_file(camera: CameraModel, tmp_path: Path) -> None:
    write_camera(camera, tmp_path / "camera.json")
    again = read_camera(tmp_path / "camera.json")
    np.testing.assert_array_equal(again.camera_matrix, camera.camera_matrix)
    np.testing.assert_array_equal(again.distortion, camera.distortion)
    assert (again.width, again.height, again.rms_px) == (640, 360, 0.1)


def test_a_camera_without_a_word_on_its_error_has_none(camera: CameraModel, tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    write_camera(camera, path)
    content = json.loads(path.read_text())
    del content["rms_px"], content["focal_error_percent"], content["model"]
    path.write_text(json.dumps(content))
    again = read_camera(path)
    assert again.rms_px is None
    assert again.focal_error_percent is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "fisheye"}, "not supported"),
        ({"distortion": [0.0] * 8}, "coefficients"),
        ({"camera_matrix": [[0, 0, 0], [0, 0, 0], [0, 0, 1]]}, "focal"),
        ({"width": 0}, "no size"),
        ({"camera_matrix": None}, "does not describe a camera"),
    ],
)
def test_a_camera_that_cannot_be_used_is_refused(
    change: dict[str, object], reason: str, camera: CameraModel, tmp_path: Path
) -> None:
    path = tmp_path / "camera.json"
    write_camera(camera, path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(PlannerError, match=reason):
        read_camera(path)

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ar.calibration import CameraRecord, camera_path, read_camera, read_camera_record, write_camera
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
        ({"model": "mirror"}, "not supported"),
        ({"model": "fisheye"}, "coefficients"),
        ({"distortion": [0.0] * 7}, "coefficients"),
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


@pytest.mark.parametrize(("lens", "n"), [("pinhole", 0), ("pinhole", 8), ("fisheye", 4)])
def test_every_lens_survives_its_file(lens: str, n: int, camera: CameraModel, tmp_path: Path) -> None:
    other = CameraModel(640, 360, camera.camera_matrix, np.linspace(-0.1, 0.1, n), lens=lens)
    write_camera(other, tmp_path / "camera.json")
    again = read_camera(tmp_path / "camera.json")
    assert again.lens == lens
    np.testing.assert_array_equal(again.distortion, other.distortion)


def test_a_calibration_is_refused_for_another_camera_size_or_focus(camera: CameraModel, tmp_path: Path) -> None:
    write_camera(CameraRecord(camera, "Cam 1", 30.0, True, np.eye(8), 15), tmp_path / "camera.json")
    record = read_camera_record(tmp_path / "camera.json")
    assert (record.n_views, record.is_focus_locked) == (15, True)
    record.check_setting((640, 360))
    record.check_setting((640, 360), "Cam 1", 30.0, True)
    for setting, why in (
        (((1280, 720),), "made at 640x360"),
        (((640, 360), "Cam 2"), "this is 'Cam 2'"),
        (((640, 360), "Cam 1", 35.0), "made at the focus 30"),
        (((640, 360), "Cam 1", None, False), "focuses by itself"),
    ):
        with pytest.raises(PlannerError, match=why):
            record.check_setting(*setting)


def test_what_an_older_calibration_does_not_say_is_not_compared(camera: CameraModel, tmp_path: Path) -> None:
    write_camera(camera, tmp_path / "camera.json")
    read_camera_record(tmp_path / "camera.json").check_setting((640, 360), "Cam 2", 35.0, False)


def test_the_focal_error_is_told_in_millimetres(camera: CameraModel) -> None:
    sure = CameraModel(640, 360, camera.camera_matrix, camera.distortion, 0.1, 0.1)
    assert CameraRecord(sure).working_error_mm(700.0) == pytest.approx(0.7)


def test_calibrations_are_kept_apart_by_camera_size_and_focus(tmp_path: Path) -> None:
    names = {
        camera_path(tmp_path, device, size, focus).name
        for device in ("HD Cam (04f2:b6)", "Other")
        for size in ((1280, 720), (640, 480))
        for focus in (None, 30.0)
    }
    assert len(names) == 8
    assert "hd-cam-04f2-b6-1280x720-focus30.json" in names

"""The lens: measured from pictures of a board, kept in camera.json."""

from ar.calibration.camera_file import (
    CameraRecord,
    camera_path,
    read_camera,
    read_camera_record,
    write_camera,
)
from ar.calibration.lens import Calibration, calibrate, calibrate_seen, calibrate_views
from ar.calibration.shapes import Shape

__all__ = [
    "Calibration",
    "CameraRecord",
    "Shape",
    "calibrate",
    "calibrate_seen",
    "calibrate_views",
    "camera_path",
    "read_camera",
    "read_camera_record",
    "write_camera",
]

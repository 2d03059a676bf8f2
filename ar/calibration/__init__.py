"""The lens: measured from pictures of a board, kept in camera.json."""

from ar.calibration.camera_file import read_camera, write_camera
from ar.calibration.lens import Calibration, calibrate, calibrate_views

__all__ = ["Calibration", "calibrate", "calibrate_views", "read_camera", "write_camera"]

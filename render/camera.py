"""The doors between our cameras and VTK's: free views, and a calibrated camera that sees the patient."""

from __future__ import annotations

import numpy as np
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkCamera

from core.frames import CAMERA, PATIENT, Transform
from core.projection import CameraModel
from plan.items import Point, as_point
from render.scene import CameraView

NEAREST_MM = 1.0
MARGIN = 1.15
# VTK looks along -z with y up, OpenCV along +z with y down.
_VIEW_FROM_CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])


def fit(bounds_mm: np.ndarray, view_angle_deg: float = 30.0) -> CameraView:
    """The anterior view that shows everything between two corners (2, 3): from the front, head up.

    Made for pictures at least as wide as high.
    """
    low, high = np.asarray(bounds_mm, dtype=np.float64)
    centre = (low + high) / 2.0
    half_width, half_depth, half_height = np.maximum((high - low) / 2.0, NEAREST_MM)
    seen_mm = MARGIN * max(half_width, half_height) / np.tan(np.radians(view_angle_deg / 2.0))
    position = centre - [0.0, half_depth + seen_mm, 0.0]
    return CameraView(as_point(position), as_point(centre), (0.0, 0.0, 1.0), view_angle_deg)


def looking_along(
    focal_mm: np.ndarray | Point,
    normal: np.ndarray | Point,
    up: np.ndarray | Point,
    reach_mm: float,
    view_angle_deg: float = 30.0,
) -> CameraView:
    """The view of `focal_mm` (3,) from the side that the unit `normal` (3,) points to, `up` (3,) at the top.

    Args:
        reach_mm: how far around the focal point is seen, up and down; LPS mm all.
    """
    away_mm = reach_mm / np.sin(np.radians(view_angle_deg / 2.0))
    position = np.asarray(focal_mm) + away_mm * np.asarray(normal)
    return CameraView(as_point(position), as_point(focal_mm), as_point(up), view_angle_deg)


def apply_view(camera: vtkCamera, view: CameraView) -> None:
    """Make a VTK camera look as `view` says; the clipping range is left to the renderer."""
    camera.SetUseExplicitProjectionTransformMatrix(False)
    camera.SetPosition(*view.position_mm)
    camera.SetFocalPoint(*view.focal_mm)
    camera.SetViewUp(*view.up)
    camera.SetViewAngle(view.view_angle_deg)


def view_of(camera: vtkCamera) -> CameraView:
    """What a VTK camera looks at, for instance after the user has turned the scene."""
    return CameraView(
        as_point(camera.GetPosition()),
        as_point(camera.GetFocalPoint()),
        as_point(camera.GetViewUp()),
        float(camera.GetViewAngle()),
    )


def apply_calibrated(
    camera: vtkCamera, model: CameraModel, camera_from_patient: Transform, bounds_mm: np.ndarray | None
) -> None:
    """Make a VTK camera see what a calibrated, undistorted camera sees, pixel for pixel.

    Args:
        camera_from_patient: where the patient is before the camera (OpenCV's frame), rigid.
        bounds_mm: (2, 3) corners in LPS mm of what will be drawn, for the depth range; None for nothing.

    Raises ValueError when the transform joins other frames.
    """
    if (camera_from_patient.to_frame, camera_from_patient.from_frame) != (CAMERA, PATIENT):
        raise ValueError("the pose must be camera_from_patient")
    patient_from_camera = camera_from_patient.inverse()
    axes = patient_from_camera.matrix[:3, :3]
    position = patient_from_camera.matrix[:3, 3]
    near_mm, far_mm = _depth_range_mm(camera_from_patient, bounds_mm)
    camera.SetPosition(*position)
    camera.SetFocalPoint(*(position + axes[:, 2] * far_mm))
    camera.SetViewUp(*-axes[:, 1])
    camera.SetClippingRange(near_mm, far_mm)
    clip_from_view = model.clip_from_camera(near_mm, far_mm) @ _VIEW_FROM_CAMERA
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(clip_from_view.ravel().tolist())
    camera.SetExplicitProjectionTransformMatrix(matrix)
    camera.SetUseExplicitProjectionTransformMatrix(True)


def _depth_range_mm(camera_from_patient: Transform, bounds_mm: np.ndarray | None) -> tuple[float, float]:
    if bounds_mm is None:
        return NEAREST_MM, 1000.0 * NEAREST_MM
    corners = np.array(np.meshgrid(*np.asarray(bounds_mm).T)).reshape(3, -1).T
    depth = camera_from_patient.apply(corners)[:, 2]
    # Balls and line ends reach a little beyond the bounds of their centres.
    slack_mm = 0.05 * float(np.ptp(depth)) + 10.0
    near_mm = max(float(depth.min()) - slack_mm, NEAREST_MM)
    return near_mm, max(float(depth.max()) + slack_mm, near_mm + NEAREST_MM)

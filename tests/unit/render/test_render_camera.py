"""VTK's pixels are OpenCV's pixels, and the first view shows the patient from the front."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkCamera

from core.frames import CAMERA, PATIENT, Transform, rigid
from core.projection import CameraModel
from render.camera import apply_calibrated, apply_view, fit, view_of
from render.offscreen import render_image, render_image_with_camera
from render.palette import BACKGROUND
from render.scene import CameraView, Point, Scene, Surface

MODEL = CameraModel(
    320, 240, np.array([[310.0, 0.0, 131.3], [0.0, 342.0, 140.8], [0.0, 0.0, 1.0]]), np.zeros(5)
)
CAMERA_FROM_PATIENT = Transform(
    CAMERA, PATIENT, rigid(np.array([1.2, 0.4, -0.7]), np.array([12.0, -8.0, 420.0]))
)
POINTS_MM = np.array(
    [(0, 0, 0), (60, 10, 20), (-70, 40, 35), (20, -60, 70), (-30, 80, -60), (75, 55, -50), (-90, -30, -20)],
    dtype=float,
)


def _opencv_pixels() -> np.ndarray:
    pose = CAMERA_FROM_PATIENT.matrix
    rotation_vector = cv2.Rodrigues(pose[:3, :3])[0]
    pixels, _ = cv2.projectPoints(POINTS_MM, rotation_vector, pose[:3, 3], MODEL.camera_matrix, None)
    return pixels.reshape(-1, 2)


def test_balls_are_drawn_where_opencv_projects_their_centres():
    scene = Scene(points=tuple(Point(str(i), tuple(p), (1.0, 1.0, 1.0), 6.0) for i, p in enumerate(POINTS_MM)))
    image = render_image_with_camera(scene, MODEL, CAMERA_FROM_PATIENT)
    assert image.shape == (240, 320, 3)
    is_drawn = image.max(axis=2) > 40
    rows, columns = np.nonzero(is_drawn)
    drawn = np.column_stack([columns, rows]).astype(float)
    expected = _opencv_pixels()
    away_px = np.linalg.norm(drawn[:, None] - expected[None], axis=2)
    owner = away_px.argmin(axis=1)
    assert away_px.min(axis=1).max() < 8.0
    centres = np.array([drawn[owner == i].mean(axis=0) for i in range(len(expected))])
    # Counting whole pixels leaves each ball's middle uncertain by a fraction of one; a shift moves them all.
    assert np.abs(centres - expected).max() < 0.4
    assert np.abs((centres - expected).mean(axis=0)).max() < 0.1


def test_the_matrices_of_the_vtk_camera_project_as_opencv_does():
    camera = vtkCamera()
    apply_calibrated(camera, MODEL, CAMERA_FROM_PATIENT, np.array([[-100.0] * 3, [100.0] * 3]))
    flat = camera.GetCompositeProjectionTransformMatrix(MODEL.width / MODEL.height, -1.0, 1.0).GetData()
    clip = np.column_stack([POINTS_MM, np.ones(len(POINTS_MM))]) @ np.reshape(flat, (4, 4)).T
    device = clip[:, :3] / clip[:, 3:]
    pixels = (device[:, :2] * [1, -1] + 1) / 2 * [MODEL.width, MODEL.height] - 0.5
    np.testing.assert_allclose(pixels, _opencv_pixels(), atol=1e-6)
    assert (np.abs(device[:, 2]) < 1.0).all()


def test_a_pose_between_other_frames_is_refused():
    with pytest.raises(ValueError, match="camera_from_patient"):
        apply_calibrated(vtkCamera(), MODEL, CAMERA_FROM_PATIENT.inverse(), None)


def test_the_nearer_of_two_balls_hides_the_farther_one(make_ball):
    patient_from_camera = CAMERA_FROM_PATIENT.inverse()
    near, far = patient_from_camera.apply(np.array([[0.0, 0.0, 300.0], [0.0, 0.0, 500.0]]))
    scene = Scene(
        surfaces=(
            Surface("far", make_ball(30.0, tuple(far), 3), (0.0, 1.0, 0.0)),
            Surface("near", make_ball(10.0, tuple(near), 3), (1.0, 0.0, 0.0)),
        )
    )
    image = render_image_with_camera(scene, MODEL, CAMERA_FROM_PATIENT)
    column, row = np.rint(MODEL.camera_matrix[:2, 2]).astype(int)
    assert image[row, column, 0] > 100 > image[row, column, 1]
    assert image[row, column + 14, 1] > 60 > image[row, column + 14, 0]


def test_the_first_view_has_the_patients_left_on_the_right_and_the_head_up(make_ball):
    def ball(key, centre, colour):
        return Surface(key, make_ball(10.0, centre, 2), colour)

    scene = Scene(
        surfaces=(
            ball("left", (40.0, 0.0, 0.0), (1.0, 0.0, 0.0)),
            ball("head", (0.0, 0.0, 40.0), (0.0, 1.0, 0.0)),
            ball("front", (0.0, -40.0, 0.0), (0.0, 0.0, 1.0)),
            ball("behind", (0.0, 40.0, 0.0), (1.0, 1.0, 0.0)),
            ball("right", (-40.0, 0.0, 0.0), (0.3, 0.3, 0.3)),
            ball("foot", (0.0, 0.0, -40.0), (0.3, 0.3, 0.3)),
        )
    )
    image = render_image(scene, 240, 240).astype(int)
    red, green, blue = (
        np.argwhere((image[..., c] > 90) & (image[..., [k for k in range(3) if k != c]] < 60).all(axis=2))
        for c in range(3)
    )
    assert red[:, 1].min() > 130
    assert green[:, 0].max() < 110
    np.testing.assert_allclose(blue.mean(axis=0), 119.5, atol=8.0)


def test_the_fitted_view_shows_everything_and_wastes_little(two_balls):
    surfaces = tuple(Surface(k, m, (1.0, 1.0, 1.0)) for k, m in two_balls.surfaces.items())
    image = render_image(Scene(surfaces), 240, 240, fit(two_balls.bounds_mm))
    rows, columns = np.nonzero((image != np.rint(np.array(BACKGROUND) * 255)).any(axis=2))
    assert 0 < columns.min() < 60
    assert 180 < columns.max() < 239
    assert 0 < rows.min() <= rows.max() < 239


def test_a_view_survives_the_vtk_camera():
    view = CameraView((10.0, -300.0, 20.0), (1.0, 2.0, 3.0), (0.0, 0.0, 1.0), 25.0)
    camera = vtkCamera()
    apply_view(camera, view)
    assert view_of(camera) == view

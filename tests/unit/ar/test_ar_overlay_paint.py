"""The expected error of the registration, painted over the heart."""

from __future__ import annotations

import numpy as np

from app.ar.error_paint import ErrorPaint
from ar.frame import CameraFrame
from ar.overlay.meshes import paint_of
from ar.overlay.offscreen import OffscreenOverlay
from ar.poses import Pose, PoseState
from ar.registration import Registration, place_on_table, register_by_points
from core.frames import CAMERA, PATIENT, Transform
from core.mesh import SurfaceMesh
from core.projection import CameraModel
from render.scene import Scene, Surface

CAMERA_MODEL = CameraModel(160, 120, np.array([[160.0, 0, 79.5], [0, 160.0, 59.5], [0, 0, 1]]), np.zeros(5))
SQUARE = SurfaceMesh(
    np.array([[-40.0, -30, 200], [-40, 30, 200], [40, 30, 200], [40, -30, 200]]),
    np.array([[0, 1, 2], [0, 2, 3]]),
)


def middle_of(surface: Surface) -> np.ndarray:
    frame = CameraFrame(np.full((120, 160, 3), 90, np.uint8), 0, 0.0)
    pose = Pose(0, 0.0, "b", PoseState.TRACKED, Transform(CAMERA, "b", np.eye(4)))
    placed = Registration(Transform("b", PATIENT, np.eye(4)), None, False, "")
    with OffscreenOverlay(160, 120) as overlay:
        picture = overlay.draw(Scene(surfaces=(surface,)), frame, pose, CAMERA_MODEL, placed)
    return picture[40:60, 70:90].reshape(-1, 3).mean(axis=0)


def painted(error_mm: float) -> Surface:
    mesh = SurfaceMesh(SQUARE.vertices, SQUARE.faces, {"tre_mm": np.full(4, error_mm)})
    return Surface("lv", mesh, (0.9, 0.1, 0.1), is_painted=True, painted_by="tre_mm")


def test_small_errors_are_blue_large_ones_yellow_and_other_surfaces_keep_their_colour() -> None:
    red, _, blue = middle_of(painted(0.1))
    assert blue > 1.5 * red
    red, green, blue = middle_of(painted(5.0))
    assert min(red, green) > 1.5 * blue
    red, green, blue = middle_of(Surface("lv", SQUARE, (0.9, 0.1, 0.1)))
    assert red > 2.5 * max(green, blue)


def test_caps_have_no_paint() -> None:
    mesh = painted(1.0).mesh
    paint = paint_of(mesh, len(mesh.vertices) + 3, "tre_mm")
    np.testing.assert_array_equal(paint[:, 3], [255] * 4 + [0] * 3)
    assert not paint_of(mesh, 4, "").any()


def test_the_paint_is_the_registrations_own_error_and_none_where_nothing_backs_it() -> None:
    points = np.array([[0.0, 0, 0], [80, 5, 0], [10, 90, 10], [30, 20, 70]])
    found, paint = register_by_points(points, points + 3.0, "b"), ErrorPaint()
    surfaces = (Surface("lv", SQUARE, (0.9, 0.1, 0.1)),)
    (surface,) = paint.painted(surfaces, found)
    np.testing.assert_array_equal(surface.mesh.fields["tre_mm"], found.tre_mm(SQUARE.vertices))
    # The overlay keeps what it knows by identity.
    assert paint.painted(surfaces, found)[0].mesh is surface.mesh
    placed = place_on_table(np.zeros(3), "b", np.zeros(3))
    assert paint.painted(surfaces, placed) == surfaces

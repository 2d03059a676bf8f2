"""An X-ray view puts source, detector and points where the standard's angles say."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.xray import XRayView

FRONTAL = XRayView(400, 300, 0.0, 0.0, 1000.0, 750.0, (0.2, 0.4))
LEFT, BACK, HEAD = np.eye(3)


@pytest.mark.parametrize(
    ("primary", "secondary", "detector_side", "right_in_picture"),
    [
        (0.0, 0.0, -BACK, LEFT),
        (90.0, 0.0, LEFT, BACK),
        (-90.0, 0.0, -LEFT, -BACK),
        (0.0, 90.0, HEAD, LEFT),
        (0.0, -90.0, -HEAD, LEFT),
    ],
)
def test_the_detector_stands_where_the_angles_say(primary, secondary, detector_side, right_in_picture) -> None:
    view = replace(FRONTAL, primary_deg=primary, secondary_deg=secondary)
    np.testing.assert_allclose(view.detector_mm, 250.0 * detector_side, atol=1e-9)
    np.testing.assert_allclose(view.source_mm, -750.0 * detector_side, atol=1e-9)
    column, row = view.project(10.0 * right_in_picture[None])[0]
    assert column > 149.5 + 1
    assert row == pytest.approx(199.5)


def test_left_is_right_and_the_head_is_up_in_a_frontal_view_at_its_magnification() -> None:
    pixels = FRONTAL.project(np.array([[0, 0, 0], [30, 0, 0], [0, 0, 30.0]]))
    magnified = 30.0 * 1000.0 / 750.0
    expected = [[149.5, 199.5], [149.5 + magnified / 0.4, 199.5], [149.5, 199.5 - magnified / 0.2]]
    np.testing.assert_allclose(pixels, expected)


def test_what_is_nearer_to_the_source_is_larger() -> None:
    near, far = FRONTAL.project(np.array([[30, 100, 0], [30, -100, 0.0]]))[:, 0] - 149.5
    assert near / far == pytest.approx(850.0 / 650.0)


def test_opencv_projects_the_same_points_to_the_same_pixels() -> None:
    view = replace(FRONTAL, primary_deg=31.3, secondary_deg=-23.6)
    points = np.random.default_rng(3).uniform(-80, 80, (50, 3))
    arm = rotation_from_vector(np.radians([0, 0, 31.3])) @ rotation_from_vector(np.radians([23.6, 0, 0]))
    # A camera in the source looks from back to front with y down, and has the patient's left at its left; the
    # picture is the one that a viewer at the detector sees, its mirror image.
    camera_from_patient = np.array([[-1, 0, 0], [0, 0, -1], [0, -1, 0.0]]) @ arm.T
    matrix = np.array([[-1000 / 0.4, 0, 149.5], [0, 1000 / 0.2, 199.5], [0, 0, 1]])
    vector, _ = cv2.Rodrigues(camera_from_patient)
    theirs, _ = cv2.projectPoints(points, vector, np.array([0, 0, 750.0]), matrix, None)
    np.testing.assert_allclose(view.project(points), theirs[:, 0], atol=1e-6)


def test_a_ray_leads_back_through_the_projected_point() -> None:
    view = replace(FRONTAL, primary_deg=-42.0, secondary_deg=17.0)
    points = np.random.default_rng(4).uniform(-80, 80, (20, 3))
    to_point = points - view.source_mm
    expected = to_point / np.linalg.norm(to_point, axis=1, keepdims=True)
    np.testing.assert_allclose(view.rays(view.project(points)), expected, atol=1e-12)


def test_the_size_of_a_pixel_at_the_isocentre_is_the_detector_s_over_the_magnification() -> None:
    assert FRONTAL.isocentre_spacing_mm == pytest.approx((0.15, 0.3))


@pytest.mark.parametrize(
    ("absent", "named"),
    [
        ("primary_deg", "angles"),
        ("secondary_deg", "angles"),
        ("source_detector_mm", "source to detector"),
        ("source_isocentre_mm", "source to isocentre"),
        ("detector_spacing_mm", "pixel size"),
    ],
)
def test_an_absent_fact_is_refused_by_name(absent: str, named: str) -> None:
    with pytest.raises(PlannerError, match=named):
        replace(FRONTAL, **{absent: None}).project(np.zeros((1, 3)))


def test_a_mirrored_picture_is_refused_and_a_point_behind_the_source_is_nowhere() -> None:
    with pytest.raises(PlannerError, match="mirrored"):
        replace(FRONTAL, is_upright=False).project(np.zeros((1, 3)))
    assert np.isnan(FRONTAL.project(np.array([[0, 800.0, 0]]))).all()


def test_a_view_is_called_as_cardiologists_call_it() -> None:
    assert replace(FRONTAL, primary_deg=31.3, secondary_deg=23.6).title == "LAO 31 CRA 24"
    assert replace(FRONTAL, primary_deg=-26.5, secondary_deg=-32.7).title == "RAO 26 CAU 33"
    assert replace(FRONTAL, primary_deg=None).title == ""

"""The root's measures on a made-up root of known size, and its C-arm views against brute projection."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.xray import XRayView
from plan.clinical.aortic_root import (
    HINGES,
    annular_plane,
    edge_on_cranial_deg,
    view_angles_deg,
    view_title,
)
from plan.formula import Reading, points_of
from plan.items import AorticRoot
from plan.plan import Plan
from plan.readings import readings

# A root that leans to the patient's right and forward, as they do.
TURN = rotation_from_vector(np.array([0.35, -0.45, 0.2]))
MIDDLE_MM = np.array([-5.0, -160.0, 1100.0])


def _place(*points: tuple[float, float, float], turn: np.ndarray = TURN) -> list[tuple[float, float, float]]:
    """Points given in the root's own axes (left, back, up) in the patient."""
    return [tuple(place) for place in np.array(points) @ turn.T + MIDDLE_MM]


def _ring(n: int, a: float, b: float, height: float) -> list[tuple[float, float, float]]:
    t = 2 * np.pi * np.arange(n) / n
    return [(a * math.cos(x), b * math.sin(x), height) for x in t]


def _around(radius: float, degrees: float, height: float = 0.0) -> tuple[float, float, float]:
    return radius * math.sin(math.radians(degrees)), -radius * math.cos(math.radians(degrees)), height


def _root(turn: np.ndarray = TURN) -> AorticRoot:
    """Right cusp in front, left one to the patient's left and back, as seen from the aorta."""
    hinges = _place(_around(12, 0), _around(12, 120), _around(12, 240), turn=turn)
    sinuses = _place(*(_around(17, angle, 8) for angle in (0, 120, 240)), turn=turn)
    commissures = _place(*(_around(15, angle, 8) for angle in (180, 300, 60)), turn=turn)
    ostia = _place((1, -14, 15.5), (14, 3, 12.5), turn=turn)
    annulus = tuple(_place(*_ring(12, 13.5, 11.0, 0.0), turn=turn))
    junction = tuple(_place(*_ring(10, 14.0, 14.0, 21.0), turn=turn))
    return AorticRoot("Root", *hinges, annulus, *ostia, *sinuses, *commissures, junction)


def _values(root: AorticRoot, sd_mm: float | None = None) -> dict[str, Reading]:
    return {reading.key: reading for reading in readings(root, Plan(), sd_mm)}


def test_every_measure_of_a_root_of_known_size_is_right() -> None:
    found = {key: reading.value for key, reading in _values(_root()).items()}
    assert found["annulus_area_mm2"] == pytest.approx(math.pi * 13.5 * 11, rel=0.005)
    assert found["annulus_area_diameter_mm"] == pytest.approx(2 * math.sqrt(13.5 * 11), abs=0.1)
    assert found["annulus_perimeter_diameter_mm"] == pytest.approx(found["annulus_perimeter_mm"] / math.pi)
    assert found["annulus_min_diameter_mm"] == pytest.approx(22.0, abs=0.1)
    assert found["annulus_max_diameter_mm"] == pytest.approx(27.0, abs=0.1)
    assert found["annulus_eccentricity_percent"] == pytest.approx(100 * (1 - 22 / 27), abs=0.5)
    assert found["left_coronary_height_mm"] == pytest.approx(12.5, abs=1e-9)
    assert found["right_coronary_height_mm"] == pytest.approx(15.5, abs=1e-9)
    assert found["sinus_diameter_mm"] == pytest.approx(32.0, abs=1e-9)
    assert found["left_sinus_diameter_mm"] == pytest.approx(32.0, abs=1e-9)
    assert found["sinotubular_height_mm"] == pytest.approx(21.0, abs=1e-9)
    assert found["sinotubular_min_diameter_mm"] == pytest.approx(28.0, abs=0.1)
    assert None not in found.values()


def test_the_plane_looks_towards_the_aorta_wherever_the_root_leans() -> None:
    for turn in (TURN, np.eye(3), rotation_from_vector(np.array([2.0, 0.5, -1.0]))):
        _, normal = annular_plane(points_of(_root(turn)))
        assert normal == pytest.approx(turn[:, 2], abs=1e-12)


def test_values_come_with_the_points_and_say_what_is_missing() -> None:
    root = AorticRoot("Root")
    assert all(reading.value is None and "not" in reading.why_not for reading in readings(root, Plan()))
    whole = _root()
    hinged = AorticRoot("Root", whole.right_hinge_mm, whole.left_hinge_mm, whole.non_coronary_hinge_mm)
    found = _values(hinged)
    assert found["three_cusp_lao_deg"].value is not None
    assert found["annulus_area_mm2"].why_not == "the annulus is not drawn yet"
    assert found["left_coronary_height_mm"].why_not == "it is not placed yet"


def test_exchanged_cusps_give_no_coronary_height() -> None:
    root = _root()
    exchanged = AorticRoot(
        "Root",
        root.left_hinge_mm,
        root.right_hinge_mm,
        root.non_coronary_hinge_mm,
        left_ostium_mm=root.left_ostium_mm,
    )
    reading = _values(exchanged)["left_coronary_height_mm"]
    assert reading.value is None
    assert "below the annular plane" in reading.why_not


def test_an_annulus_drawn_off_its_plane_and_hinges_on_a_line_give_no_number() -> None:
    root = _root()
    off = AorticRoot(
        "Root", root.right_hinge_mm, root.left_hinge_mm, root.non_coronary_hinge_mm, root.sinotubular_mm
    )
    assert "from the annular plane" in _values(off)["annulus_area_mm2"].why_not
    line = AorticRoot("Root", (0, 0, 0), (10, 0, 0), (20, 0.1, 0), root.annulus_mm, root.right_ostium_mm)
    found = _values(line)
    for key in ("annulus_area_mm2", "three_cusp_lao_deg", "right_coronary_height_mm"):
        assert found[key].value is None
        assert "line" in found[key].why_not


def _project(lao_deg: float, cranial_deg: float, points: np.ndarray) -> np.ndarray:
    """Where a C-arm far away shows points: right and up in its picture, in the core's own X-ray geometry."""
    axes = XRayView(1, 1, lao_deg, cranial_deg, None, None, None).axes
    return (points - MIDDLE_MM) @ axes[:, :2]


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.floats(-0.6, 0.6)] * 3), st.floats(-60.0, 60.0))
def test_every_view_of_the_s_curve_sees_the_annulus_as_a_line(
    turn: tuple[float, float, float], lao: float
) -> None:
    root = _root(rotation_from_vector(np.array(turn)))
    _, normal = annular_plane(points_of(root))
    (cranial,) = edge_on_cranial_deg(normal, np.array([lao]))
    seen = _project(lao, cranial, np.array(root.annulus_mm))
    thickness = np.linalg.svd(seen - seen.mean(axis=0))[1][1]
    assert thickness == pytest.approx(0.0, abs=1e-9)


def test_no_other_tilt_of_a_grid_sees_the_annulus_thinner_than_the_s_curve() -> None:
    root = _root()
    _, normal = annular_plane(points_of(root))
    tilts = np.arange(-80.0, 80.0, 0.5)
    for lao in (-30.0, 0.0, 25.0):
        views = [_project(lao, tilt, np.array(root.annulus_mm)) for tilt in tilts]
        thickness = [np.linalg.svd(view - view.mean(axis=0))[1][1] for view in views]
        (cranial,) = edge_on_cranial_deg(normal, np.array([lao]))
        assert tilts[int(np.argmin(thickness))] == pytest.approx(cranial, abs=0.5)


def test_the_three_cusp_view_has_the_right_cusp_midway_between_the_others_on_one_line() -> None:
    root = _root()
    found = {key: reading.value for key, reading in _values(root).items()}
    lao, cranial = found["three_cusp_lao_deg"], found["three_cusp_cranial_deg"]
    right, left, non_coronary = _project(lao, cranial, np.array([getattr(root, name) for name in HINGES]))
    assert right == pytest.approx((left + non_coronary) / 2.0, abs=1e-9)
    # The non-coronary cusp is on the left of the picture, as in every cath lab.
    assert non_coronary[0] < right[0] < left[0]
    (on_curve,) = edge_on_cranial_deg(annular_plane(points_of(root))[1], np.array([lao]))
    assert cranial == pytest.approx(on_curve, abs=1e-9)


def test_the_cusp_overlap_view_shows_the_right_cusp_over_the_left_one() -> None:
    root = _root()
    found = {key: reading.value for key, reading in _values(root).items()}
    view = (found["cusp_overlap_lao_deg"], found["cusp_overlap_cranial_deg"])
    right, left, non_coronary = _project(*view, np.array([getattr(root, name) for name in HINGES]))
    assert right == pytest.approx(left, abs=1e-9)
    assert np.linalg.norm(non_coronary - left) > 10.0


def test_a_flat_annulus_is_seen_edge_on_without_tilt_and_one_that_leans_forward_from_below() -> None:
    assert edge_on_cranial_deg(np.array([0.0, 0.0, 1.0]), np.array([-40.0, 0.0, 40.0])) == pytest.approx(0.0)
    # A normal that leans forward by 20 degrees: a detector before the chest leaves its side by going down.
    lean = np.array([0.0, -math.sin(math.radians(20)), math.cos(math.radians(20))])
    assert edge_on_cranial_deg(lean, np.array([0.0])) == pytest.approx([-20.0])
    assert view_title(0.0, -20.0) == "LAO 0 CAU 20"
    assert view_title(-12.4, 7.6) == "RAO 12 CRA 8"
    assert view_title(-1e-14, -1e-14) == "LAO 0 CRA 0"
    assert Reading("three_cusp_lao_deg", "", -30.04, 5.31).text == "RAO 30.0 ± 5.3°"
    assert Reading("three_cusp_cranial_deg", "", -1e-9).text == "CRA 0.0°"


def test_an_upright_plane_has_no_curve() -> None:
    with pytest.raises(PlannerError, match="upright"):
        edge_on_cranial_deg(np.array([1.0, 0.0, 0.0]), np.array([0.0]))


def test_a_view_from_behind_is_the_same_as_the_one_from_before() -> None:
    direction = np.array([0.3, -0.8, 0.2])
    assert view_angles_deg(direction) == pytest.approx(view_angles_deg(-direction))
    lao, cranial = view_angles_deg(direction)
    axes = XRayView(1, 1, float(lao), float(cranial), None, None, None).axes
    assert axes[:, 2] == pytest.approx(direction / np.linalg.norm(direction))


def test_heights_and_angles_carry_bands_that_grow_with_the_landmark_error() -> None:
    narrow, wide = _values(_root(), 0.3), _values(_root(), 0.9)
    for key, reading in narrow.items():
        assert 0.0 < reading.plus_minus < wide[key].plus_minus, key
    # The plane through three hinges of 12 mm radius and the ostium itself, by the propagation of small errors:
    # the ostium's own error, and the plane's, which grows with the distance from its middle.
    beside = np.linalg.norm([14.0, 3.0])
    sd = 0.3 * math.sqrt(1 + 1 / 3 + beside**2 / (1.5 * 12**2))
    assert narrow["left_coronary_height_mm"].plus_minus == pytest.approx(1.96 * sd, rel=0.12)

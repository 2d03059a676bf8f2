"""Values of contours and lines against geometry, and bands against the propagation of small errors."""

from __future__ import annotations

import math
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.frames import rotation_from_vector
from plan.contours import crosses_itself, flattened, smooth_curve
from plan.formula import HALF_95, Reading
from plan.items import Angle, Contour, CutPlane, Distance, Landmark, PlaneAngle, Polyline
from plan.plan import Plan
from plan.readings import readings

TURN = rotation_from_vector(np.array([0.4, -1.1, 0.7]))


def _ring(n: int, a: float, b: float, jitter: float = 0.0, height: float = 0.0) -> np.ndarray:
    """Points (n, 3) on an ellipse of half axes a, b, unevenly spaced by `jitter`, turned into space."""
    t = 2 * np.pi * (np.arange(n) + jitter * np.sin(3.0 * np.arange(n))) / n
    flat = np.column_stack([a * np.cos(t), b * np.sin(t), height * np.cos(2 * t)])
    return flat @ TURN.T + [40.0, -130.0, 310.0]


def _values(item, plan: Plan | None = None, sd_mm: float | None = None) -> dict[str, Reading]:
    return {reading.key: reading for reading in readings(item, plan or Plan(), sd_mm)}


def _contour(points: np.ndarray) -> Contour:
    return Contour("c", tuple(map(tuple, points)))


@pytest.mark.parametrize(("n", "jitter"), [(6, 0.0), (8, 0.0), (8, 0.15), (12, 0.2), (24, 0.4)])
def test_a_circle_has_its_area_perimeter_and_diameters_from_few_points(n: int, jitter: float) -> None:
    found = {key: reading.value for key, reading in _values(_contour(_ring(n, 12.0, 12.0, jitter))).items()}
    tolerance = 0.005
    assert found["area_mm2"] == pytest.approx(math.pi * 144, rel=tolerance)
    assert found["perimeter_mm"] == pytest.approx(math.pi * 24, rel=tolerance)
    for key in ("area_diameter_mm", "perimeter_diameter_mm", "min_diameter_mm", "max_diameter_mm"):
        assert found[key] == pytest.approx(24.0, rel=0.0065), key
    assert found["off_plane_mm"] == pytest.approx(0.0, abs=1e-9)


def test_an_ellipse_has_its_two_axes_by_calipers_and_by_moments() -> None:
    found = {key: reading.value for key, reading in _values(_contour(_ring(12, 14.0, 10.0))).items()}
    assert found["area_mm2"] == pytest.approx(math.pi * 140, rel=0.005)
    assert (found["min_diameter_mm"], found["max_diameter_mm"]) == pytest.approx((20.0, 28.0), abs=0.1)
    assert (found["ellipse_short_mm"], found["ellipse_long_mm"]) == pytest.approx((20.0, 28.0), abs=0.1)
    # Ramanujan's second approximation is exact to 1e-8 here.
    h = (4.0 / 24.0) ** 2
    around = math.pi * 24.0 * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))
    assert found["perimeter_mm"] == pytest.approx(around, rel=0.002)


def test_area_and_perimeter_are_those_of_a_second_library_on_the_same_curve() -> None:
    contour = _contour(_ring(11, 15.0, 9.0, 0.3))
    curve = smooth_curve(np.array(contour.points_mm))
    flat = flattened(curve, TURN[:, 2]).astype(np.float32)
    found = _values(contour)
    assert found["area_mm2"].value == pytest.approx(cv2.contourArea(flat), rel=1e-5)
    assert found["perimeter_mm"].value == pytest.approx(cv2.arcLength(flat, closed=True), rel=1e-5)
    _, axes, _ = cv2.fitEllipseDirect(flat)
    assert found["ellipse_short_mm"].value == pytest.approx(min(axes), rel=0.02)
    assert found["ellipse_long_mm"].value == pytest.approx(max(axes), rel=0.02)


def test_the_curve_goes_through_the_points_that_were_clicked() -> None:
    points = _ring(9, 13.0, 11.0, 0.4, 2.0)
    curve = smooth_curve(points)
    gaps = np.linalg.norm(points[:, None] - curve[None], axis=2).min(axis=1)
    assert gaps.max() < 1e-9


def test_a_saddle_has_the_area_of_its_projection_and_the_perimeter_of_space() -> None:
    found = _values(_contour(_ring(24, 18.0, 14.0, 0.0, 3.0)))
    assert found["area_mm2"].value == pytest.approx(math.pi * 18 * 14, rel=0.002)
    assert found["off_plane_mm"].value == pytest.approx(3.0, abs=0.01)
    t = np.linspace(0, 2 * np.pi, 200_001)
    line = np.column_stack([18 * np.cos(t), 14 * np.sin(t), 3 * np.cos(2 * t)])
    around = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert found["perimeter_mm"].value == pytest.approx(around, rel=0.002)


EIGHT = np.array([[0, 0, 0], [10, 10, 0], [20, 9, 0], [20, 0, 0], [10, 12, 0], [0, 14, 0]], dtype=float)


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (_ring(5, 10.0, 10.0), "fewer than 6"),
        (np.repeat(_ring(6, 10.0, 10.0), 2, axis=0), "in one place"),
        (np.outer(np.arange(6.0), [1.0, 2.0, 3.0]), "on a line"),
        (EIGHT, "crosses itself"),
        (_ring(12, 10.0, 10.0, 0.0, 8.0), "far from flat"),
    ],
)
def test_a_contour_without_an_area_shows_no_number(points: np.ndarray, why: str) -> None:
    for reading in readings(_contour(points), Plan(), 0.5):
        assert reading.value is None
        assert why in reading.why_not
        assert reading.text == "–"


def test_only_sides_that_meet_cross() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], dtype=float)
    assert not crosses_itself(square)
    assert crosses_itself(square[[0, 2, 1, 3]])


@settings(max_examples=12, deadline=None)
@given(
    st.integers(6, 30),
    st.floats(3.0, 40.0),
    st.floats(0.5, 1.0),
    st.tuples(*[st.floats(-3.0, 3.0)] * 3),
    st.integers(0, 29),
)
def test_a_contours_values_do_not_change_with_place_turn_start_or_direction(
    n: int, a: float, ratio: float, turn: tuple[float, float, float], start: int
) -> None:
    points = _ring(n, a, a * ratio, 0.1)
    moved = np.roll(points, start, axis=0)[::-1] @ rotation_from_vector(np.array(turn)).T + [5.0, 6.0, 7.0]
    first, second = _values(_contour(points)), _values(_contour(moved))
    for key in ("area_mm2", "perimeter_mm", "ellipse_long_mm", "off_plane_mm"):
        assert second[key].value == pytest.approx(first[key].value, rel=1e-6, abs=1e-6), key
    # Calipers look from a fixed number of directions.
    assert second["max_diameter_mm"].value == pytest.approx(first["max_diameter_mm"].value, rel=2e-3)
    assert first["min_diameter_mm"].value <= first["area_diameter_mm"].value * 1.001
    assert first["area_diameter_mm"].value <= first["perimeter_diameter_mm"].value * 1.001


def test_a_polyline_is_as_long_as_its_pieces() -> None:
    line = Polyline("l", ((0, 0, 0), (3, 4, 0), (3, 4, 12)))
    assert _values(line)["length_mm"].value == pytest.approx(17.0, abs=1e-12)


def test_the_band_of_a_distance_is_that_of_its_two_ends() -> None:
    reading = _values(Distance("d", (0, 0, 0), (0, 60, 0)), sd_mm=0.8)["length_mm"]
    assert reading.value == pytest.approx(60.0)
    # The variance of 500 draws is known to within 6 % (one standard deviation of the deviation is 3 %).
    assert reading.plus_minus == pytest.approx(HALF_95 * 0.8 * math.sqrt(2.0), rel=0.1)
    assert reading.text == f"60.0 ± {reading.plus_minus:.1f} mm"


def test_the_band_of_an_angle_is_that_of_its_three_points() -> None:
    reading = _values(Angle("a", (40, 0, 0), (0, 0, 0), (0, 30, 0)), sd_mm=0.5)["angle_deg"]
    # At a right angle each end turns its side by sd / length, and the vertex moves against both sides.
    variance = 1 / 40**2 + 1 / 30**2 + (1 / 40**2 + 1 / 30**2)
    assert reading.plus_minus == pytest.approx(HALF_95 * math.degrees(0.5 * math.sqrt(variance)), rel=0.1)


def test_the_band_of_a_polyline_grows_with_the_landmark_error_and_is_the_same_each_time() -> None:
    line = Polyline("l", ((0, 0, 0), (30, 0, 0), (30, 40, 0)))
    half = _values(line, sd_mm=0.5)["length_mm"]
    assert _values(line, sd_mm=1.0)["length_mm"].plus_minus == pytest.approx(2 * half.plus_minus, rel=0.05)
    assert _values(line, sd_mm=0.5)["length_mm"] == half


def test_the_band_of_a_circles_area_is_that_of_its_radii() -> None:
    n, radius, sd = 16, 12.0, 0.4
    reading = _values(_contour(_ring(n, radius, radius)), sd_mm=sd)["area_mm2"]
    # Each point moves the curve over its share of the circle: sd of the area = 2 pi r sd / sqrt(n).
    assert reading.plus_minus == pytest.approx(HALF_95 * 2 * math.pi * radius * sd / math.sqrt(n), rel=0.15)
    assert reading.text.endswith("mm²")


def test_planes_have_an_angle_and_one_that_is_gone_leaves_none() -> None:
    first, second = CutPlane("a", (0, 0, 0), (0, 0, 1)), CutPlane("b", (0, 0, 0), (0, 1, 1))
    item = PlaneAngle("ab", first.item_id, second.item_id)
    plan = Plan("", (first, second, item))
    assert _values(item, plan)["angle_deg"].value == pytest.approx(45.0)
    (gone,) = readings(item, plan.without_item(second.item_id))
    assert (gone.value, gone.text) == (None, "–")
    assert "no longer" in gone.why_not
    assert readings(first, plan) == readings(Landmark("l", (0, 0, 0)), plan) == ()


def test_a_band_comes_fast_enough_for_a_window() -> None:
    contour = _contour(_ring(20, 13.0, 11.0, 0.2))
    began = time.process_time()
    readings(contour, Plan(), 0.61)
    assert time.process_time() - began < 0.5

"""A virtual valve's solid and what it leaves open of a section, against areas that are known."""

from __future__ import annotations

import numpy as np
import pytest

from core.frames import rotation_from_vector
from plan.clinical.frustum import Frustum
from plan.clinical.open_area import open_area

TURN = rotation_from_vector(np.array([0.5, -0.3, 0.8]))
AT = np.array([20.0, -60.0, 300.0])
X, Y, Z = TURN.T


def _place(x: float, y: float, z: float = 0.0) -> np.ndarray:
    return AT + x * X + y * Y + z * Z


def _circle(radius: float, x: float = 0.0) -> np.ndarray:
    turn = 2 * np.pi * np.arange(2000) / 2000
    return AT + (x + radius * np.cos(turn))[:, None] * X + (radius * np.sin(turn))[:, None] * Y


def _valve(x: float, radius: float, axis: np.ndarray = Z, outlet: float | None = None) -> Frustum:
    return Frustum(_place(x, 0.0, -10.0), axis, 5.0, 30.0, radius, outlet or radius)


def _lens(distance: float, one: float, other: float) -> float:
    """Area that two circles share."""
    a = one**2 * np.arccos((distance**2 + one**2 - other**2) / (2 * distance * one))
    b = other**2 * np.arccos((distance**2 + other**2 - one**2) / (2 * distance * other))
    c = (one + other) ** 2 - distance**2
    return float(a + b - 0.5 * np.sqrt(c * (distance**2 - (one - other) ** 2)))


def test_a_valve_across_a_round_tract_leaves_a_crescent() -> None:
    found = open_area([_circle(15.0)], _place(-10.0, 0.0), Z, _valve(14.0, 12.0))
    assert found is not None
    assert found.is_narrowed
    assert found.whole_mm2 == pytest.approx(np.pi * 15.0**2, rel=0.001)
    assert found.area_mm2 == pytest.approx(np.pi * 15.0**2 - _lens(14.0, 15.0, 12.0), rel=0.002)


def test_a_flared_valve_takes_the_radius_it_has_at_the_height_of_the_section() -> None:
    # At the section, 10 mm of 30 below the annulus, a flare from 9 to 18 mm has reached 12 mm.
    found = open_area([_circle(15.0)], _place(-10.0, 0.0), Z, _valve(14.0, 9.0, outlet=18.0))
    assert found is not None
    assert found.area_mm2 == pytest.approx(np.pi * 15.0**2 - _lens(14.0, 15.0, 12.0), rel=0.002)


def test_blood_on_the_far_side_of_the_valve_does_not_count() -> None:
    # A cylinder lying across a square tract parts it into a wide and a narrow side.
    square = np.array([_place(-20, -20), _place(20, -20), _place(20, 20), _place(-20, 20)])
    lying = Frustum(_place(-40.0, 8.0), X, 5.0, 80.0, 6.0, 6.0)
    near = open_area([square], _place(0.0, -5.0), Z, lying)
    far = open_area([square], _place(0.0, 17.0), Z, lying)
    assert near is not None
    assert far is not None
    assert near.area_mm2 == pytest.approx(40.0 * 22.0, rel=0.002)
    assert far.area_mm2 == pytest.approx(40.0 * 6.0, rel=0.005)
    assert near.middle_mm == pytest.approx(_place(0.0, -9.0), abs=0.05)
    assert open_area([square], _place(0.0, 8.0), Z, lying) is None


def test_a_tilted_valve_cuts_an_ellipse_out() -> None:
    tilt = np.radians(30.0)
    axis = np.cos(tilt) * Z + np.sin(tilt) * X
    long = Frustum(_place(-10.0 * np.tan(tilt), 0.0, -10.0), axis, 20.0, 60.0, 6.0, 6.0)
    found = open_area([_circle(20.0)], _place(0.0, 15.0), Z, long)
    assert found is not None
    assert found.area_mm2 == pytest.approx(np.pi * (20.0**2 - 6.0 * 6.0 / np.cos(tilt)), rel=0.002)


def test_a_hole_in_the_tract_is_no_blood_and_a_place_outside_has_none() -> None:
    loops = [_circle(15.0), _circle(5.0)[::-1]]
    away = _valve(200.0, 5.0)
    found = open_area(loops, _place(10.0, 0.0), Z, away)
    assert found is not None
    assert found.area_mm2 == pytest.approx(np.pi * (15.0**2 - 5.0**2), rel=0.002)
    assert not found.is_narrowed
    assert open_area(loops, _place(0.0, 0.0), Z, away) is None
    assert open_area(loops, _place(30.0, 0.0), Z, away) is None


@pytest.mark.parametrize("outlet", [6.0, 10.0, 14.0, 40.0])
def test_lines_run_inside_where_sampled_points_are_inside(outlet: float) -> None:
    valve = Frustum(AT, Z, 5.0, 20.0, 10.0, outlet)
    rng = np.random.default_rng(3)
    along = np.arange(-80.0, 80.0, 0.02)
    for _ in range(20):
        start, way = AT + rng.normal(0, 10, 3), rng.normal(0, 1, 3)
        way /= np.linalg.norm(way)
        inside = valve.contains(start + along[:, None] * way)
        spans = [span[0] for span in valve.spans(start[None], way)]
        covered = sum(max(0.0, end - begin) for begin, end in spans)
        assert covered == pytest.approx(0.02 * inside.sum(), abs=0.1)


def test_its_outline_in_a_plane_has_the_area_of_its_section() -> None:
    valve = Frustum(AT, Z, 5.0, 20.0, 10.0, 14.0)
    along_axis = valve.outline_mm(AT, X)
    assert np.abs((along_axis - AT) @ X).max() < 1e-9
    flat = np.stack([(along_axis - AT) @ Y, (along_axis - AT) @ Z], axis=1)
    following = np.roll(flat, -1, axis=0)
    area = abs((flat[:, 0] * following[:, 1] - following[:, 0] * flat[:, 1]).sum()) / 2
    assert area == pytest.approx(5.0 * 20.0 + 20.0 * 24.0, rel=0.02)
    assert valve.outline_mm(_place(50.0, 0.0), X).size == 0
    across = valve.outline_mm(_place(0.0, 0.0, 10.0), Z)
    assert np.linalg.norm(across - _place(0.0, 0.0, 10.0), axis=1) == pytest.approx(12.0, abs=1e-6)
    for ring, radius in zip(valve.rings_mm(), (10.0, 10.0, 14.0), strict=True):
        assert np.linalg.norm(ring - ring.mean(axis=0), axis=1) == pytest.approx(radius)

"""The pointer moves a plane to where the line of sight says, from any side."""

from __future__ import annotations

import numpy as np
import pytest

from render.dragging import Ray, shift_mm, tilted_normal

RNG = np.random.default_rng(5)
EYE = np.array([200.0, -300.0, 80.0])
UP = np.array([0.0, 0.0, 1.0])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _sight(point_mm: np.ndarray) -> Ray:
    return Ray(EYE, _unit(point_mm - EYE))


@pytest.mark.parametrize("wanted_mm", [-35.0, 0.0, 0.4, 60.0])
def test_a_handle_dragged_to_a_point_on_its_axis_shifts_by_just_that(wanted_mm):
    origin_mm = np.array([12.0, -7.0, 20.0])
    beside = _unit(np.cross(origin_mm - EYE, UP))
    for tilt_deg in (20.0, 45.0, 90.0, 135.0):
        towards = np.cos(np.radians(tilt_deg)) * _sight(origin_mm).direction
        normal = towards + np.sin(np.radians(tilt_deg)) * beside
        start, now = _sight(origin_mm), _sight(origin_mm + wanted_mm * normal)
        assert shift_mm(origin_mm, normal, start, now, EYE, UP) == pytest.approx(wanted_mm, abs=1e-6)


@pytest.mark.parametrize("faces_viewer", [True, False])
def test_a_plane_seen_straight_on_is_pushed_away_by_moving_the_pointer_up(faces_viewer):
    eye, up = np.array([0.0, -300.0, 0.0]), np.array([0.0, 0.0, 1.0])
    normal = np.array([0.0, -1.0, 0.0]) if faces_viewer else np.array([0.0, 1.0, 0.0])
    sights = [Ray(eye, _unit(np.array(point) - eye)) for point in ([0.0, 0.0, 0.0], [2.0, 0.0, 5.0])]
    moved = shift_mm(np.zeros(3), normal, *sights, eye, up) * normal
    np.testing.assert_allclose(moved, [0.0, 5.0, 0.0], atol=0.01)


def test_a_handle_dragged_past_its_vanishing_point_stays_finite():
    eye, up = np.array([0.0, -300.0, 0.0]), np.array([0.0, 0.0, 1.0])
    origin_mm, normal = np.array([80.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0])
    start = Ray(eye, _unit(origin_mm - eye))
    for x_mm in np.linspace(80.0, -10.0, 50):
        now = Ray(eye, _unit(np.array([x_mm, 0.0, 0.0]) - eye))
        assert abs(shift_mm(origin_mm, normal, start, now, eye, up)) < 1200.0


def test_the_tip_follows_the_pointer_on_the_side_it_was_grabbed_on():
    origin_mm = np.array([5.0, -3.0, 12.0])
    for _ in range(20):
        normal = _unit(RNG.normal(size=3))
        ray = _sight(origin_mm + 25.0 * normal)
        tilted = tilted_normal(origin_mm, 25.0, ray, towards_viewer=ray.direction @ normal < 0)
        np.testing.assert_allclose(tilted, normal, atol=1e-9)


def test_beyond_its_reach_the_tip_points_towards_the_pointer():
    ray = Ray(np.array([100.0, -300.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    np.testing.assert_allclose(tilted_normal(np.zeros(3), 25.0, ray, True), [1.0, 0.0, 0.0], atol=1e-12)

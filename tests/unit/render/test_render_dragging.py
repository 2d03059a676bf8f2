"""The pointer moves a plane to where the line of sight says, from any side."""

from __future__ import annotations

import numpy as np
import pytest

from render.dragging import Ray, shift_mm, tilted_normal

RNG = np.random.default_rng(5)
EYE = np.array([200.0, -300.0, 80.0])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _sight(point_mm: np.ndarray) -> Ray:
    return Ray(EYE, _unit(point_mm - EYE))


@pytest.mark.parametrize("wanted_mm", [-35.0, 0.0, 0.4, 60.0])
def test_a_handle_dragged_to_a_point_on_its_axis_shifts_by_just_that(wanted_mm):
    for _ in range(10):
        origin_mm, normal = RNG.uniform(-30, 30, 3), _unit(RNG.normal(size=3))
        start, now = _sight(origin_mm), _sight(origin_mm + wanted_mm * normal)
        assert shift_mm(origin_mm, normal, start, now) == pytest.approx(wanted_mm, abs=1e-6)


def test_a_plane_seen_straight_on_does_not_jump():
    origin_mm = np.zeros(3)
    normal = _unit(EYE)
    assert shift_mm(origin_mm, normal, _sight(origin_mm), _sight(np.array([1e-3, 0.0, 0.0]))) == 0.0


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

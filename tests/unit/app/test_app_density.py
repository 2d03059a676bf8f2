"""Grey values inside balls and contours against a field whose mean is known."""

from __future__ import annotations

import numpy as np
import pytest

from app.measures.density import density_in_ball, density_in_contour, density_of
from core.volume import Volume
from plan.items import Ball, Contour, Distance


def ramp(unit: str = "HU") -> Volume:
    """Grey grows by 10 each mm to the left; voxels of 0.5 mm, 1 mm apart in slices."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = (
        [0, 0, 1],
        [0, 0.5, 0],
        [0.5, 0, 0],
        [-30, -30, -30],
    )
    columns = -30.0 + 0.5 * np.arange(120)
    return Volume(np.tile(np.rint(10 * columns).astype(np.int16), (60, 120, 1)), matrix, "1.2", unit, "CT")


def test_in_a_ball_of_a_ramp_mean_spread_and_volume_are_those_of_the_ball() -> None:
    found = density_in_ball(ramp(), np.array([3.0, 1.0, 0.0]), 8.0)
    assert found.mean == pytest.approx(30.0, abs=0.5)
    assert found.sd == pytest.approx(80.0 / np.sqrt(5.0), rel=0.01)
    assert found.volume_ml == pytest.approx(4.0 / 3.0 * np.pi * 0.8**3, rel=0.002)
    assert (found.least, found.most) == (-45, 105), "of voxels that lie inside for the greater part"


def test_in_a_circle_one_layer_is_counted_whatever_its_depth_between_slices() -> None:
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    for height in (0.0, 0.3, 0.5):
        ring = np.stack([4 + 9 * np.cos(turn), 9 * np.sin(turn), np.full(12, height)], axis=1)
        found = density_in_contour(ramp(), ring)
        assert found.mean == pytest.approx(40.0, abs=0.5)
        assert found.sd == pytest.approx(90.0 / 2.0, rel=0.01)
        assert found.n * 0.25 == pytest.approx(np.pi * 81.0, rel=0.02)


@pytest.mark.parametrize("radius_mm", [2.5, 4.0])
def test_on_coarse_voxels_a_small_ball_has_its_own_volume_and_the_mean_of_its_place(radius_mm: float) -> None:
    matrix = np.diag([1.5, 1.5, 1.5, 1.0])
    columns = np.rint(100.0 * np.arange(40)).astype(np.int16)
    coarse = Volume(np.tile(columns[:, None, None], (1, 40, 40)), matrix, "1.2", "HU", "CT")
    found = density_in_ball(coarse, np.array([30.4, 29.7, 30.9]), radius_mm)
    assert found.volume_ml == pytest.approx(4.0 / 3.0 * np.pi * (radius_mm / 10.0) ** 3, rel=0.01)
    assert found.mean == pytest.approx(100.0 * 30.4 / 1.5, abs=4.0)


def test_the_unit_is_named_and_where_nothing_is_nothing_is_told() -> None:
    ball = Ball("b", (0, 0, 0), (5, 0, 0))
    assert " HU" in density_of(ball, ramp()).text
    assert "arbitrary units" in density_of(ball, ramp("arbitrary")).text
    assert density_of(Ball("b", (500, 0, 0), (505, 0, 0)), ramp()) is None
    assert density_of(Contour("c", ((0, 0, 0), (9, 0, 0), (0, 9, 0))), ramp()) is None
    assert density_of(Distance("d", (0, 0, 0), (9, 0, 0)), ramp()) is None

"""A heart that moves keeps its triangles, and says of itself what a ball's formula says."""

from __future__ import annotations

import numpy as np
import pytest

from core.motion import MovingAnatomy, MovingSurface
from tests.support.moving_ball import LARGE_MM, SMALL_MM, moving_ball


def test_the_ejection_of_a_ball_is_that_of_its_radii() -> None:
    ejected = moving_ball("1.2", 8).ejection("lv")
    assert ejected is not None
    assert ejected.fraction_percent == pytest.approx(100.0 * (1.0 - (SMALL_MM / LARGE_MM) ** 3), abs=1e-3)
    assert ejected.end_diastolic_ml == pytest.approx(4.0 / 3.0 * np.pi * (LARGE_MM / 10.0) ** 3, rel=0.05)
    assert moving_ball("1.2", 8).ejection("aorta") is None


def test_each_phase_is_an_anatomy_with_its_own_labels_and_volumes_and_the_same_triangles() -> None:
    moving = moving_ball("1.2", 8)
    large, small = moving.at(0), moving.at(4)
    assert large is moving.at(0)
    assert np.array_equal(large.surfaces["lv"].faces, small.surfaces["lv"].faces)
    assert large.labels is moving.labels[0]
    assert small.report["volumes_ml"]["lv"] == pytest.approx(small.surfaces["lv"].volume_ml, abs=0.01)  # type: ignore[index]
    with pytest.raises(IndexError):
        moving.at(8)


def test_surfaces_of_unlike_numbers_of_phases_or_times_of_another_cycle_do_not_go_together() -> None:
    moving = moving_ball("1.2", 8)
    short = MovingSurface(moving.surfaces["rv"].vertices[:5], moving.surfaces["rv"].faces)
    with pytest.raises(ValueError, match="one number of phases"):
        MovingAnatomy({"lv": moving.surfaces["lv"], "rv": short}, "1.2", 0, 4)
    with pytest.raises(ValueError, match="every phase"):
        MovingAnatomy(moving.surfaces, "1.2", 0, 4, times_ms=(1.0, 2.0))
    with pytest.raises(ValueError, match="phases of the cycle"):
        MovingAnatomy(moving.surfaces, "1.2", 0, 8)
    with pytest.raises(ValueError, match="finite"):
        MovingSurface(np.full((2, 3, 3), np.nan), np.array([[0, 1, 2]]))

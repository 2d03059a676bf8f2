"""Slices that breathing moved are found by what was reconstructed and by each other, and put back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import Cancelled
from core.progress import Reporting, Silent
from recon.cine.alignment import estimate_shifts, without_common_move
from recon.cine.build import realign
from recon.cine.planes import Cycle, gather
from tests.support.beating_heart import cine_planes, in_plane_shifts
from tests.support.cine_study import TruthTeller, field_of, series_of


@pytest.fixture(scope="module")
def cycle() -> Cycle:
    return gather(series_of(), Silent())


@pytest.mark.parametrize("n_long", [pytest.param(0, marks=pytest.mark.slow), 3])
def test_slices_that_breathing_moved_are_put_back(n_long: int) -> None:
    planes = cine_planes(n_long=n_long)
    shifts = in_plane_shifts(planes, 3.5, seed=3)
    cycle = gather(series_of(shifts, n_long), Silent())
    found = estimate_shifts(cycle.planes, (0, 3, 5), field_of((0, 3, 5), cycle))
    true = without_common_move(cycle.planes, shifts, np.ones(len(planes), dtype=bool))
    before = np.linalg.norm(true, axis=1)
    after = np.linalg.norm(true - found.shifts_mm, axis=1)
    assert before.mean() > 2.0
    assert after.mean() < 0.5
    assert after[found.is_reliable].max() < 1.2


def test_slices_that_lie_well_are_left_there(cycle: Cycle) -> None:
    found = estimate_shifts(cycle.planes, (0, 3, 5), field_of((0, 3, 5), cycle))
    assert np.linalg.norm(found.shifts_mm, axis=1).max() < 1.0


def test_a_slice_that_shows_nothing_is_left_where_it_is_and_told(cycle: Cycle) -> None:
    rng = np.random.default_rng(0)
    empty = rng.normal(size=cycle.planes[2].frames.shape).astype(np.float32)
    planes = (*cycle.planes[:2], replace(cycle.planes[2], frames=empty), *cycle.planes[3:])
    found = estimate_shifts(planes, (0, 3, 5), field_of((0, 3, 5), cycle))
    assert not found.is_reliable[2]
    assert np.array_equal(found.shifts_mm[2], np.zeros(3))
    assert found.is_reliable.sum() >= len(planes) - 2


def test_a_move_of_the_whole_heart_is_no_shift_of_a_slice(cycle: Cycle) -> None:
    common = np.array([4.0, -2.0, 3.0])
    shifts = np.array([common - plane.normal * (plane.normal @ common) for plane in cycle.planes])
    left = without_common_move(cycle.planes, shifts, np.ones(len(shifts), dtype=bool))
    assert np.abs(left).max() < 1e-9


def test_cancelling_takes_effect_while_the_cycle_is_reconstructed(cycle: Cycle) -> None:
    seen: list[str] = []

    def note(stage: str, _: float) -> None:
        seen.append(stage)

    with pytest.raises(Cancelled):
        realign(cycle, TruthTeller(cycle), Reporting(note, lambda: len(seen) >= 2))
    assert seen == ["realigning slices"] * 2

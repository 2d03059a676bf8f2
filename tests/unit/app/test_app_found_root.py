"""Landmarks of the network begin an aortic root: only sure ones, marked as found until a person moves them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from app.commands.planning import begin_found_root
from app.commands.table import BY_KEY
from app.found_root import LANDMARK_OF, MOST_SD_MM, STEP, found_points, found_sds_mm, place_root, spread_mm
from core.anatomy import LANDMARKS, Anatomy
from plan.items import Distance
from plan.plan import Plan

PLACES = {
    "right_hinge": np.array([0.0, -12.0, 0.0]),
    "left_hinge": np.array([10.0, 6.0, 0.0]),
    "non_coronary_hinge": np.array([-10.0, 6.0, 0.0]),
    "left_coronary_ostium": np.array([9.0, 3.0, 14.0]),
    "right_coronary_ostium": np.array([0.0, -11.0, 15.0]),
    "lv_apex": np.array([30.0, -40.0, -60.0]),
}


def anatomy(**sds_mm: float) -> Anatomy:
    facts = {key: {"sd_mm": sds_mm.get(key, 1.5)} for key in PLACES}
    return Anatomy({}, "1.2.3", landmarks=PLACES, report={"landmarks": facts})


def test_every_landmark_that_a_root_begins_from_is_one_the_network_knows() -> None:
    assert set(LANDMARK_OF.values()) <= {kind.key for kind in LANDMARKS}


def test_hinges_and_ostia_become_one_named_step() -> None:
    edit, root, told = place_root(Plan("1.2.3"), anatomy())
    assert edit.name == STEP
    assert edit.plan.items == (root,)
    assert root.name == "Aortic root 1 (found)"
    for field, key in LANDMARK_OF.items():
        assert getattr(root, field) == tuple(PLACES[key])
    assert told.what == "5 points of the aortic root come from the network"


@pytest.mark.parametrize("sd_mm", [MOST_SD_MM + 0.1, math.nan, math.inf, -1.0])
def test_an_unsure_landmark_is_left_out_and_said_to_be(sd_mm: float) -> None:
    given = anatomy(left_hinge=sd_mm)
    assert "left_hinge_mm" not in found_points(given)
    _, root, told = place_root(Plan("1.2.3"), given)
    assert root.left_hinge_mm is None
    assert "1 of 5 were not found or are not sure enough" in told.why


@pytest.mark.parametrize("report", [{}, {"landmarks": None}, {"landmarks": {"left_hinge": 1.0}}])
def test_landmarks_whose_error_nobody_told_begin_nothing(report: dict[str, object]) -> None:
    assert found_points(Anatomy({}, "1.2.3", landmarks=PLACES, report=report)) == {}
    assert found_points(None) == {}


def test_bands_are_as_wide_as_the_least_sure_found_point_until_it_is_moved() -> None:
    given = anatomy(left_hinge=3.0)
    _, root, _ = place_root(Plan("1.2.3"), given)
    assert found_sds_mm(root, given)["left_hinge_mm"] == 3.0
    assert spread_mm(root, given, 0.5) == pytest.approx(3.0 / math.sqrt(3.0))
    assert spread_mm(root, given, 2.5) == 2.5
    assert spread_mm(root, given, None) is None
    moved = replace(root, left_hinge_mm=(10.0, 7.0, 0.0))
    assert "left_hinge_mm" not in found_sds_mm(moved, given)
    assert spread_mm(moved, given, 0.5) == pytest.approx(1.5 / math.sqrt(3.0))
    assert spread_mm(Distance("D", (0, 0, 0), (1, 0, 0)), given, 0.5) == 0.5


def test_the_command_is_offered_only_with_sure_landmarks_and_says_why_not() -> None:
    command = BY_KEY["plan.found_root"]
    assert command.run is begin_found_root
    from app.state import State

    assert not command.is_enabled(State())
    assert command.is_enabled(State(anatomy=anatomy()))
    unsure = State(anatomy=anatomy(**dict.fromkeys(PLACES, 9.0)))
    assert not command.is_enabled(unsure)
    assert command.why_not(unsure) == "no landmark of the aortic root was found with enough certainty"

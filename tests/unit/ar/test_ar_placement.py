"""A registration from a file is used for its own body and patient space only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ar.board import Board
from ar.placement import registration_on
from ar.registration import Fiducial, register_fiducials, write_registration
from core.errors import PlannerError

POINTS = [(0.0, 0.0, 0.0), (60.0, 5.0, 0.0), (10.0, 80.0, 10.0), (5.0, 20.0, 70.0)]


@pytest.mark.parametrize(
    ("body", "uid", "why"),
    [("pointer", "1.2.3", "no body 'pointer'"), ("reference", "9.9.9", "different patient spaces")],
)
def test_a_registration_of_another_body_or_space_is_refused(
    body: str, uid: str, why: str, grid: Board, tmp_path: Path
) -> None:
    pairs = [Fiducial(str(i), point, point) for i, point in enumerate(POINTS)]
    write_registration(register_fiducials(pairs, body, "1.2.3"), tmp_path / "registration.json")
    with pytest.raises(PlannerError, match=why):
        registration_on(grid, tmp_path / "registration.json", uid)


def test_a_registration_that_fits_comes_back_as_it_was_made(grid: Board, tmp_path: Path) -> None:
    pairs = [Fiducial(str(i), point, (point[0] + 5.0, point[1], point[2])) for i, point in enumerate(POINTS)]
    made = register_fiducials(pairs, "reference", "1.2.3")
    write_registration(made, tmp_path / "registration.json")
    found = registration_on(grid, tmp_path / "registration.json", "1.2.3")
    assert found.is_registered
    np.testing.assert_allclose(found.body_from_patient.apply(np.zeros((1, 3))), [[5.0, 0.0, 0.0]], atol=1e-9)

from __future__ import annotations

import numpy as np
import pytest

from ar.registration import place_on_table, register_by_points, register_points
from core.errors import PlannerError
from core.frames import rigid

POINTS = np.array([[0.0, 0, 0], [60, 5, 0], [10, 80, 10], [5, 20, 70], [40, 40, 40]])


def test_an_exact_motion_is_found_with_no_error() -> None:
    matrix = rigid(np.array([0.5, -1.0, 2.0]), np.array([100.0, -20.0, 7.0]))
    fit = register_points(POINTS, POINTS @ matrix[:3, :3].T + matrix[:3, 3])
    np.testing.assert_allclose(fit.matrix, matrix, atol=1e-9)
    assert fit.fre_mm == pytest.approx(0.0, abs=1e-9)


def test_the_error_of_noisy_points_is_what_theory_says() -> None:
    random = np.random.default_rng(1)
    squares = []
    for _ in range(400):
        fit = register_points(POINTS, POINTS + random.normal(0.0, 0.5, POINTS.shape))
        squares.append(fit.fre_mm**2)
    # Fitzpatrick 1998: E[FRE^2] = (1 - 2 / n) FLE^2, with FLE^2 = 3 * 0.5^2.
    assert np.mean(squares) == pytest.approx((1 - 2 / 5) * 3 * 0.25, rel=0.1)


def test_mirrored_points_are_never_answered_with_a_mirror() -> None:
    fit = register_points(POINTS, POINTS * (-1.0, 1.0, 1.0))
    assert np.linalg.det(fit.matrix[:3, :3]) == pytest.approx(1.0)
    assert fit.fre_mm > 10.0


@pytest.mark.parametrize("points", [POINTS[:2], np.outer(np.arange(4.0), [1.0, 2.0, 3.0]), np.zeros((4, 3))])
def test_points_that_fix_no_pose_are_refused(points: np.ndarray) -> None:
    with pytest.raises(PlannerError, match="cannot register"):
        register_by_points(points, points, "reference")


def test_a_registration_by_points_says_its_error() -> None:
    registration = register_by_points(POINTS, POINTS + (1.0, 2.0, 3.0), "reference")
    assert registration.is_registered
    assert registration.fre_mm == pytest.approx(0.0, abs=1e-9)
    assert registration.body_from_patient.to_frame == "reference"


def test_on_the_table_the_patient_looks_up_and_nothing_is_registered() -> None:
    centre = np.array([10.0, 20.0, 30.0])
    placed = place_on_table(centre, "reference", np.array([80.0, 128.0, -60.0]))
    assert not placed.is_registered
    assert "Not registered" in placed.note
    front, left, head = placed.body_from_patient.apply(centre + np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    np.testing.assert_allclose(front, (80.0, 128.0, -61.0))
    np.testing.assert_allclose(left, (81.0, 128.0, -60.0))
    np.testing.assert_allclose(head, (80.0, 127.0, -60.0))
    assert np.linalg.det(placed.body_from_patient.matrix[:3, :3]) == pytest.approx(1.0)

from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import PlannerError
from core.frames import rigid, rotation_from_vector
from plan.items import Angle, CutPlane, Distance
from plan.measure import angle_deg, angle_of_planes_deg, distance_mm, signed_distance_mm


def test_distance_is_pythagoras_in_space() -> None:
    assert distance_mm(Distance("d", (1, 2, 3), (3, 5, 9))) == pytest.approx(7.0, abs=1e-12)


@pytest.mark.parametrize("degrees", [0.0, 1e-5, 30.0, 90.0, 179.99999, 180.0])
def test_angle_is_the_one_that_was_drawn_even_near_its_ends(degrees: float) -> None:
    radians = math.radians(degrees)
    end = (20 * math.cos(radians), 20 * math.sin(radians), 0.0)
    assert angle_deg(Angle("a", (5, 0, 0), (0, 0, 0), end)) == pytest.approx(degrees, abs=1e-9)


def test_angle_and_distance_do_not_change_when_the_patient_moves() -> None:
    matrix = rigid(np.array([0.3, -0.8, 1.1]), np.array([100.0, -50.0, 7.0]))
    points = np.array([[10.0, 0, 0], [0, 0, 0], [3, 7, 2]])
    moved = points @ matrix[:3, :3].T + matrix[:3, 3]
    assert angle_deg(Angle("a", *map(tuple, moved))) == pytest.approx(
        angle_deg(Angle("a", *map(tuple, points)))
    )
    assert distance_mm(Distance("d", tuple(moved[0]), tuple(moved[2]))) == pytest.approx(math.sqrt(102))


def test_angle_without_a_side_is_refused() -> None:
    with pytest.raises(PlannerError, match="lies on its vertex"):
        angle_deg(Angle("a", (1, 1, 1), (1, 1, 1), (2, 0, 0)))


def test_planes_meet_at_the_same_angle_whichever_way_they_face() -> None:
    tilted = tuple(rotation_from_vector(np.array([math.radians(35), 0, 0])) @ [0, 0, 1])
    first = CutPlane("a", (0, 0, 0), (0, 0, 1))
    assert angle_of_planes_deg(first, CutPlane("b", (9, 9, 9), tilted)) == pytest.approx(35.0)
    assert angle_of_planes_deg(first, CutPlane("b", (0, 0, 0), tuple(-np.array(tilted)))) == pytest.approx(35.0)


def test_a_line_meets_a_plane_at_the_angle_to_its_trace() -> None:
    plane = CutPlane("a", (0, 0, 0), (0, 0, 1))
    rising = Distance("d", (1, 2, 3), (1 + math.cos(0.5), 2, 3 + math.sin(0.5)))
    assert angle_of_planes_deg(plane, rising) == pytest.approx(math.degrees(0.5), abs=1e-9)
    assert angle_of_planes_deg(plane, Distance("n", (0, 0, 9), (0, 0, 4))) == pytest.approx(90.0)
    with pytest.raises(PlannerError, match="in one place"):
        angle_of_planes_deg(plane, Distance("n", (0, 0, 9), (0, 0, 9)))


def test_what_the_normal_points_to_has_a_positive_distance() -> None:
    plane = CutPlane("a", (0, 0, 10), (0, 0, 2))
    assert signed_distance_mm(plane, np.array([[5, 5, 14], [0, 0, 7]])) == pytest.approx([4.0, -3.0])

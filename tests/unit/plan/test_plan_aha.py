from __future__ import annotations

import numpy as np
import pytest

from core.errors import PlannerError
from plan.aha import SEGMENTS, LongAxis, segments_of

# Base above the apex, septum on the patient's right: the front (-y) is anterior.
AXIS = LongAxis(np.array([0, 0, 90.0]), np.zeros(3), np.array([-30.0, 0, 45.0]))


def place(degrees: float, height_mm: float) -> list[float]:
    """Counted from the septum's middle over the front."""
    turn = np.radians(degrees)
    return [-30.0 * np.cos(turn), -30.0 * np.sin(turn), height_mm]


@pytest.mark.parametrize(
    ("degrees", "height_mm", "title"),
    [
        (30, 75, "basal anteroseptal"),
        (90, 75, "basal anterior"),
        (150, 75, "basal anterolateral"),
        (210, 75, "basal inferolateral"),
        (270, 75, "basal inferior"),
        (330, 75, "basal inferoseptal"),
        (90, 45, "mid anterior"),
        (210, 45, "mid inferolateral"),
        (0, 15, "apical septal"),
        (90, 15, "apical anterior"),
        (180, 15, "apical lateral"),
        (270, 15, "apical inferior"),
        (40, -3, "apex"),
    ],
)
def test_a_place_belongs_to_the_segment_of_the_standard(degrees: float, height_mm: float, title: str) -> None:
    (number,) = segments_of(np.array([place(degrees, height_mm)]), AXIS)
    assert SEGMENTS[number - 1] == title


def test_above_the_base_there_is_no_segment() -> None:
    assert segments_of(np.array([place(0, 95.0)]), AXIS).tolist() == [0]


def test_the_segments_turn_with_the_heart() -> None:
    points = np.array([place(d, h) for d in range(5, 360, 20) for h in (-2.0, 12.0, 40.0, 80.0)])
    turned, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    turned *= np.sign(np.linalg.det(turned))
    moved = LongAxis(*(turned @ part + 7.0 for part in (AXIS.base_mm, AXIS.apex_mm, AXIS.septum_mm)))
    np.testing.assert_array_equal(segments_of(points @ turned.T + 7.0, moved), segments_of(points, AXIS))


def test_a_septum_on_the_axis_is_refused() -> None:
    with pytest.raises(PlannerError, match="septum"):
        segments_of(np.zeros((1, 3)), LongAxis(AXIS.base_mm, AXIS.apex_mm, np.array([0, 0, 40.0])))

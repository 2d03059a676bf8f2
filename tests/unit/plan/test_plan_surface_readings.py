from __future__ import annotations

import numpy as np
import pytest

from core.errors import PlannerError
from plan.handles import handles
from plan.items import Ball, Gap, Resection, StructureVolume, SurfacePath
from plan.plan import Plan
from plan.planes import plane_through
from plan.readings import readings

ARC = tuple((30 * np.cos(t), 30 * np.sin(t), 0.0) for t in np.linspace(0, 1.5, 400))


def values(item: object, sd_mm: float | None = None) -> dict:
    return {one.key: one for one in readings(item, Plan(), sd_mm)}


def test_a_way_on_a_surface_is_as_long_as_its_line_and_its_band_is_that_of_its_two_ends() -> None:
    length = values(SurfacePath("p", "lv", ARC[0], ARC[-1], ARC), 0.75)["length_mm"]
    assert length.value == pytest.approx(45.0, abs=0.01)
    assert length.plus_minus == pytest.approx(1.96 * np.sqrt(2) * 0.75, rel=0.1)


def test_a_gap_and_a_volume_come_from_surfaces_and_say_that_they_have_no_band() -> None:
    gap = values(Gap("g", "lv", "la", (0, 0, 0), (3, 4, 0)), 0.75)["length_mm"]
    assert (gap.value, gap.plus_minus, gap.note) == (5.0, None, "no band")
    assert values(StructureVolume("v", "lv", 71.5, (0, 0, 0)))["volume_ml"].text == "71.5 ml, no band"


def test_a_ball_says_radius_and_volume() -> None:
    found = values(Ball("b", (1, 1, 1), (1, 1, 11)))
    assert found["radius_mm"].value == pytest.approx(10.0)
    assert found["ball_ml"].value == pytest.approx(4.18879)


def test_what_was_found_is_no_handle() -> None:
    path = SurfacePath("p", "lv", ARC[0], ARC[-1], ARC)
    resection = Resection("r", ARC[:5], 5.0, 1.0, 6.0, (0, 0, 0), "s")
    assert [handles(item) for item in (path, Gap("g", "a", "b", (0, 0, 0), (1, 0, 0)), resection)] == [
        (),
        (),
        (),
    ]
    assert len(handles(Ball("b", (1, 1, 1), (1, 1, 11)))) == 2


def test_three_points_and_a_noisy_ring_have_their_plane_and_a_line_has_none() -> None:
    middle, normal = plane_through(np.array([[0, 0, 5.0], [10, 0, 5], [0, 10, 5]]))
    np.testing.assert_allclose(normal, [0, 0, 1], atol=1e-12)
    assert middle[2] == pytest.approx(5.0)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([9 * np.cos(turn), np.tile([0.1, -0.1], 20), 9 * np.sin(turn)], axis=1)
    np.testing.assert_allclose(np.abs(plane_through(ring)[1]), [0, 1, 0], atol=1e-3)
    with pytest.raises(PlannerError, match="one line"):
        plane_through(np.array([[0, 0, 0], [5.0, 0, 0], [9, 0.1, 0]]))

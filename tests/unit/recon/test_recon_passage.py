"""The neo-LVOT in ventricles that are boxes and cylinders, where the smallest open area is known."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.mesh import SurfaceMesh
from plan.clinical.frustum import Frustum
from recon.passage import outflow_beside, passage

TURN = rotation_from_vector(np.array([0.4, 0.7, -0.5]))
SHIFT = np.array([10.0, -80.0, 250.0])


def _there(points: np.ndarray) -> np.ndarray:
    return np.asarray(points, dtype=float) @ TURN.T + SHIFT


def _mesh(body: trimesh.Trimesh) -> SurfaceMesh:
    return SurfaceMesh(_there(body.vertices), body.faces)


def _box() -> SurfaceMesh:
    """A tract along z: x from -15 to 15, y from 0 to 40, z from -45 to 45."""
    body = trimesh.creation.box((30.0, 40.0, 90.0)).subdivide().subdivide()
    body.apply_translation((0.0, 20.0, 0.0))
    return _mesh(body)


def _valve(centre: tuple, axis: tuple, depth: float, radius: float, outlet: float | None = None) -> Frustum:
    return Frustum(_there(np.array(centre)), TURN @ np.array(axis), 2.0, depth, radius, outlet or radius)


def test_a_valve_across_a_box_leaves_the_box_above_it() -> None:
    valve = _valve((-16.0, 0.0, 0.0), (1.0, 0.0, 0.0), 32.0, 14.0)
    tract = outflow_beside(_box(), _there([0, 25, -44]), _there([0, 25, 44]), valve)
    assert tract.section.area_mm2 == pytest.approx(30.0 * 26.0, rel=0.005)
    assert tract.section.whole_mm2 == pytest.approx(30.0 * 40.0, rel=0.005)
    place = (tract.section.middle_mm - SHIFT) @ TURN
    assert place == pytest.approx([0.0, 27.0, 0.0], abs=0.7)
    assert abs(tract.way @ TURN[:, 2]) > 0.999


def test_a_flared_valve_is_narrowest_at_its_wide_end() -> None:
    """From above into a box: 8 mm wide in the annulus, 13 mm at its end 20 mm deep; the tract runs along z."""
    valve = _valve((0.0, -1.0, 0.0), (0.0, 1.0, 0.0), 21.0, 8.0, 13.0)
    tract = outflow_beside(_box(), _there([0, 25, -44]), _there([0, 25, 44]), valve)
    # Across z = 0 it takes a trapezium: from y = 0, 2 * (8 + 5 / 21) wide, to y = 20, 26 wide.
    taken = 20.0 * ((8.0 + 5.0 / 21.0) + 13.0)
    assert tract.section.area_mm2 == pytest.approx(1200.0 - taken, rel=0.005)


def test_a_valve_inside_a_cylinder_leaves_the_ring_around_it() -> None:
    body = trimesh.creation.cylinder(20.0, 80.0, sections=128)
    # Along the cylinder's axis, 6 mm aside; the way runs on the wide side, the whole ring is open.
    valve = _valve((-6.0, 0.0, 15.0), (0.0, 0.0, -1.0), 30.0, 10.0)
    tract = outflow_beside(_mesh(body), _there([0, 0, -39]), _there([12, 0, 39]), valve)
    assert tract.section.area_mm2 == pytest.approx(np.pi * (20.0**2 - 10.0**2), rel=0.005)


@pytest.mark.slow
def test_a_larger_valve_leaves_less() -> None:
    areas = []
    for radius in (10.0, 14.0):
        valve = _valve((0.0, -1.0, 0.0), (0.0, 1.0, 0.0), 25.0, radius)
        tract = outflow_beside(_box(), _there([0, 25, -44]), _there([0, 25, 44]), valve)
        areas.append(tract.section.area_mm2)
    assert areas == pytest.approx([1200.0 - 24.0 * 2 * radius for radius in (10.0, 14.0)], rel=0.005)


def test_a_valve_that_closes_the_tract_or_does_not_reach_it_is_refused() -> None:
    start, end = _there([0, 25, -44]), _there([0, 25, 44])
    with pytest.raises(PlannerError, match="closes the way"):
        outflow_beside(_box(), start, end, _valve((-16.0, 20.0, 0.0), (1.0, 0.0, 0.0), 32.0, 25.0))
    with pytest.raises(PlannerError, match="does not reach"):
        outflow_beside(_box(), start, end, _valve((0.0, -60.0, 0.0), (0.0, 1.0, 0.0), 20.0, 10.0))


def test_the_way_keeps_off_the_wall_and_what_stands_in_it() -> None:
    valve = _valve((-16.0, 0.0, 0.0), (1.0, 0.0, 0.0), 32.0, 14.0)
    line = passage(_box(), _there([0, 25, -44]), _there([0, 25, 44]), valve.contains)
    here = (line.points_mm - SHIFT) @ TURN
    beside = np.abs(here[:, 2]) < 2.0
    assert np.abs(here[beside, 0]).max() < 2.5
    assert np.abs(here[beside, 1] - 27.0).max() < 2.5
    open_box = SurfaceMesh(_box().vertices, _box().faces[1:])
    with pytest.raises(PlannerError, match="not closed"):
        passage(open_box, _there([0, 25, -44]), _there([0, 25, 44]), valve.contains)

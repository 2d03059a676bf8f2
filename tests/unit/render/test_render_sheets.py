"""The items of the guided sheets are drawn where they are placed, and a valve where its annulus puts it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plan.clinical.virtual_valve import fit_formula, frustum_of, why_no_valve
from plan.formula import points_of, read
from plan.items import Appendage, MitralAnnulus, Ventricles, VirtualValve, as_point
from plan.plan import Plan
from plan.readings import readings
from render.drawn_sheets import drawn_sheet

T = 2 * np.pi * np.arange(24) / 24
RING = tuple(as_point((20 * np.sin(t), -20 * np.cos(t), 5.0)) for t in T)
TRIGONES = [as_point((side * 10.0, -np.sqrt(300.0), 5.0)) for side in (1, -1)]
ANNULUS = MitralAnnulus("Ring", RING, *TRIGONES, (0.0, 0.0, 90.0), "m1")
VALVE = VirtualValve("Valve", "m1", (0.0, 2.0, 9.0), diameter_mm=26.0, outlet_diameter_mm=30.0, depth_mm=20.0)


def test_a_valve_stands_in_the_plane_of_its_annulus_and_reaches_into_the_ventricle() -> None:
    solid = frustum_of(VALVE, ANNULUS)
    assert solid.centre_mm == pytest.approx([0.0, 2.0, 5.0], abs=0.05)
    assert solid.axis == pytest.approx([0.0, 0.0, 1.0], abs=1e-6)
    lines = drawn_sheet(VALVE, Plan("", (ANNULUS, VALVE))).lines
    points = np.concatenate([line.points_mm for line in lines])
    assert points[:, 2].min() == pytest.approx(0.0, abs=1e-6)
    assert points[:, 2].max() == pytest.approx(25.0, abs=1e-6)
    assert np.hypot(points[:, 0], points[:, 1] - 2.0).max() == pytest.approx(15.0, abs=0.1)


def test_tilt_leans_the_outlet_towards_the_outflow_and_side_tilt_towards_the_medial_trigone() -> None:
    leaning = frustum_of(replace(VALVE, tilt_deg=20.0), ANNULUS).axis
    assert leaning == pytest.approx([0.0, -np.sin(np.radians(20)), np.cos(np.radians(20))], abs=1e-3)
    aside = frustum_of(replace(VALVE, side_tilt_deg=20.0), ANNULUS).axis
    assert aside == pytest.approx([-np.sin(np.radians(20)), 0.0, np.cos(np.radians(20))], abs=1e-3)


def test_the_fit_of_a_valve_comes_from_its_annulus_and_goes_with_it() -> None:
    plan = Plan("", (ANNULUS, VALVE))
    found = {one.key: one for one in readings(VALVE, plan, 0.75)}
    area = {one.key: one.value for one in readings(ANNULUS, plan)}["d_area_mm2"]
    assert found["valve_to_annulus_percent"].value == pytest.approx(100 * np.pi * 13**2 / area)
    assert found["valve_to_annulus_percent"].plus_minus > 0
    assert "no longer in the plan" in readings(VALVE, Plan("", (VALVE,)))[0].why_not
    no_apex = MitralAnnulus("Ring", RING, *TRIGONES, None, "m1")
    assert "apex" in why_no_valve(no_apex)
    assert read((fit_formula(VALVE, no_apex),), points_of(no_apex))[0].value is None
    assert drawn_sheet(VALVE, Plan("", (VALVE,))).lines == ()


def test_rings_points_and_letters_of_a_sheet_are_drawn_and_nothing_of_one_without_places() -> None:
    item = Appendage("A", RING, tip_mm=(0.0, 0.0, 40.0))
    found = drawn_sheet(item, Plan())
    assert len(found.points) == 25
    assert [(label.text, label.position_mm) for label in found.labels] == [("Tip", (0.0, 0.0, 40.0))]
    assert drawn_sheet(Ventricles("V"), Plan()) == drawn_sheet(Appendage("A"), Plan())

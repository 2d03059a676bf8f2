"""Appendage, aorta and ventricles on shapes whose measures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.frames import rotation_from_vector
from plan.clinical import appendage as appendages
from plan.clinical.aorta import AortaProfile, aorta_readings, proposed, widest_mm
from plan.clinical.ventricular_sheet import CycleVolumes, ventricle_readings
from plan.formula import points_of, read
from plan.items import Appendage, ThoracicAorta, Ventricles, as_point

TURN = rotation_from_vector(np.array([0.3, 0.8, -0.4]))


def _ellipse(long: float, short: float, z: float = 0.0, n: int = 16) -> tuple:
    t = 2 * np.pi * np.arange(n) / n
    flat = np.stack([long / 2 * np.cos(t), short / 2 * np.sin(t), np.full(n, z)], axis=1)
    return tuple(as_point(point) for point in flat @ TURN.T + 50.0)


def test_an_appendage_has_the_size_of_its_mouth_and_its_depth_across_it() -> None:
    tip = as_point(TURN @ np.array([10.0, 0.0, 24.0]) + 50.0)
    item = Appendage("A", _ellipse(26.0, 18.0), _ellipse(22.0, 16.0, 10.0), tip)
    found = {one.key: one for one in read(appendages.formulas(item), points_of(item), 0.75)}
    assert found["ostium_area_mm2"].value == pytest.approx(np.pi * 13 * 9, rel=0.003)
    assert found["ostium_max_diameter_mm"].value == pytest.approx(26.0, abs=0.1)
    assert found["ostium_min_diameter_mm"].value == pytest.approx(18.0, abs=0.1)
    assert found["landing_area_mm2"].value == pytest.approx(np.pi * 11 * 8, rel=0.003)
    assert found["depth_mm"].value == pytest.approx(24.0, abs=0.01)
    assert found["reach_mm"].value == pytest.approx(26.0, abs=0.01)
    assert 0.5 < found["depth_mm"].plus_minus < 4.0
    empty = {one.key: one for one in read(appendages.formulas(Appendage("B")), {})}
    assert all(one.value is None and one.why_not.endswith("yet") for one in empty.values())


def _cane(bulge_mm: float = 42.0) -> AortaProfile:
    """60 mm up, half a circle of 35 mm radius, 120 mm down; 30 mm wide, the root wider, and 26 mm at its junction."""
    up = np.stack([np.zeros(61), np.zeros(61), np.arange(61.0)], axis=1)
    t = np.linspace(0, np.pi, 111)[1:]
    arch = np.stack([35 - 35 * np.cos(t), np.zeros(110), 60 + 35 * np.sin(t)], axis=1)
    down = np.stack([np.full(120, 70.0), np.zeros(120), 59 - np.arange(120.0)], axis=1)
    points = np.concatenate([up, arch, down])
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    width = np.full(len(points), 30.0)
    width += (36.0 - 30.0) * np.exp(-(((along - 10.0) / 5.0) ** 2))
    width -= 4.0 * np.exp(-(((along - 26.0) / 4.0) ** 2))
    width += (bulge_mm - 30.0) * np.exp(-(((along - 230.0) / 15.0) ** 2))
    return AortaProfile(along, points, width, width - 1.0, width + 1.0)


def test_places_are_proposed_where_they_are_and_read_there() -> None:
    profile = _cane()
    item = ThoracicAorta("Aorta", **proposed(profile))
    found = {one.key: one for one in aorta_readings(item, profile, 0.75)}
    assert profile.place(np.array(item.sinuses_mm))[0] == pytest.approx(10.0, abs=1.0)
    assert profile.place(np.array(item.sinotubular_mm))[0] == pytest.approx(26.0, abs=1.0)
    assert item.arch_mm == pytest.approx((35.0, 0.0, 95.0), abs=1.0)
    assert 30.0 < item.ascending_mm[2] < 80.0
    assert item.ascending_mm[0] < 20.0
    assert item.descending_mm[0] == pytest.approx(70.0)
    assert found["sinuses_diameter_mm"].value == pytest.approx(36.0, abs=0.2)
    assert found["sinotubular_diameter_mm"].value == pytest.approx(26.0, abs=0.2)
    assert found["arch_diameter_mm"].value == pytest.approx(30.0, abs=0.1)
    assert found["largest_diameter_mm"].value == pytest.approx(42.0, abs=0.1)
    assert found["largest_along_mm"].value == pytest.approx(230.0, abs=1.0)
    assert profile.place(np.array(widest_mm(profile)))[0] == pytest.approx(230.0, abs=1.0)
    assert found["diaphragm_diameter_mm"].value is None


def test_a_band_is_wide_where_the_vessel_tapers_and_narrow_where_it_does_not() -> None:
    profile = _cane()
    steep = as_point(profile.points_mm[np.abs(profile.along_mm - 218.0).argmin()])
    level = as_point(profile.points_mm[np.abs(profile.along_mm - 150.0).argmin()])
    item = ThoracicAorta("Aorta", arch_mm=level, descending_mm=steep)
    found = {one.key: one for one in aorta_readings(item, profile, 0.75)}
    walls = 1.96 * 0.75 * np.sqrt(2.0)
    assert found["arch_diameter_mm"].plus_minus == pytest.approx(walls, abs=0.02)
    assert found["largest_diameter_mm"].plus_minus == pytest.approx(walls)
    slope = abs(np.gradient(profile.diameters_mm, profile.along_mm)[np.abs(profile.along_mm - 218.0).argmin()])
    assert found["descending_diameter_mm"].plus_minus == pytest.approx(
        np.hypot(walls, 1.96 * 0.75 * slope), rel=0.1
    )


def test_a_place_beside_the_aorta_or_in_a_gap_has_no_diameter() -> None:
    profile = _cane()
    gap = profile.diameters_mm.copy()
    gap[140:150] = np.nan
    torn = replace(profile, diameters_mm=gap)
    item = ThoracicAorta("Aorta", (200.0, 0.0, 0.0), arch_mm=as_point(profile.points_mm[145]))
    found = {one.key: one for one in aorta_readings(item, torn, 0.75)}
    assert "from the aorta's middle line" in found["sinuses_diameter_mm"].why_not
    assert "across the aorta alone" in found["arch_diameter_mm"].why_not


def test_the_ventricles_of_a_cycle_eject_and_are_indexed() -> None:
    volumes = CycleVolumes({"lv": 150.0, "rv": 160.0}, {"lv": 60.0, "rv": 80.0}, 120.0, (1, 9))
    found = {one.key: one.value for one in ventricle_readings(Ventricles("V", 178, 76), volumes)}
    surface = 0.007184 * 178**0.725 * 76**0.425
    assert found["lv_ejection_fraction_percent"] == pytest.approx(60.0)
    assert found["rv_stroke_ml"] == pytest.approx(80.0)
    assert found["lv_mass_g"] == pytest.approx(126.0)
    assert found["body_surface_m2"] == pytest.approx(surface)
    assert found["lv_diastole_per_m2_ml"] == pytest.approx(150.0 / surface)
    assert found["lv_mass_per_m2_g"] == pytest.approx(126.0 / surface)


def test_one_phase_alone_has_no_ejection_fraction_and_a_systole_too_large_is_refused() -> None:
    one_phase = {one.key: one for one in ventricle_readings(Ventricles("V"), CycleVolumes({"lv": 150.0}))}
    assert one_phase["lv_volume_ml"].value == 150.0
    assert one_phase["lv_ejection_fraction_percent"].value is None
    assert "all phases" in one_phase["lv_ejection_fraction_percent"].why_not
    assert one_phase["body_surface_m2"].why_not.endswith("yet")
    turned = CycleVolumes({"lv": 60.0}, {"lv": 150.0})
    wrong = {one.key: one for one in ventricle_readings(Ventricles("V", 30, 900 / 3), turned)}
    assert wrong["lv_ejection_fraction_percent"].value is None

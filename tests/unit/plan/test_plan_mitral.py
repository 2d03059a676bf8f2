"""The mitral annulus on rings whose every measure is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.frames import rigid
from plan.clinical.mitral import d_plane, formulas, ring_plane, why_no_d
from plan.formula import Reading, points_of, read
from plan.items import MitralAnnulus, as_point

RADIUS_MM, CUT_DEG = 18.0, 40.0
TURN = rigid(np.array([0.4, -0.9, 0.3]), np.array([12.0, -70.0, 310.0]))


def _place(points: np.ndarray) -> tuple:
    moved = np.atleast_2d(points) @ TURN[:3, :3].T + TURN[:3, 3]
    return tuple(as_point(point) for point in moved)


def _annulus(height_mm: float = 0.0, n_points: int = 16, stretch: float = 1.0) -> MitralAnnulus:
    """A circle of 18 mm in the plane z = 0 whose trigones stand 40 degrees to either side of the front (-y).

    The saddle is highest (towards the atrium, -z) in front and behind; the apex lies at +z.
    """
    turn = 2 * np.pi * np.arange(n_points) / n_points
    ring = np.stack(
        [
            stretch * RADIUS_MM * np.sin(turn),
            -RADIUS_MM * np.cos(turn),
            -height_mm / 2 * np.cos(2 * turn),
        ],
        axis=1,
    )
    cut = np.radians(CUT_DEG)
    sides = [[side * stretch * np.sin(cut) * RADIUS_MM, -np.cos(cut) * RADIUS_MM, 0.0] for side in (1, -1)]
    (lateral, medial), (apex,) = _place(np.array(sides)), _place(np.array([0.0, 0.0, 80.0]))
    return MitralAnnulus("Ring", _place(ring), lateral, medial, apex)


def _values(annulus: MitralAnnulus, sd_mm: float | None = None) -> dict[str, Reading]:
    return {one.key: one for one in read(formulas(annulus), points_of(annulus), sd_mm)}


def test_the_d_of_a_circle_cut_at_its_trigones_is_a_circle_without_its_segment() -> None:
    found = {key: reading.value for key, reading in _values(_annulus(n_points=24)).items()}
    cut = np.radians(CUT_DEG)
    segment = RADIUS_MM**2 * (cut - np.sin(cut) * np.cos(cut))
    area = np.pi * RADIUS_MM**2 - segment
    chord = 2 * RADIUS_MM * np.sin(cut)
    around = 2 * (np.pi - cut) * RADIUS_MM + chord
    # The middle of a segment's area lies at 2 R sin^3(c) / (3 (c - sin c cos c)) from the middle of the circle.
    back = segment * 2 * RADIUS_MM * np.sin(cut) ** 3 / (3 * (cut - np.sin(cut) * np.cos(cut))) / area
    assert found["d_area_mm2"] == pytest.approx(area, rel=0.002)
    assert found["d_perimeter_mm"] == pytest.approx(around, abs=0.1)
    assert found["d_area_diameter_mm"] == pytest.approx(2 * np.sqrt(area / np.pi), abs=0.05)
    assert found["d_perimeter_diameter_mm"] == pytest.approx(around / np.pi, abs=0.05)
    assert found["intertrigonal_mm"] == pytest.approx(chord, abs=1e-6)
    assert found["ic_diameter_mm"] == pytest.approx(2 * np.sqrt(RADIUS_MM**2 - back**2), abs=0.05)
    assert found["sl_diameter_mm"] == pytest.approx(RADIUS_MM * (1 + np.cos(cut)), abs=0.05)
    assert found["ring_area_mm2"] == pytest.approx(np.pi * RADIUS_MM**2, rel=0.002)
    assert found["annular_height_mm"] == pytest.approx(0.0, abs=1e-6)


def test_a_saddle_has_its_height_and_is_longer_in_space_than_flat() -> None:
    annulus = _annulus(height_mm=8.0, n_points=24)
    found = {key: reading.value for key, reading in _values(annulus).items()}
    turn = np.linspace(0, 2 * np.pi, 20001)
    speed = np.hypot(RADIUS_MM, 8.0 * np.sin(2 * turn))
    assert found["annular_height_mm"] == pytest.approx(8.0, abs=0.05)
    assert found["ring_perimeter_mm"] == pytest.approx(np.trapezoid(speed, turn), abs=0.1)
    assert found["ring_projected_perimeter_mm"] == pytest.approx(2 * np.pi * RADIUS_MM, abs=0.1)
    assert found["ring_area_mm2"] == pytest.approx(np.pi * RADIUS_MM**2, rel=0.003)
    assert found["height_to_ic_percent"] == pytest.approx(100 * 8.0 / found["ic_diameter_mm"])
    middle, normal = ring_plane(annulus)
    assert middle == pytest.approx(TURN[:3, 3], abs=0.05)
    assert normal == pytest.approx(TURN[:3, 2], abs=0.01)


def test_a_wide_ring_is_as_wide_as_it_is_and_not_as_deep() -> None:
    found = {key: reading.value for key, reading in _values(_annulus(n_points=32, stretch=1.3)).items()}
    round_one = {key: reading.value for key, reading in _values(_annulus(n_points=32)).items()}
    assert found["ic_diameter_mm"] == pytest.approx(1.3 * round_one["ic_diameter_mm"], abs=0.1)
    assert found["sl_diameter_mm"] == pytest.approx(round_one["sl_diameter_mm"], abs=0.05)
    assert found["d_area_mm2"] == pytest.approx(1.3 * round_one["d_area_mm2"], rel=0.003)


def test_the_axes_of_the_d_point_medially_backwards_and_into_the_ventricle() -> None:
    plane = d_plane(_annulus())
    assert plane.normal == pytest.approx(TURN[:3, 2], abs=1e-6)
    assert plane.backwards == pytest.approx(TURN[:3, 1], abs=1e-6)
    assert plane.medially == pytest.approx(-TURN[:3, 0], abs=1e-6)
    assert (plane.middle_mm - TURN[:3, 3]) @ TURN[:3, 1] > 0.5


def test_the_order_and_direction_of_the_points_do_not_matter() -> None:
    annulus = _annulus(height_mm=6.0)
    turned = replace(annulus, annulus_mm=(annulus.annulus_mm[5:] + annulus.annulus_mm[:5])[::-1])
    for key, reading in _values(annulus).items():
        assert _values(turned)[key].value == pytest.approx(reading.value, rel=1e-3, abs=1e-3), key


def test_the_bands_are_as_wide_as_placing_the_points_again_makes_them() -> None:
    found = _values(_annulus(height_mm=6.0), 0.75)
    # A distance between two points placed with 0.75 mm per axis: 1.96 * sqrt(2) * 0.75.
    assert found["intertrigonal_mm"].plus_minus == pytest.approx(2.08, rel=0.1)
    assert 5.0 < found["d_area_mm2"].plus_minus < 60.0
    doubled = _values(_annulus(height_mm=6.0), 1.5)
    assert doubled["d_area_mm2"].plus_minus == pytest.approx(2 * found["d_area_mm2"].plus_minus, rel=0.15)


def test_what_is_missing_or_misplaced_is_said() -> None:
    whole = _annulus()
    assert "not drawn" in why_no_d(MitralAnnulus("Empty"))
    assert "trigones are not placed" in why_no_d(replace(whole, lateral_trigone_mm=None))
    (far,) = _place(np.array([0.0, -40.0, 0.0]))
    assert "mm from the ring" in why_no_d(replace(whole, medial_trigone_mm=far))
    assert "one place" in why_no_d(replace(whole, medial_trigone_mm=whole.lateral_trigone_mm))
    found = _values(replace(whole, lateral_trigone_mm=None))
    assert found["d_area_mm2"].value is None
    assert found["ring_area_mm2"].value is not None

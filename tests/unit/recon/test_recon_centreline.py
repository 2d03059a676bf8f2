"""Centrelines and diameters of tubes whose middle line and width are known exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.mesh import SurfaceMesh
from recon.centreline import centreline

TURN = rotation_from_vector(np.array([0.5, 0.9, -0.4]))
SHIFT_MM = np.array([-30.0, -140.0, 800.0])


def _tube(middle: np.ndarray, sides: np.ndarray, radius_mm: np.ndarray, n_around: int = 64) -> SurfaceMesh:
    """A closed tube around points (n, 3): `sides` (n, 2, 3) span each section; flat ends, turned into space."""
    angles = 2 * np.pi * np.arange(n_around) / n_around
    spokes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rings = middle[:, None] + radius_mm[:, None, None] * (spokes @ sides)
    n = len(middle)
    i, j = np.meshgrid(np.arange(n - 1), np.arange(n_around), indexing="ij")
    k = (j + 1) % n_around
    a, b, c, d = i * n_around + j, i * n_around + k, (i + 1) * n_around + j, (i + 1) * n_around + k
    faces = np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    around = np.arange(n_around)
    first, last = n * n_around, n * n_around + 1
    low = np.stack([np.full(n_around, first), (around + 1) % n_around, around], axis=1)
    top = (n - 1) * n_around
    high = np.stack([np.full(n_around, last), top + around, top + (around + 1) % n_around], axis=1)
    vertices = np.concatenate([rings.reshape(-1, 3), middle[:1], middle[-1:]])
    mesh = SurfaceMesh(vertices @ TURN.T + SHIFT_MM, np.concatenate([faces, low, high]))
    assert mesh.is_closed
    assert mesh.volume_ml > 0
    return mesh


def _straight(radius_mm: np.ndarray, length_mm: float = 90.0) -> SurfaceMesh:
    middle = np.column_stack([np.zeros((len(radius_mm), 2)), np.linspace(0, length_mm, len(radius_mm))])
    return _tube(middle, np.broadcast_to(np.eye(3)[:2], (len(radius_mm), 2, 3)), radius_mm)


def _bent(ring_mm: float, radius_mm: float, degrees: float, n: int = 90) -> SurfaceMesh:
    t = np.radians(np.linspace(0, degrees, n))
    out = np.column_stack([np.cos(t), np.sin(t), np.zeros(n)])
    sides = np.stack([out, np.broadcast_to([0.0, 0.0, 1.0], (n, 3))], axis=1)[:, ::-1]
    return _tube(ring_mm * out, sides, np.full(n, radius_mm))


def _home(points_mm: np.ndarray) -> np.ndarray:
    return (points_mm - SHIFT_MM) @ TURN


def test_a_straight_tube_has_its_axis_and_its_width_everywhere() -> None:
    mesh = _straight(np.full(60, 12.0))
    line = centreline(mesh)
    assert np.abs(_home(line.points_mm)[:, :2]).max() < 0.1
    assert line.length_mm == pytest.approx(90.0 - 2 * 12.0, abs=6.0)
    for share in (0.0, 0.3, 0.7, 1.0):
        values = line.section(mesh, share * line.length_mm).values
        for key in ("area_diameter_mm", "min_diameter_mm", "max_diameter_mm"):
            assert values[key] == pytest.approx(24.0, abs=0.1), key
        assert values["area_mm2"] == pytest.approx(math.pi * 144, rel=0.005)


def test_an_arch_keeps_its_middle_line_its_length_and_its_area() -> None:
    mesh = _bent(40.0, 11.0, 200.0)
    line = centreline(mesh)
    places = _home(line.points_mm)
    assert np.abs(np.linalg.norm(places[:, :2], axis=1) - 40.0).max() < 0.1
    assert np.abs(places[:, 2]).max() < 0.1
    angles = np.unwrap(np.arctan2(places[:, 1], places[:, 0]))
    assert line.length_mm == pytest.approx(40.0 * np.ptp(angles), rel=0.005)
    for along in np.linspace(0.0, line.length_mm, 7):
        values = line.section(mesh, along).values
        assert values["area_mm2"] == pytest.approx(math.pi * 121, rel=0.005)
        assert values["max_diameter_mm"] == pytest.approx(22.0, abs=0.15)


def test_a_tapered_tube_has_the_width_of_each_place() -> None:
    mesh = _straight(np.linspace(14.0, 8.0, 60))
    line = centreline(mesh)
    for along in np.linspace(0.0, line.length_mm, 5):
        found = line.section(mesh, along)
        height = _home(found.centre_mm[None])[0, 2]
        radius = np.interp(height, [0.0, 90.0], [14.0, 8.0])
        assert found.values["area_diameter_mm"] == pytest.approx(2 * radius, abs=0.1)


def test_a_section_that_is_too_long_to_be_across_one_vessel_has_no_size() -> None:
    sides = np.broadcast_to(np.eye(3)[:2] * [[1.0], [1.7]], (60, 2, 3))
    middle = np.column_stack([np.zeros((60, 2)), np.linspace(0.0, 90.0, 60)])
    flat = _tube(middle, sides, np.full(60, 9.0))
    line = centreline(_straight(np.full(60, 9.0)))
    with pytest.raises(PlannerError, match="not across one vessel"):
        line.section(flat, line.length_mm / 2.0)
    with pytest.raises(PlannerError, match="no round tube"):
        centreline(flat)


def test_given_ends_limit_the_line() -> None:
    mesh = _straight(np.full(60, 8.0))
    ends = tuple(np.array([[0.0, 0.0, 20.0], [0.0, 0.0, 70.0]]) @ TURN.T + SHIFT_MM)
    heights = _home(centreline(mesh, ends).points_mm)[:, 2]
    assert 20.0 <= min(heights[0], heights[-1]) < 33.0
    assert 57.0 < max(heights[0], heights[-1]) <= 70.0


def test_what_has_no_middle_line_is_refused() -> None:
    tube = _straight(np.full(60, 8.0))
    with pytest.raises(PlannerError, match="not closed"):
        centreline(SurfaceMesh(tube.vertices, tube.faces[1:]))
    with pytest.raises(PlannerError, match="too short"):
        centreline(_straight(np.full(20, 12.0), 20.0))

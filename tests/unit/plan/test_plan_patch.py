"""Patches on rims whose skin and whose flat shape are known: flat, rolled, and spherical ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import PlannerError
from core.frames import rotation_from_vector
from plan.clinical.flattening import beyond, laid_flat
from plan.clinical.membrane import membrane
from plan.clinical.patch import formulas, pattern
from plan.formula import points_of, read
from plan.items import SeptalPatch, as_point

TURN = rotation_from_vector(np.array([0.3, 0.5, -0.2]))
T = 2 * np.pi * np.arange(24) / 24


def _patch(points: np.ndarray, margin_mm: float = 3.0) -> SeptalPatch:
    return SeptalPatch("Patch", tuple(as_point(p) for p in points @ TURN.T + 30.0), margin_mm)


def _ellipse(long: float, short: float) -> np.ndarray:
    """Faces the patient's front: x to the left, z to the head."""
    return np.stack([long / 2 * np.cos(T), np.zeros(24), short / 2 * np.sin(T)], axis=1)


def _area(flat: np.ndarray) -> float:
    x, y = flat.T
    return abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def test_a_flat_rim_is_its_own_pattern() -> None:
    patch = _patch(_ellipse(24.0, 16.0))
    found = {one.key: one for one in read(formulas(patch), points_of(patch), 0.75)}
    area = np.pi * 12 * 8
    assert found["rim_area_mm2"].value == pytest.approx(area, rel=0.003)
    assert found["skin_area_mm2"].value == pytest.approx(area, rel=0.005)
    assert found["rim_max_diameter_mm"].value == pytest.approx(24.0, abs=0.1)
    assert found["rim_min_diameter_mm"].value == pytest.approx(16.0, abs=0.1)
    assert 0 < found["skin_area_mm2"].plus_minus < 0.2 * area
    made = pattern(patch)
    assert made.flat.most_percent < 0.01
    assert _area(made.rim_mm) == pytest.approx(area, rel=0.005)
    # By Steiner's formula a convex outline grows by its length times the margin and a circle of it.
    around = np.linalg.norm(np.roll(made.rim_mm, -1, axis=0) - made.rim_mm, axis=1).sum()
    assert made.cut_area_mm2 == pytest.approx(_area(made.rim_mm) + 3.0 * around + np.pi * 9.0, rel=0.005)


def test_a_rolled_sheet_unrolls_without_stretching() -> None:
    """An ellipse drawn on paper that is then rolled to a cylinder of 20 mm radius is that ellipse again."""
    turn = 2 * np.pi * np.arange(72) / 72
    skin = membrane(np.stack([15 * np.cos(turn), np.zeros(72), 10 * np.sin(turn)], axis=1))
    x, _, z = skin.vertices_mm.T
    on_cylinder = np.stack([20 * np.sin(x / 20), 20 * np.cos(x / 20), z], axis=1)
    rolled = replace(skin, vertices_mm=on_cylinder)
    flat = laid_flat(rolled)
    assert flat.most_percent < 0.5
    assert _area(flat.outline_mm) == pytest.approx(np.pi * 15 * 10, rel=0.005)
    assert np.ptp(flat.outline_mm[:, 0]) == pytest.approx(30.0, abs=0.1)
    assert np.ptp(flat.outline_mm[:, 1]) == pytest.approx(20.0, abs=0.1)


def test_a_cap_of_a_ball_cannot_be_flat_and_says_by_how_much() -> None:
    """A cap of 15 mm radius on a ball of 25 mm, the skin laid onto the ball."""
    rim = np.stack([15 * np.cos(T), np.full(24, -20.0), 15 * np.sin(T)], axis=1)
    patch = _patch(rim)

    def drape(points: np.ndarray) -> np.ndarray:
        apart = points - 30.0
        return 30.0 + 25.0 * apart / np.linalg.norm(apart, axis=1, keepdims=True)

    made = pattern(patch, drape)
    assert made.skin.area_mm2 == pytest.approx(2 * np.pi * 25 * 5, rel=0.006)
    assert 1.0 < made.flat.most_percent < 15.0
    assert 0.3 < made.flat.mean_percent < made.flat.most_percent
    # A disc made of the cap: between the chord's and the meridian's length.
    radius = np.linalg.norm(made.rim_mm - made.rim_mm.mean(axis=0), axis=1)
    assert 15.0 < radius.min() <= radius.max() < 25 * np.arcsin(15 / 25)
    assert abs(made.flat.area_percent) < 3.0


def test_the_skin_of_a_tent_is_no_larger_than_the_tent() -> None:
    """A rim that rises 6 mm in front and behind spans a saddle whose area is known by numbers: harmonic height."""
    rim = np.stack([15 * np.cos(T), 6 * np.cos(2 * T), 15 * np.sin(T)], axis=1)
    found = {one.key: one.value for one in read(formulas(_patch(rim)), points_of(_patch(rim)))}
    r, t = np.meshgrid(np.linspace(0, 15, 801), np.linspace(0, 2 * np.pi, 801), indexing="ij")
    # Height 6 (r / R)^2 cos 2t: its slope is 12 r / R^2 everywhere.
    area = np.trapezoid(np.trapezoid(np.sqrt(1 + (12 * r / 225) ** 2) * r, t[0], axis=1), r[:, 0])
    assert found["skin_area_mm2"] == pytest.approx(area, rel=0.01)
    assert found["skin_area_mm2"] <= area * 1.001
    assert found["rim_off_plane_mm"] == pytest.approx(6.0, abs=0.1)


def test_the_page_is_seen_from_the_front_with_the_head_up_whichever_way_the_rim_was_drawn() -> None:
    points = _ellipse(24.0, 16.0) + [0.0, 0.0, 0.0]
    points[:, 2] += 2.0 * np.exp(-((T - np.pi / 2) ** 2))
    for order in (slice(None), slice(None, None, -1)):
        made = pattern(SeptalPatch("P", tuple(as_point(p) for p in points[order])))
        # Seen from in front of the patient, the patient's left is on the right.
        assert made.marks["L"][0] > 8.0
        assert made.marks["H"][1] > 6.0
        assert made.seen_from == "front"
        assert np.ptp(made.rim_mm[:, 0]) == pytest.approx(24.0, abs=0.3)


def test_a_rim_seen_edge_on_from_the_front_is_drawn_from_the_left() -> None:
    points = np.stack([np.zeros(24), 12 * np.cos(T), 8 * np.sin(T)], axis=1)
    for order in (slice(None), slice(None, None, -1)):
        made = pattern(SeptalPatch("P", tuple(as_point(p) for p in points[order])))
        assert made.seen_from == "left"
        # Seen from the patient's left, the front is on the left.
        assert made.marks["A"][0] == pytest.approx(-12.0, abs=0.1)


def test_a_margin_too_wide_for_a_bend_and_a_rim_too_short_are_refused() -> None:
    bean = np.stack([12 * np.cos(T), np.zeros(24), 5 * np.sin(T) + 16 * np.cos(T) ** 2], axis=1)
    with pytest.raises(PlannerError, match="smaller margin"):
        pattern(_patch(bean, 15.0))
    with pytest.raises(PlannerError, match="not drawn yet"):
        pattern(SeptalPatch("Empty"))
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    assert np.ptp(beyond(square, 1.0), axis=0) == pytest.approx([2 + np.sqrt(2)] * 2)

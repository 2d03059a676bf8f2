from __future__ import annotations

import numpy as np
import pytest

from core.volume import LabelMap
from plan.label_layers import Layer, layer_through
from plan.label_pulling import evened, pull, pulled_line

RADIUS_MM = 20.0


def circle(centre: tuple[float, float] = (40.0, 40.0), radius: float = RADIUS_MM, n: int = 240) -> np.ndarray:
    """A closed line in the slice z = 4 mm, the first point repeated."""
    angles = np.linspace(0.0, 2.0 * np.pi, n + 1)
    return np.stack(
        [centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles), np.full(n + 1, 4.0)], axis=1
    )


def disc_map() -> tuple[LabelMap, Layer]:
    """A disc of label 1 in a wall of label 2 in background, 1 mm in the slice, slices 4 mm apart."""
    _, y, x = np.indices((3, 80, 80))
    away = np.hypot(x - 40.0, y - 40.0)
    labels = np.select([away < RADIUS_MM, away < RADIUS_MM + 8.0], [1, 2], 0).astype(np.uint8)
    matrix = np.eye(4)[[2, 1, 0, 3]] @ np.diag([4.0, 1.0, 1.0, 1.0])
    label_map = LabelMap(labels, matrix, {1: "lv", 2: "lv_myocardium"}, "1.2.3")
    return label_map, layer_through(label_map, np.array([0.0, 0.0, 4.0]), np.array([0.0, 0.0, 1.0]))


def in_slice(flat: np.ndarray) -> np.ndarray:
    """(x, y) of voxels, all of which lie in the middle slice."""
    z, y, x = np.unravel_index(flat, (3, 80, 80))
    assert set(z.tolist()) <= {1}
    return np.stack([x, y], axis=1)


def test_a_pull_is_felt_wholly_where_it_is_held_and_not_beyond_its_reach() -> None:
    line, by = circle()[:-1], np.array([6.0, 0.0, 0.0])
    grab = np.array([60.0, 40.0, 4.0])
    moved, ring = pulled_line(line, grab, by, 15.0)
    went = np.linalg.norm(moved - line, axis=1)
    angle = np.arctan2(line[:, 1] - 40.0, line[:, 0] - 40.0)
    along = np.abs(angle) * RADIUS_MM
    assert went.max() == pytest.approx(6.0)
    np.testing.assert_allclose(went[along > 15.2], 0.0)
    np.testing.assert_allclose(went, 3.0 * (1.0 + np.cos(np.pi * np.minimum(along / 15.0, 1.0))), atol=0.02)
    assert np.abs(np.diff(went)).max() < 0.7, "smooth"
    x, y = (ring - ring.mean(axis=0))[:, :2].T
    area_mm2 = 0.5 * abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
    # Around the circle the part of the pull that leads outward is cos(angle) of it.
    angles = np.linspace(-15.0 / RADIUS_MM, 15.0 / RADIUS_MM, 4001)
    share = 0.5 * (1.0 + np.cos(np.pi * np.abs(angles) * RADIUS_MM / 15.0))
    swept = np.trapezoid(6.0 * share * np.cos(angles) * RADIUS_MM, angles)
    assert area_mm2 == pytest.approx(swept, rel=0.06)


def test_pulling_out_wins_the_voxels_between_the_lines_and_no_other() -> None:
    label_map, layer = disc_map()
    grab, by = np.array([60.0, 40.0, 4.0]), np.array([6.0, 0.0, 0.0])
    _, won, lost, _ = pull(label_map, layer, [evened(circle(), layer)], grab, by, 15.0, 1)
    assert len(lost) == 0
    places = in_slice(won).astype(float)
    away = np.hypot(*(places - 40.0).T)
    along = np.abs(np.arctan2(places[:, 1] - 40.0, places[:, 0] - 40.0)) * away
    assert (away > RADIUS_MM - 0.2).all()
    assert (away < RADIUS_MM + 6.1).all()
    assert (along < 20.0).all()
    # Area between the lines: the mean share is a half over twice the reach, in the direction of the pull.
    assert len(won) == pytest.approx(6.0 * 15.0, rel=0.12)


def test_pulling_in_gives_the_voxels_to_the_nearest_neighbour() -> None:
    label_map, layer = disc_map()
    grab, by = np.array([60.0, 40.0, 4.0]), np.array([-6.0, 0.0, 0.0])
    lines, won, lost, instead = pull(label_map, layer, [evened(circle(), layer)], grab, by, 15.0, 1)
    assert len(won) == 0
    assert len(lost) > 60
    assert set(instead.tolist()) == {2}
    assert (label_map.labels.ravel()[lost] == 1).all()
    assert lines[0][:, 0].max() < 60.0
    _, _, lost, instead = pull(
        label_map, layer, [evened(circle(radius=28.0), layer)], np.array([68.0, 40, 4]), by, 15.0, 2
    )
    assert set(instead.tolist()) == {0}
    assert len(lost) > 60


def test_of_two_outlines_the_nearest_one_is_pulled_and_a_far_grab_pulls_none() -> None:
    label_map, layer = disc_map()
    far_away = evened(circle((70.0, 70.0), 3.0), layer)
    grab, by = np.array([60.0, 40.0, 4.0]), np.array([5.0, 0.0, 0.0])
    lines, won, _, _ = pull(label_map, layer, [far_away, evened(circle(), layer)], grab, by, 15.0, 1)
    assert len(won)
    assert np.ptp(lines[0], axis=0)[:2] == pytest.approx([6.0, 6.0], abs=0.1)
    _, won, lost, _ = pull(label_map, layer, [far_away], np.array([10.0, 10.0, 4.0]), by, 15.0, 1)
    assert len(won) == len(lost) == 0


def test_pulling_the_rim_of_a_hole_makes_the_hole_wider_and_the_wall_thinner() -> None:
    label_map, layer = disc_map()
    inner, outer = evened(circle(), layer), evened(circle(radius=28.0), layer)
    out = np.array([4.0, 0.0, 0.0])
    grab = np.array([60.0, 40.0, 4.0])
    _, won, lost, instead = pull(label_map, layer, [outer, inner], grab, out, 15.0, 2)
    assert len(won) == 0
    assert len(lost) > 40
    assert set(instead.tolist()) == {1}
    _, won, lost, _ = pull(label_map, layer, [outer, inner], grab, -out, 15.0, 2)
    assert len(lost) == 0
    assert (label_map.labels.ravel()[won] == 1).all()


def test_an_evened_line_keeps_its_shape_and_has_no_long_sides() -> None:
    _, layer = disc_map()
    square = np.array(
        [[10.0, 10.0, 4.0], [30.0, 10.0, 4.0], [30.0, 25.0, 4.0], [10.0, 25.0, 4.0], [10.0, 10.0, 4.0]]
    )
    line = evened(square, layer)
    sides = np.linalg.norm(np.roll(line, -1, axis=0) - line, axis=1)
    assert sides.max() <= 0.5 + 1e-9
    assert sides.sum() == pytest.approx(70.0)
    for corner in square:
        assert np.linalg.norm(line - corner, axis=1).min() < 1e-9

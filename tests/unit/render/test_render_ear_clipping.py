"""Ear clipping fills any flat outline exactly once: the area agrees and no triangle is turned over."""

from __future__ import annotations

import numpy as np
import pytest

from render.ear_clipping import clip_ears

RNG = np.random.default_rng(11)


def _star(n_points: int) -> np.ndarray:
    angles = 2.0 * np.pi * (np.arange(n_points) + RNG.uniform(-0.2, 0.2, n_points)) / n_points
    radii = RNG.uniform(2.0, 10.0, n_points)
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])


def _signed_area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2.0


def _areas(flat: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = flat[faces].transpose(1, 0, 2)
    return ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2.0


def _boundary(faces: np.ndarray) -> set[tuple[int, int]]:
    edges = [
        tuple(edge) for edge in np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()
    ]
    assert len(set(edges)) == len(edges)
    return {edge for edge in edges if edge[::-1] not in set(edges)}


def _outline(loops: list[np.ndarray]) -> set[tuple[int, int]]:
    return {edge for loop in loops for edge in zip(loop.tolist(), np.roll(loop, -1).tolist(), strict=True)}


@pytest.mark.parametrize("n_points", [3, 4, 9, 60])
def test_a_jagged_outline_is_filled_exactly_once(n_points):
    for _ in range(5):
        flat, loop = _star(n_points), np.arange(n_points)
        faces = clip_ears(flat, [loop])
        assert (_areas(flat, faces) >= 0).all()
        assert _areas(flat, faces).sum() == pytest.approx(_signed_area(flat))
        assert _boundary(faces) == _outline([loop])


def test_holes_stay_open_and_islands_in_holes_are_filled():
    centres, radii = [(0, 0), (-4, 0), (4, 1), (4, 1)], [20.0, 3.0, 4.0, 1.5]
    angles = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    flat = np.concatenate([r * circle + c for c, r in zip(centres, radii, strict=True)])
    outer, left, right, island = np.arange(96).reshape(4, 24)
    loops = [left[::-1], outer, island, right[::-1]]
    faces = clip_ears(flat, loops)
    unit_area = _signed_area(circle)
    assert (_areas(flat, faces) >= 0).all()
    assert _areas(flat, faces).sum() == pytest.approx(unit_area * (400.0 - 9.0 - 16.0 + 2.25))
    assert _boundary(faces) == _outline(loops)


def test_points_in_line_keep_their_edges():
    flat = np.array([(0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (0, 2), (0, 1)], dtype=float)
    faces = clip_ears(flat, [np.arange(8)])
    assert _areas(flat, faces).sum() == pytest.approx(6.0)
    assert _boundary(faces) == _outline([np.arange(8)])


def test_an_outline_that_crosses_itself_still_gets_every_edge():
    bow_tie = np.array([(0, 0), (2, 2), (2, 0), (0, 2.5)], dtype=float)
    assert _boundary(clip_ears(bow_tie, [np.arange(4)])) == _outline([np.arange(4)])

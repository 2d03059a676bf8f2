from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ar.poses import Pose, PoseState
from ar.registration.touching import TipReading, TouchCollector, TouchState, TrailCollector, read_tip
from core.frames import CAMERA, Transform, rigid

PLACE = np.array([10.0, -5.0, 30.0])


def _reading(i: int, tip: np.ndarray | None, sigma_mm: float = 0.3) -> TipReading:
    return TipReading(i / 30.0, tip, sigma_mm, "" if tip is not None else "pointer is not seen")


def _feed(collector: TouchCollector, tips: list[np.ndarray | None], start: int = 0) -> list[TouchState]:
    return [collector.add(_reading(start + i, tip)) for i, tip in enumerate(tips)]


def _noisy(n: int, place: np.ndarray = PLACE, sd: float = 0.3, seed: int = 0) -> list[np.ndarray]:
    return list(place + np.random.default_rng(seed).normal(0.0, sd, (n, 3)))


def test_a_tip_held_for_a_second_gives_the_mean_place_and_its_error() -> None:
    states = _feed(TouchCollector(), _noisy(31))
    assert [s.point is None for s in states] == [True] * 30 + [False]
    assert all(a.done <= b.done for a, b in pairwise(states))
    point = states[-1].point
    assert point is not None
    assert np.linalg.norm(point.body_mm - PLACE) < 3.0 * point.sigma_mm
    assert point.n_frames > 25
    assert point.wander_mm == pytest.approx(0.3 * np.sqrt(3), rel=0.25)
    assert (point.from_s, point.to_s) == (0.0, 1.0)


def test_moving_on_starts_the_touch_again() -> None:
    collector = TouchCollector()
    _feed(collector, _noisy(25))
    states = _feed(collector, _noisy(40, PLACE + (20.0, 0.0, 0.0), seed=1), start=25)
    assert any("moves" in state.message for state in states[:5])
    taken = [s.point for s in states if s.point is not None]
    assert len(taken) == 1
    np.testing.assert_allclose(taken[0].body_mm, PLACE + (20.0, 0.0, 0.0), atol=0.4)


def test_a_tip_that_never_rests_gives_no_point() -> None:
    way = [PLACE + (2.0 * i, 0.0, 0.0) for i in range(90)]
    assert all(state.point is None for state in _feed(TouchCollector(), way))


def test_single_glitches_neither_end_a_touch_nor_move_its_place() -> None:
    tips = _noisy(31)
    tips[7], tips[19] = PLACE + 40.0, PLACE - 15.0
    point = _feed(TouchCollector(), tips)[-1].point
    assert point is not None
    assert np.linalg.norm(point.body_mm - PLACE) < 0.3


def test_a_long_loss_starts_again_and_a_short_one_does_not() -> None:
    for n_lost, is_taken in ((5, True), (15, False)):
        tips: list[np.ndarray | None] = [*_noisy(15), *[None] * n_lost, *_noisy(12, seed=2)]
        states = _feed(TouchCollector(), tips)
        assert any(s.point is not None for s in states) == is_taken
        assert "not seen" in states[16].message


def _pose(body: str, matrix: np.ndarray, **more: object) -> Pose:
    return Pose(0, 0.0, body, PoseState.TRACKED, Transform(CAMERA, body, matrix), **more)  # type: ignore[arg-type]


def test_the_tip_is_given_in_the_frame_of_the_reference() -> None:
    reference = rigid(np.array([0.3, -2.0, 0.4]), np.array([10.0, 20.0, 700.0]))
    pointer = rigid(np.array([1.3, 0.2, -0.4]), np.array([60.0, -20.0, 650.0]))
    tip = np.array([0.0, 5.0, 140.0])
    reading = read_tip(_pose("pointer", pointer), _pose("reference", reference), tip)
    expected = np.linalg.inv(reference) @ pointer @ np.append(tip, 1.0)
    np.testing.assert_allclose(reading.tip_mm, expected[:3], atol=1e-9)


def test_the_error_of_the_tip_is_what_noisy_poses_scatter() -> None:
    random, tip = np.random.default_rng(1), np.array([0.0, 5.0, 140.0])
    sigma = np.array([0.002, 0.003, 0.001, 0.05, 0.05, 0.4])
    clean = [
        rigid(np.array([0.3, -2.0, 0.4]), np.array([10.0, 20.0, 700.0])),
        rigid(np.array([1.3, 0.2, -0.4]), np.array([60.0, -20.0, 650.0])),
    ]
    tips = []
    for _ in range(1000):
        seen = []
        for matrix in clean:
            error = random.normal(0.0, 1.0, 6) * sigma
            noisy = rigid(error[:3], np.zeros(3)) @ matrix
            noisy[:3, 3] = matrix[:3, 3] + error[3:]
            seen.append(noisy)
        tips.append(read_tip(_pose("pointer", seen[1]), _pose("reference", seen[0]), tip).tip_mm)
    scatter = np.sqrt(np.var(np.array(tips), axis=0).sum())
    covariance = np.diag(sigma**2)
    stated = read_tip(
        _pose("pointer", clean[1], covariance=covariance),
        _pose("reference", clean[0], covariance=covariance),
        tip,
    )
    assert stated.sigma_mm == pytest.approx(scatter, rel=0.05)


def test_a_stale_or_ambiguous_body_gives_no_tip() -> None:
    good = _pose("reference", rigid(np.zeros(3), np.array([0.0, 0.0, 500.0])))
    stale = Pose(0, 0.0, "pointer", PoseState.STALE, Transform(CAMERA, "pointer", np.eye(4)))
    ambiguous = _pose("pointer", np.eye(4), is_ambiguous=True)
    for pointer, why in ((stale, "not seen"), (ambiguous, "ambiguous")):
        reading = read_tip(pointer, good, np.zeros(3))
        assert reading.tip_mm is None
        assert why in reading.reason


def test_a_gliding_tip_leaves_evenly_spaced_places_and_none_across_a_jump() -> None:
    trail = TrailCollector(step_mm=2.0)
    for i in range(60):
        trail.add(_reading(i, np.array([0.5 * i, 0.0, 0.0])))
    n_before = len(trail.points_mm)
    gaps = np.linalg.norm(np.diff(trail.points_mm, axis=0), axis=1)
    assert 13 <= n_before <= 15
    assert gaps.min() >= 2.0
    assert not trail.add(_reading(60, np.array([300.0, 0.0, 0.0])))
    trail.add(_reading(61, None))
    assert not trail.add(_reading(62, np.array([301.0, 0.0, 0.0])))
    assert len(trail.points_mm) == n_before

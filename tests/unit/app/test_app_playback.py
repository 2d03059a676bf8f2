"""When each moment is due, and which of them are kept in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.playback import MomentCache, times_of_frames, times_of_phases, wanted
from core.clip import Clip
from tests.support.ball_patient import make_series


def test_phases_follow_the_milliseconds_of_their_labels() -> None:
    series = replace(make_series(n_phases=4), phase_labels=("10 ms", "210 ms", "410 ms", "710 ms"))
    times = times_of_phases(series)
    assert times.is_known
    assert times.starts_s == pytest.approx((0.0, 0.2, 0.4, 0.7))
    assert times.duration_s == pytest.approx(0.9)
    assert [times.moment_at(t) for t in (0.0, 0.19, 0.2, 0.69, 0.71, 5.0)] == [0, 0, 1, 2, 3, 3]


@pytest.mark.parametrize("labels", [(), ("0 %", "25 %", "50 %", "75 %"), ("0 ms", "0 ms", "0 ms", "0 ms")])
def test_without_times_the_phases_take_a_second_together(labels: tuple[str, ...]) -> None:
    times = times_of_phases(replace(make_series(n_phases=4), phase_labels=labels))
    assert not times.is_known
    assert times.starts_s == pytest.approx((0.0, 0.25, 0.5, 0.75))
    assert times.duration_s == 1.0


def test_frames_follow_their_times_or_fifteen_in_a_second() -> None:
    clip = Clip(30, 4, 4, False, "US", lambda index: np.zeros((4, 4)))
    assert times_of_frames(clip).duration_s == pytest.approx(2.0)
    timed = replace(clip, n_frames=3, frame_times_s=(0.0, 0.04, 0.08))
    assert times_of_frames(timed).duration_s == pytest.approx(0.12)


def test_what_is_kept_is_what_is_played_next_within_the_limit() -> None:
    assert wanted(3, 5, 10, limit=1000) == (3, 4, 0, 1, 2)
    assert wanted(3, 5, 10, limit=29) == (3, 4)
    assert wanted(3, 5, 1000, limit=29) == (3,)


def test_the_cache_never_outgrows_its_limit_while_a_long_series_is_played_through() -> None:
    moment = np.zeros(100, dtype=np.uint8)
    cache, n_moments, most = MomentCache(limit=450), 12, 0
    for current in [*range(n_moments), *range(n_moments)]:
        cache.put(current, moment)
        while (index := cache.missing(current, n_moments, ())) is not None:
            cache.put(index, moment)
        most = max(most, cache.bytes_kept)
        assert current in cache.kept
    assert most == 400


def test_a_moment_that_cannot_be_read_is_not_asked_for_again() -> None:
    cache = MomentCache()
    cache.put(0, np.zeros(10))
    assert cache.missing(0, 3, {1}) == 2
    cache.put(2, np.zeros(10))
    assert cache.missing(0, 3, {1}) is None

from __future__ import annotations

import pytest

from app.remaining import RemainingTime, in_words


def test_steady_work_is_foretold_exactly() -> None:
    estimate = RemainingTime()
    assert estimate.after(100.0, 0.0) is None
    assert estimate.after(110.0, 0.25) == pytest.approx(30.0)
    assert estimate.after(130.0, 0.75) == pytest.approx(10.0)


def test_nothing_is_said_too_early_or_after_a_new_stage_began_at_nought() -> None:
    estimate = RemainingTime()
    estimate.after(0.0, 0.0)
    assert estimate.after(1.0, 0.5) is None
    assert estimate.after(60.0, 0.51) is not None
    assert estimate.after(61.0, 0.0) is None
    assert estimate.after(71.0, 0.5) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (1.0, "a few seconds left"),
        (11.0, "about 15 s left"),
        (59.0, "about 60 s left"),
        (61.0, "about 2 min left"),
    ],
)
def test_the_words_are_rounded_upwards(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words

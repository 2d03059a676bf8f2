from __future__ import annotations

import pytest

from app.colours import THEMES, contrast_ratio

WORDS = ("text", "quiet", "accent", "warning", "stop", "good")
GROUNDS = ("ground", "panel", "raised", "marked")


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast_ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast_ratio("#123456", "#123456") == pytest.approx(1.0)


@pytest.mark.parametrize("name", THEMES)
def test_words_can_be_read_on_every_ground(name: str) -> None:
    colours, least = THEMES[name], 7.0 if name == "contrast" else 4.5
    ratios = {
        (word, ground): contrast_ratio(getattr(colours, word), getattr(colours, ground))
        for word in WORDS
        for ground in GROUNDS
    }
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < least} == {}
    assert contrast_ratio(colours.text, colours.pressed) >= least


@pytest.mark.parametrize("name", THEMES)
def test_borders_of_high_contrast_and_what_is_chosen_stand_out(name: str) -> None:
    colours = THEMES[name]
    assert contrast_ratio(colours.accent, colours.ground) >= 3.0
    if name == "contrast":
        assert contrast_ratio(colours.line, colours.ground) >= 3.0

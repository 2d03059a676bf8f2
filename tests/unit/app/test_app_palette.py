from __future__ import annotations

import pytest

from app.commands.table import COMMANDS
from app.palette import Offer, ranked
from app.state import State

OFFERS = tuple(Offer(one.key, one.title_for(State()), one.key.split(".")[0]) for one in COMMANDS)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("dist", "plan.distance"),
        ("add cut plane", "plan.cut_coronal"),
        ("axial cut", "plan.cut_axial"),
        ("cut axial", "plan.cut_axial"),
        ("acp", "plan.cut_coronal"),
        ("mitr annul", "sheets.mitral_annulus"),
        ("FOUR CHAMB", "view.standard_four_chamber"),
        ("pacs", "file.pacs"),
    ],
)
def test_a_few_letters_in_any_order_of_words_find_the_command(typed: str, key: str) -> None:
    assert ranked(OFFERS, typed)[0].key == key


def test_nothing_typed_lists_every_command_in_the_order_of_the_table() -> None:
    assert ranked(OFFERS, "  ") == OFFERS


def test_letters_that_are_in_no_title_find_nothing() -> None:
    assert ranked(OFFERS, "zzqx") == ()


def test_what_can_be_used_comes_before_a_better_word_that_cannot() -> None:
    locked = Offer("a", "Cut", is_enabled=False)
    open_ = Offer("b", "Close this unloved thing")
    assert ranked((locked, open_), "cut") == (open_, locked)

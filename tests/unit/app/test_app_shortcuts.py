from __future__ import annotations

import pytest

from app.commands.table import COMMANDS
from app.shortcuts import shortcuts_of, with_shortcut, without_shortcut
from core.errors import PlannerError


def test_without_changes_the_keys_are_those_of_the_table() -> None:
    assert shortcuts_of({}) == {command.key: command.shortcuts for command in COMMANDS}


def test_a_key_that_another_command_has_is_refused_and_says_which() -> None:
    with pytest.raises(PlannerError) as refused:
        with_shortcut({}, "plan.angle", "D")
    assert refused.value.what == "D is not given to Angle"
    assert refused.value.why == "it belongs to Distance"
    with pytest.raises(PlannerError, match="menu File"):
        with_shortcut({}, "plan.angle", "Alt+F")


def test_a_key_is_free_once_its_command_has_another() -> None:
    own = with_shortcut({}, "plan.distance", "Ctrl+Alt+D")
    own = with_shortcut(own, "plan.angle", "D")
    shown = shortcuts_of(own)
    assert (shown["plan.distance"], shown["plan.angle"]) == (("Ctrl+Alt+D",), ("D",))
    with pytest.raises(PlannerError, match="belongs to Angle"):
        without_shortcut(own, "plan.distance")
    assert without_shortcut(own, "plan.angle") == {"plan.distance": "Ctrl+Alt+D"}


def test_a_command_may_have_no_keys() -> None:
    assert shortcuts_of(with_shortcut({}, "plan.distance", ""))["plan.distance"] == ()


def test_a_settings_file_that_gives_one_key_twice_costs_the_users_key_only() -> None:
    shown = shortcuts_of({"plan.angle": "D", "plan.landmark": "Alt+F", "gone.command": "D"})
    assert shown["plan.distance"] == ("D",)
    assert shown["plan.angle"] == ()
    assert shown["plan.landmark"] == ()
    assert set(shown) == {command.key for command in COMMANDS}

"""The history against the plainest model there is: two lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan.edits import Edit
from plan.history import History
from plan.items import Landmark
from plan.plan import Plan

STEPS = st.lists(st.one_of(st.integers(0, 99), st.sampled_from(["undo", "redo"])), max_size=40)


def edit(number: int) -> Edit:
    return Edit(f"Step {number}", Plan(items=(Landmark("l", (number, 0, 0), f"n{number}"),)))


@given(STEPS)
def test_history_does_what_two_stacks_do(steps: list[int | str]) -> None:
    history, done, undone = History(), [], []
    for step in steps:
        if step == "undo":
            history = history.undo()
            undone += [done.pop()] if done else []
        elif step == "redo":
            history = history.redo()
            done += [undone.pop()] if undone else []
        else:
            history = history.push(edit(int(step)))
            done, undone = [*done, edit(int(step))], []
        assert history.plan == (done[-1].plan if done else Plan())
        assert history.undo_name == (done[-1].name if done else None)
        assert history.redo_name == (undone[-1].name if undone else None)


@given(STEPS, st.integers(0, 99))
def test_undo_takes_a_new_step_back_and_redo_does_it_again(steps: list[int | str], number: int) -> None:
    history = History()
    for step in steps:
        history = getattr(history, step)() if isinstance(step, str) else history.push(edit(step))
    pushed = history.push(edit(number))
    assert pushed.undo().plan == history.plan
    assert pushed.undo().redo() == pushed
    assert pushed.redo_name is None


def test_history_never_changes_in_place() -> None:
    first = History().push(edit(1))
    first.push(edit(2))
    first.undo()
    assert (first.undo_name, first.redo_name, len(first.edits)) == ("Step 1", None, 1)


def test_a_position_outside_the_steps_is_no_history() -> None:
    with pytest.raises(ValueError, match="more or fewer"):
        History(n_done=1)

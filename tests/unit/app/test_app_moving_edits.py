"""A moving heart beside labels that a person edited at single phases: told, asked for, and nothing taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.commands.moving import reconstruct_cycle
from app.labels.editing import LabelBrush, Touch
from app.moving import edited_phases, edits_note
from app.session import Session
from app.tools import Tool
from core.anatomy import HEART_BY_KEY
from core.progress import Silent
from imaging.find.scan import scan_folder
from tests.support.ball_patient import make_series, make_volume
from tests.support.moving_ball import moving_ball
from tests.support.small_dicom import write_cine

UP = np.array((0.0, 0.0, 1.0))


@pytest.fixture
def beating(tmp_path: Path) -> Session:
    """A session that shows phase 3 of a moving heart."""
    session = Session(tmp_path / "data")
    at_phase(session, 2)
    session.show_moving(moving_ball("1.2.3", 8))
    return session


def at_phase(session: Session, phase: int) -> None:
    session.show_volume(make_series("9.1", n_phases=8), phase, make_volume())


def dab(session: Session) -> None:
    """Paint a little of the left ventricle beside it."""
    session.take(Tool.PAINT)
    session.labels.use(LabelBrush("lv", radius_mm=6.0))
    session.labels.press(Touch(np.array((20.0, 2.0, 2.0)), UP))
    session.labels.release()


def test_an_edit_of_one_phase_is_told_with_the_curve_and_goes_with_its_undo(beating: Session) -> None:
    assert edits_note(beating.state) == ""
    dab(beating)
    assert edited_phases(beating.state.history) == (2,)
    assert "phase 3 were edited by hand" in edits_note(beating.state)
    at_phase(beating, 5)
    assert "phase 3 were edited by hand" in edits_note(beating.state), "wherever the player stands"
    dab(beating)
    assert "phases 3, 6" in edits_note(beating.state)
    beating.undo()
    beating.undo()
    assert edits_note(beating.state) == ""


def test_edits_without_a_moving_heart_need_no_note(tmp_path: Path) -> None:
    session = Session(tmp_path / "data")
    at_phase(session, 2)
    session.show_anatomy(moving_ball("1.2.3", 8).at(2))
    dab(session)
    assert edited_phases(session.state.history) == (2,)
    assert edits_note(session.state) == ""


def test_a_new_moving_heart_leaves_edits_of_other_phases_and_undo_leads_back_to_the_shown_one(
    beating: Session,
) -> None:
    dab(beating)
    edited = beating.state.anatomy.labels.labels.copy()
    again = moving_ball("1.2.3", 8)
    at_phase(beating, 5)
    beating.show_moving(again)
    assert beating.state.anatomy is again.at(5)
    at_phase(beating, 2)
    np.testing.assert_array_equal(beating.state.anatomy.labels.labels, edited)
    beating.show_moving(moving_ball("1.2.3", 8))
    lv = HEART_BY_KEY["lv"].value
    assert (beating.state.anatomy.labels.labels == lv).sum() < (edited == lv).sum()
    beating.undo()
    np.testing.assert_array_equal(beating.state.anatomy.labels.labels, edited)


class Asked:
    """Stands for the window: notes what is asked and what is run."""

    def __init__(self, session: Session) -> None:
        self.session, self.chosen_series = session, ()
        self.reconstruct_cine = lambda *_: None
        self.asked: list[tuple[str, Callable[[], None]]] = []
        self.started: list[str] = []

    def ask_first(self, question: str, consequence: str, then: Callable[[], None]) -> None:
        self.asked.append((consequence, then))

    def run(self, title: str, work: object, then: object) -> None:
        self.started.append(title)


def test_all_phases_are_made_again_only_when_the_user_agrees_that_edits_stand_back(tmp_path: Path) -> None:
    write_cine(tmp_path / "cine", slices=1)
    (series,) = scan_folder(tmp_path / "cine", Silent(), None).series
    session = Session(tmp_path / "data")
    uid = series.frame_of_reference_uid

    volume = replace(make_volume(), frame_of_reference_uid=uid)
    session.show_volume(series, 2, volume)
    desk = Asked(session)
    reconstruct_cycle(desk)  # type: ignore[arg-type]
    assert (desk.asked, desk.started) == ([], ["Reconstructing all phases"])
    session.show_moving(moving_ball(uid, series.n_phases))
    dab(session)
    reconstruct_cycle(desk)  # type: ignore[arg-type]
    ((consequence, agree),) = desk.asked
    assert "phase 3" in consequence
    assert len(desk.started) == 1, "nothing runs before the answer"
    agree()
    assert len(desk.started) == 2

"""Corrected labels, a blended series and a moving heart in one session: none takes the work of another away."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.case import case_of, read_case, write_case
from app.fusion.image import Fusion
from app.fusion.making import fusion_of, shown_fusion
from app.labels.edited import edited_keys
from app.labels.editing import LabelBrush, Touch
from app.labels.surfaces import work_of
from app.session import Session
from app.state import State
from app.tools import Tool
from core.errors import PlannerError
from core.frames import Transform
from core.fusion import FIXED, MOVING, ImageKey, ImageRegistration, RegistrationError
from core.progress import Silent
from core.study import ScanResult
from plan import edits
from plan.items import Landmark
from tests.support.ball_patient import CENTRE_MM, make_anatomy, make_series, make_volume
from tests.support.moving_ball import moving_ball

UP = np.array([0.0, 0.0, 1.0])
N_PHASES = 3


def fusion() -> Fusion:
    registration = ImageRegistration(
        ImageKey("9.1", 0, "1.2.3", "CT"),
        ImageKey("9.2", 0, "4.5", "MR"),
        Transform(FIXED, MOVING, np.eye(4)),
        None,
        RegistrationError({"lv": 0.4}, {"lv": 0.9}, {"lv": 1.0}, 1.7),
        "rigid",
        {},
    )
    return fusion_of(make_series("9.2", "4.5"), make_volume("4.5"), registration, make_anatomy("4.5"))


def open_phase(session: Session, phase: int) -> None:
    session.show_volume(make_series(n_phases=N_PHASES), phase, make_volume())


def paint(session: Session, x_mm: float = 28.0) -> np.ndarray:
    session.take(Tool.PAINT)
    session.labels.use(LabelBrush("lv", radius_mm=3.0))
    session.labels.press(Touch(CENTRE_MM + [x_mm, 1.0, 2.0], UP))
    session.labels.release()
    return session.state.anatomy.labels.labels.copy()


@pytest.fixture
def painted(session: Session) -> Session:
    """Phase 1 of a cine, its labels corrected."""
    open_phase(session, 0)
    session.show_anatomy(make_anatomy())
    paint(session)
    return session


def test_undo_after_blending_takes_the_stroke_back_and_leaves_the_blend(painted: Session) -> None:
    painted.fusions.show(fusion())
    painted.fusions.mix(0.3)
    painted.undo()
    np.testing.assert_array_equal(painted.state.anatomy.labels.labels, make_anatomy().labels.labels)
    assert shown_fusion(painted.state).share == 0.3
    assert painted.state.history.redo_name == "Paint Left ventricle"


def test_a_blend_is_not_shown_over_another_phase_series_or_patient(painted: Session, tmp_path: Path) -> None:
    painted.fusions.show(fusion())
    open_phase(painted, 1)
    assert shown_fusion(painted.state) is None
    with pytest.raises(PlannerError, match="another series or phase"):
        painted.fusions.show(fusion())
    open_phase(painted, 0)
    assert shown_fusion(painted.state) is not None
    painted.show_volume(make_series("9.7", "7.7"), 0, make_volume("7.7"))
    assert (painted.state.fusion, painted.state.anatomy) == (None, None)


def test_another_study_leaves_nothing_of_the_patient_before(painted: Session, tmp_path: Path) -> None:
    painted.show_moving(moving_ball("1.2.3", N_PHASES))
    painted.fusions.show(fusion())
    painted.show_study(tmp_path / "other", ScanResult(()))
    fresh = State(folder=tmp_path / "other", scan=painted.state.scan)
    assert painted.state == fresh
    with pytest.raises(PlannerError, match="no patient is open"):
        painted.undo()


def test_a_moving_heart_without_labels_leaves_the_edited_phase_to_the_hand_that_edited_it(
    painted: Session,
) -> None:
    edited = painted.state.anatomy.labels.labels.copy()
    moving = replace(moving_ball("1.2.3", N_PHASES), labels=())
    painted.show_moving(moving)
    for phase in (1, 2):
        open_phase(painted, phase)
        assert painted.state.anatomy is moving.at(phase)
    for _ in range(2):
        # Shown by turns, as when the cycle is played.
        open_phase(painted, 0)
        assert edited_keys(painted.state.anatomy) == {"lv"}
        np.testing.assert_array_equal(painted.state.anatomy.labels.labels, edited)
        open_phase(painted, 1)
    assert [finding.code for finding in painted.state.notices].count("labels_restored") == 1


def test_what_is_shown_does_not_depend_on_going_away_and_coming_back(painted: Session) -> None:
    painted.show_moving(replace(moving_ball("1.2.3", N_PHASES), labels=()))
    shown = painted.state.anatomy
    open_phase(painted, 1)
    open_phase(painted, 0)
    assert painted.state.anatomy is shown


def test_a_phase_whose_edits_were_all_undone_moves_with_the_others(painted: Session) -> None:
    painted.undo()
    moving = replace(moving_ball("1.2.3", N_PHASES), labels=())
    painted.show_moving(moving)
    open_phase(painted, 1)
    open_phase(painted, 0)
    assert painted.state.anatomy is moving.at(0)
    painted.redo()
    assert edited_keys(painted.state.anatomy) == {"lv"}


def test_a_stroke_on_a_phase_of_a_moving_heart_is_there_when_the_cycle_comes_round(session: Session) -> None:
    open_phase(session, 0)
    session.show_anatomy(make_anatomy())
    moving = moving_ball("1.2.3", N_PHASES, tuple(CENTRE_MM))
    session.show_moving(moving)
    open_phase(session, 2)
    edited = paint(session)
    for phase in (0, 1, 2):
        open_phase(session, phase)
    np.testing.assert_array_equal(session.state.anatomy.labels.labels, edited)
    open_phase(session, 1)
    session.undo()
    assert session.state.anatomy is moving.at(1)
    open_phase(session, 2)
    np.testing.assert_array_equal(session.state.anatomy.labels.labels, moving.labels[2].labels)


def test_a_case_keeps_the_marks_of_a_hand_beside_a_blend_on_another_computer(
    painted: Session, tmp_path: Path
) -> None:
    painted.fusions.show(fusion())
    state = painted.state
    fresh = work_of(state.anatomy, painted.labels.beginning())(Silent())
    painted.labels.show_surfaces(state.anatomy.labels, fresh)
    write_case(case_of(painted.state), tmp_path / "c.auricle", Silent())
    case = read_case(tmp_path / "c.auricle", Silent())
    there = Session(tmp_path / "elsewhere")
    there.show_case(tmp_path / "c.auricle", case)
    assert edited_keys(there.state.anatomy) == {"lv"}
    assert "edited_by_hand" in [finding.code for finding in there.state.anatomy.findings]
    assert {finding.code for finding in case.findings} == {"images_missing", "fusion_missing"}
    assert there.state.fusion is None
    there.close()


def test_steps_are_refused_once_the_data_folder_is_gone(painted: Session, tmp_path: Path) -> None:
    labels, history = painted.state.anatomy.labels, painted.state.history
    shutil.rmtree(tmp_path / "data")
    landmark = Landmark("apex", (1.0, 2.0, 3.0))
    for step in (
        lambda: paint(painted, -28.0),
        lambda: painted.apply(edits.add(painted.state.plan, landmark)),
        painted.undo,
    ):
        with pytest.raises(PlannerError, match="not saved and not done"):
            step()
    assert painted.state.anatomy.labels is labels
    assert painted.state.history is history
    # What is shown can still be saved.
    write_case(case_of(painted.state), tmp_path / "c.auricle", Silent())
    assert read_case(tmp_path / "c.auricle", Silent()).plan == painted.state.plan

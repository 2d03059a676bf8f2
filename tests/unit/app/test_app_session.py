from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.case import Case
from app.session import Session
from app.state import State
from app.tools import Tool
from app.windowing import Window
from core.errors import Finding, PlannerError
from core.study import ScanResult
from imaging.find.scan import scan_folder
from imaging.formats.nifti import write_volume
from imaging.slices.load import load_series
from plan import edits
from plan.items import Angle, CutPlane, Distance, Landmark
from plan.plan import Plan
from tests.support.ball_patient import CENTRE_MM, make_anatomy, make_series, make_volume


def test_an_observer_sees_the_state_before_and_after_until_it_leaves(session: Session) -> None:
    seen: list[tuple[State, State]] = []
    leave = session.watch(lambda before, after: seen.append((before, after)))
    session.take(Tool.ANGLE)
    leave()
    session.take(Tool.NAVIGATE)
    assert [(before.tool, after.tool) for before, after in seen] == [(Tool.NAVIGATE, Tool.ANGLE)]


def test_a_study_that_was_shown_is_remembered_for_the_next_start(session: Session, tmp_path: Path) -> None:
    session.show_study(tmp_path, ScanResult(()))
    assert session.settings.recent_studies == (str(tmp_path.resolve()),)
    assert str(tmp_path) in (tmp_path / "settings.json").read_text()


def test_another_study_closes_what_was_open_and_coming_back_finds_it(
    open_session: Session, tmp_path: Path
) -> None:
    session, anatomy = open_session, make_anatomy()
    session.show_anatomy(anatomy)
    session.apply(edits.add(session.state.plan, Landmark("apex", (1, 2, 3))))
    session.show_study(tmp_path, ScanResult(()))
    assert (session.state.volume, session.state.anatomy, session.state.plan) == (None, None, Plan())
    with pytest.raises(PlannerError, match="no patient is open"):
        session.undo()
    session.show_volume(make_series(), 0, make_volume())
    assert session.state.anatomy is anatomy
    assert session.state.source == tmp_path
    assert [item.name for item in session.state.plan.items] == ["apex"]


def test_a_volume_opens_in_its_middle_with_a_window_for_its_modality(open_session: Session) -> None:
    state = open_session.state
    assert state.crosshair_mm == pytest.approx(tuple(CENTRE_MM))
    assert state.window is not None
    assert not state.along_image
    assert state.plan.frame_of_reference_uid == "1.2.3"


def test_an_anatomy_of_another_patient_space_is_refused(open_session: Session) -> None:
    before = open_session.state
    with pytest.raises(PlannerError, match="another patient space"):
        open_session.show_anatomy(make_anatomy("7.7.7"))
    assert open_session.state is before


def test_plan_and_anatomy_return_when_their_patient_space_returns(open_session: Session) -> None:
    session, anatomy = open_session, make_anatomy()
    session.show_anatomy(anatomy)
    session.apply(edits.add(session.state.plan, Landmark("apex", (1, 2, 3))))
    session.show_volume(make_series("9.2", "4.5.6"), 0, make_volume("4.5.6"))
    assert session.state.anatomy is None
    assert session.state.plan == Plan("4.5.6")
    assert session.state.history.undo_name is None
    session.show_volume(make_series(), 0, make_volume())
    assert session.state.anatomy is anatomy
    assert [item.name for item in session.state.plan.items] == ["apex"]


def test_images_without_a_patient_space_do_not_share_a_plan(session: Session) -> None:
    session.show_volume(make_series("9.1", ""), 0, make_volume(""))
    session.apply(edits.add(session.state.plan, Landmark("apex", (1, 2, 3))))
    session.show_volume(make_series("9.2", ""), 0, make_volume(""))
    assert session.state.plan.items == ()


def test_the_next_phase_keeps_crosshair_window_and_plan(session: Session) -> None:
    series = make_series(n_phases=3)
    session.show_volume(series, 0, make_volume())
    session.look_at(CENTRE_MM + [4, 4, 4])
    session.set_window(Window(10.0, 20.0))
    session.show_volume(series, 1, make_volume())
    assert session.state.crosshair_mm == pytest.approx(tuple(CENTRE_MM + [4, 4, 4]))
    assert session.state.window == Window(10.0, 20.0)


def test_a_heart_of_one_phase_is_not_drawn_over_images_of_another(session: Session) -> None:
    series, anatomy = make_series(n_phases=3), make_anatomy()
    session.show_volume(series, 0, make_volume())
    session.show_anatomy(anatomy)
    session.show_volume(series, 1, make_volume())
    assert session.state.anatomy is None
    session.show_volume(series, 0, make_volume())
    assert session.state.anatomy is anatomy


def test_a_new_reconstruction_keeps_the_looks_that_were_chosen(open_session: Session) -> None:
    session = open_session
    session.show_anatomy(make_anatomy())
    chosen = session.state.view.with_structure("lv", colour=(0.0, 1.0, 0.0), opacity=0.5)
    session.look(chosen)
    session.show_anatomy(make_anatomy())
    assert session.state.view == chosen


@pytest.mark.parametrize(
    ("tool", "n_points", "kind"),
    [(Tool.LANDMARK, 1, Landmark), (Tool.DISTANCE, 2, Distance), (Tool.ANGLE, 3, Angle)],
)
def test_the_last_point_of_a_tool_adds_one_item_as_one_step(
    open_session: Session, tool: Tool, n_points: int, kind: type
) -> None:
    session = open_session
    session.take(tool)
    places = [CENTRE_MM, CENTRE_MM + [10, 0, 0], CENTRE_MM + [10, 10, 0]][:n_points]
    for place in places:
        assert session.state.plan.items == ()
        session.place(place)
    (item,) = session.state.plan.items
    assert isinstance(item, kind)
    assert session.state.selected_id == item.item_id
    assert session.state.history.undo_name == f"Add {tool.value}"
    assert session.state.placed_mm == ()
    session.undo()
    assert (session.state.plan.items, session.state.selected_id) == ((), None)
    session.redo()
    assert session.state.plan.items == (item,)


def test_changing_the_tool_drops_points_and_navigating_places_none(open_session: Session) -> None:
    open_session.take(Tool.DISTANCE)
    open_session.place(CENTRE_MM)
    open_session.take(Tool.NAVIGATE)
    open_session.place(CENTRE_MM)
    assert open_session.state.placed_mm == ()
    assert open_session.state.plan.items == ()


def test_without_a_patient_nothing_can_be_planned(session: Session) -> None:
    with pytest.raises(PlannerError, match="no patient is open"):
        session.apply(edits.add(Plan(), CutPlane("p", (0, 0, 0), (0, 0, 1))))


def test_another_session_finds_every_step_after_a_crash(open_session: Session, tmp_path: Path) -> None:
    for number in range(3):
        open_session.apply(edits.add(open_session.state.plan, Landmark(str(number), (number, 0, 0))))
    open_session.undo()
    history = open_session.state.history
    open_session._spaces.journal._database.close()
    again = Session(tmp_path / "data")
    again.show_volume(make_series(), 0, make_volume())
    assert again.state.history == history
    assert again.state.history.redo_name == "Add landmark"
    again.close()


def test_a_second_window_on_the_same_patient_is_refused_and_keeps_its_state(
    open_session: Session, tmp_path: Path
) -> None:
    other = Session(tmp_path / "data")
    with pytest.raises(PlannerError, match="another window"):
        other.show_volume(make_series(), 0, make_volume())
    assert other.state == State()
    other.close()


def test_a_uid_from_a_file_names_no_place_outside_the_journals(session: Session, tmp_path: Path) -> None:
    session.show_volume(make_series(frame="../../../evil"), 0, make_volume("../../../evil"))
    made = list(tmp_path.rglob("*.sqlite"))
    assert [path.parent for path in made] == [tmp_path / "data" / "journals"]


def test_a_damaged_journal_is_refused_and_kept(open_session: Session, tmp_path: Path) -> None:
    (path,) = (tmp_path / "data" / "journals").glob("*.sqlite")
    open_session.close()
    path.write_bytes(b"\xff" * 5000)
    for side in path.parent.glob("*.sqlite-*"):
        side.unlink()
    again = Session(tmp_path / "data")
    with pytest.raises(PlannerError, match="aside"):
        again.show_volume(make_series(), 0, make_volume())
    assert path.read_bytes() == b"\xff" * 5000
    again.close()


def test_a_case_replaces_the_plan_but_the_other_one_is_one_undo_away(
    open_session: Session, tmp_path: Path
) -> None:
    session = open_session
    session.apply(edits.add(session.state.plan, Landmark("mine", (1, 2, 3))))
    mine, saved = session.state.plan, Plan("1.2.3", (Landmark("saved", (4, 5, 6)),))
    session.show_case(tmp_path / "c.auricle", Case(saved, make_anatomy()))
    assert session.state.plan == saved
    assert session.state.is_saved
    assert session.state.history.undo_name == "Open saved plan"
    session.undo()
    assert session.state.plan == mine
    assert not session.state.is_saved


def test_what_is_saved_is_the_plan_and_the_anatomy_that_were_written(open_session: Session) -> None:
    session = open_session
    assert session.state.is_saved
    session.show_anatomy(make_anatomy())
    assert not session.state.is_saved
    session.saved_as(Path("c.auricle"), session.state.plan, session.state.anatomy)
    assert session.state.is_saved
    session.show_anatomy(make_anatomy())
    assert not session.state.is_saved


def test_a_step_the_disk_refuses_changes_nothing(
    open_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_session.state

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(open_session._spaces.journal, "_insert", full)
    with pytest.raises(PlannerError, match="disk is full"):
        open_session.apply(edits.add(before.plan, Landmark("x", (0, 0, 0))))
    assert open_session.state is before


def test_positions_that_are_not_numbers_are_refused(open_session: Session) -> None:
    with pytest.raises(ValueError, match="finite"):
        open_session.look_at(np.array([np.nan, 0, 0]))


def test_files_of_one_name_in_two_folders_share_neither_plan_nor_anatomy(
    session: Session, tmp_path: Path
) -> None:
    for patient, values in (("a", 10), ("b", 20)):
        volume = replace(make_volume(""), voxels=make_volume("").voxels + np.int16(values))
        write_volume(volume, tmp_path / patient / "heart.nii.gz")
    (first,) = scan_folder(tmp_path / "a").series
    (second,) = scan_folder(tmp_path / "b").series
    session.show_volume(first, 0, load_series(first))
    session.show_anatomy(make_anatomy(""))
    session.apply(edits.add(session.state.plan, Landmark("apex", (1, 2, 3))))
    session.show_study(tmp_path / "b", scan_folder(tmp_path / "b"))
    session.show_volume(second, 0, load_series(second))
    assert (session.state.anatomy, session.state.plan.items) == (None, ())
    session.show_volume(first, 0, load_series(first))
    assert session.state.anatomy is not None
    assert [item.name for item in session.state.plan.items] == ["apex"]


@pytest.mark.parametrize("uids", [("", ""), ("2.25.1", "2.25.2")])
def test_cases_without_images_and_patient_space_share_no_steps(
    session: Session, tmp_path: Path, uids: tuple[str, str]
) -> None:
    plans = [Plan("", (Landmark(name, (1, 2, 3)),)) for name in ("a", "b")]
    for plan, uid in zip(plans, uids, strict=True):
        case = Case(plan, make_anatomy(""), series_uid=uid)
        session.show_case(tmp_path / plan.items[0].name, case)
    assert session.state.plan == plans[1]
    session.undo()
    assert session.state.plan == Plan()


def test_a_heart_that_names_no_patient_is_not_shown_on_its_own(session: Session) -> None:
    with pytest.raises(PlannerError, match="whose heart"):
        session.show_anatomy(make_anatomy(""))
    assert session.state == State()


def test_what_was_said_of_one_study_is_not_said_of_the_next(open_session: Session, tmp_path: Path) -> None:
    open_session.note(Finding("refused", "the report is not opened", "it is damaged", "copy it again"))
    own = Finding("no_image", "1 files are no images", "they hold no pixels", "nothing to do")
    open_session.show_study(tmp_path, ScanResult((), (own,)))
    assert open_session.state.notices == (own,)

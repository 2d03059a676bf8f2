"""Corrections of labels as steps of a session, without a window."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.case import Case, case_of, read_case, write_case
from app.exporting import Content, export
from app.labels.edited import edited_keys, mark_of, stale_keys
from app.labels.editing import LabelBrush, Touch
from app.labels.hints import label_hint
from app.labels.surfaces import work_of
from app.session import Session
from app.tools import Tool
from core.anatomy import HEART_NAMES, Anatomy
from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.progress import Silent
from core.volume import LabelMap
from plan import edits
from plan.items import Landmark
from recon.surface import conformal_surfaces_of_labels
from tests.support.ball_patient import CENTRE_MM, make_anatomy, make_series, make_volume

AT_MM = CENTRE_MM + [1.0, 1.0, 2.0]
UP = np.array([0.0, 0.0, 1.0])
VOXEL_ML = 0.016


@pytest.fixture
def editing(open_session: Session) -> Session:
    """A session with the ball's labels and the brush in hand."""
    open_session.show_anatomy(make_anatomy())
    open_session.take(Tool.PAINT)
    open_session.labels.use(LabelBrush("lv", radius_mm=3.0))
    return open_session


def stroke(session: Session, x_mm: float, tool: Tool = Tool.PAINT) -> np.ndarray:
    """One dab to the left of the middle; returns the labels after it."""
    session.take(tool)
    session.labels.press(Touch(AT_MM + [x_mm, 0.0, 0.0], UP))
    session.labels.release()
    return labels(session)


def labels(session: Session) -> np.ndarray:
    return session.state.anatomy.labels.labels.copy()


def reopened(session: Session, folder: Path) -> Session:
    """What another start of the program finds: nothing was closed."""
    session._spaces.journal._database.close()
    again = Session(folder / "data")
    again.show_volume(make_series(), 0, make_volume())
    return again


def test_strokes_and_steps_of_the_plan_are_undone_in_their_order(editing: Session) -> None:
    before = labels(editing)
    first = stroke(editing, 27.0)
    editing.apply(edits.add(editing.state.plan, Landmark("apex", (1, 2, 3))))
    second = stroke(editing, 10.0, Tool.ERASE)
    names = [edit.name for edit in editing.state.history.edits]
    assert names == ["Paint Left ventricle", "Add landmark", "Erase Left ventricle"]
    editing.undo()
    np.testing.assert_array_equal(labels(editing), first)
    shown = editing.state.anatomy
    editing.undo()
    assert editing.state.anatomy is shown, "a step of the plan leaves the labels alone"
    assert editing.state.plan.items == ()
    editing.undo()
    np.testing.assert_array_equal(labels(editing), before)
    for _ in range(3):
        editing.redo()
    np.testing.assert_array_equal(labels(editing), second)


def test_erasing_takes_the_structure_in_hand_and_nothing_else(editing: Session) -> None:
    stroke(editing, 27.0)
    editing.labels.use(replace(editing.state.brush, key="rv", radius_mm=6.0))
    painted = stroke(editing, 22.0)
    assert (painted == 3).sum() > 10
    erased = stroke(editing, 22.0, Tool.ERASE)
    assert (erased == 3).sum() == 0
    np.testing.assert_array_equal(erased == 1, painted == 1)


def test_a_ball_reaches_into_other_slices_and_the_hint_tells_the_tool(editing: Session) -> None:
    editing.labels.use(LabelBrush("la", radius_mm=6.0, is_ball=True))
    assert label_hint(editing.state).startswith("Left atrium  ·  ball of 6.0 mm radius")
    assert "Paint: hold" in label_hint(editing.state)
    editing.labels.press(Touch(AT_MM + [32.0, 0, 0], UP))
    expected_ml = len(editing.state.stroke.flat) * VOXEL_ML
    assert label_hint(editing.state) == (
        f"Paint Left atrium: +{expected_ml:.2f} ml ({len(editing.state.stroke.flat)} voxels)"
    )
    editing.labels.release()
    assert len(set(np.nonzero(labels(editing) == 4)[0])) == 3


def test_a_stroke_the_disk_refuses_is_not_done(editing: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    before = editing.state

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(editing._spaces.journal, "_insert", full)
    editing.labels.press(Touch(AT_MM + [27.0, 0, 0], UP))
    with pytest.raises(PlannerError, match="disk is full"):
        editing.labels.release()
    assert editing.state.anatomy is before.anatomy
    assert editing.state.history is before.history
    assert editing.state.stroke is None


def test_what_edits_begin_with_is_on_the_disk_before_the_first_of_them(
    open_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session.show_anatomy(make_anatomy())
    no_place = PlannerError("cannot write", "the disk is full", "free some space")
    monkeypatch.setattr("app.labels.kept.write_anatomy", lambda *_, **__: (_ for _ in ()).throw(no_place))
    with pytest.raises(PlannerError, match="disk is full"):
        open_session.take(Tool.PAINT)
    assert open_session.state.tool is Tool.NAVIGATE


def test_without_labels_there_is_nothing_to_correct(open_session: Session) -> None:
    open_session.show_anatomy(replace(make_anatomy(), labels=None))
    assert not open_session.state.can_edit_labels
    with pytest.raises(PlannerError, match="no labels"):
        open_session.take(Tool.PAINT)


def test_another_start_finds_the_edited_labels_and_every_step_back(editing: Session, tmp_path: Path) -> None:
    before = labels(editing)
    stroke(editing, 27.0)
    after = stroke(editing, 33.0)
    again = reopened(editing, tmp_path)
    np.testing.assert_array_equal(labels(again), after)
    assert edited_keys(again.state.anatomy) == {"lv"}
    assert stale_keys(again.state.anatomy) == {"lv"}, "its surface has yet to be made again"
    assert again.state.anatomy.landmarks.keys() == make_anatomy().landmarks.keys()
    again.undo()
    again.undo()
    np.testing.assert_array_equal(labels(again), before)
    np.testing.assert_array_equal(
        again.state.anatomy.surfaces["lv"].vertices, make_anatomy().surfaces["lv"].vertices
    )
    again.close()


def test_strokes_after_a_case_was_saved_are_there_when_it_is_opened_again(
    editing: Session, tmp_path: Path
) -> None:
    stroke(editing, 27.0)
    case = save(editing, tmp_path)
    newest = stroke(editing, 33.0)
    again = reopened(editing, tmp_path)
    again.show_case(tmp_path / "c.auricle", case)
    np.testing.assert_array_equal(labels(again), newest)
    assert "newer_than_case" in [finding.code for finding in again.state.notices]
    assert not again.state.is_saved
    again.undo()
    np.testing.assert_array_equal(labels(again), case.anatomy.labels.labels)
    again.close()


def test_a_case_as_the_history_has_it_is_simply_shown(editing: Session, tmp_path: Path) -> None:
    stroke(editing, 27.0)
    case = save(editing, tmp_path)
    again = reopened(editing, tmp_path)
    again.show_case(tmp_path / "c.auricle", case)
    assert again.state.anatomy is case.anatomy
    assert again.state.is_saved
    assert again.state.history.undo_name == "Paint Left ventricle"
    again.close()


def test_a_case_with_strokes_that_were_undone_since_is_one_step_from_them(
    editing: Session, tmp_path: Path
) -> None:
    first = stroke(editing, 27.0)
    saved = stroke(editing, 33.0)
    case = save(editing, tmp_path)
    editing.undo()
    again = reopened(editing, tmp_path)
    np.testing.assert_array_equal(labels(again), first)
    again.show_case(tmp_path / "c.auricle", case)
    np.testing.assert_array_equal(labels(again), saved)
    assert edited_keys(again.state.anatomy) == {"lv"}
    assert again.state.history.undo_name == "Open saved labels"
    again.undo()
    np.testing.assert_array_equal(labels(again), first)
    again.close()


def test_the_case_of_another_computer_begins_its_own_edits(editing: Session, tmp_path: Path) -> None:
    saved = stroke(editing, 27.0)
    case = save(editing, tmp_path)
    there = Session(tmp_path / "elsewhere")
    there.show_volume(make_series(), 0, make_volume())
    there.show_case(tmp_path / "c.auricle", case)
    np.testing.assert_array_equal(labels(there), saved)
    there.labels.use(editing.state.brush)
    stroke(there, 33.0)
    there.undo()
    np.testing.assert_array_equal(labels(there), saved)
    assert edited_keys(there.state.anatomy) == {"lv"}, "what was edited elsewhere stays marked"
    there.close()


def test_edits_belong_to_the_phase_they_were_made_at(session: Session) -> None:
    series = make_series(n_phases=3)
    for phase in (0, 1):
        session.show_volume(series, phase, make_volume())
        session.show_anatomy(make_anatomy())
    session.take(Tool.PAINT)
    session.labels.use(LabelBrush("lv", radius_mm=3.0))
    edited = stroke(session, 27.0)
    session.show_volume(series, 0, make_volume())
    assert edited_keys(session.state.anatomy) == frozenset()
    session.undo()
    assert edited_keys(session.state.anatomy) == frozenset()
    session.redo()
    session.show_volume(series, 1, make_volume())
    np.testing.assert_array_equal(labels(session), edited)


def test_a_surface_that_comes_too_late_is_dropped(editing: Session) -> None:
    stroke(editing, 27.0)
    begun = editing.labels.beginning()
    old = editing.state.anatomy
    made = work_of(old, begun)(Silent())
    stroke(editing, 33.0)
    shown = editing.state.anatomy
    editing.labels.show_surfaces(old.labels, made)
    assert editing.state.anatomy is shown
    editing.labels.show_surfaces(shown.labels, work_of(shown, begun)(Silent()))
    assert stale_keys(editing.state.anatomy) == frozenset()
    assert editing.state.anatomy.surfaces["lv"].is_closed


def test_an_edit_moves_the_surface_around_it_and_nowhere_else(open_session: Session) -> None:
    ball = make_anatomy().surfaces["lv_myocardium"]
    ball = replace(ball, fields={"uncertainty_mm": np.full(len(ball.vertices), 0.4)})
    open_session.show_anatomy(replace(make_anatomy(), surfaces={"lv": ball}))
    open_session.take(Tool.PAINT)
    open_session.labels.use(LabelBrush("lv", radius_mm=4.0, is_ball=True))
    stroke(open_session, 26.0)
    anatomy = open_session.state.anatomy
    made = work_of(anatomy, open_session.labels.beginning())(Silent())["lv"]
    away = np.linalg.norm(made.vertices - CENTRE_MM, axis=1)
    from_edit = np.linalg.norm(made.vertices - (AT_MM + [26.0, 0, 0]), axis=1)
    voxel_mm = 16.0 ** (1 / 3)
    far = from_edit > 5.0 + 8.0 * voxel_mm
    assert made.is_closed
    # Between 4 mm slices the true ball is kept to a curve through samples; their labels alone miss it by millimetres.
    assert np.abs(away[far] - 25.0).max() < 0.3
    assert np.abs(away[far] - 25.0).mean() < 0.1
    assert away[from_edit < 4.0].max() > 28.0
    assert np.isnan(made.fields["uncertainty_mm"][from_edit < 5.0]).all()
    assert (made.fields["uncertainty_mm"][far] == 0.4).all()


def test_neighbours_share_the_very_triangles_of_their_wall_after_a_stroke(open_session: Session) -> None:
    anatomy = make_anatomy()
    labels = anatomy.labels.labels.copy()
    places = anatomy.labels.patient_from_indices(np.indices(labels.shape).reshape(3, -1).T)
    away = np.linalg.norm(places - CENTRE_MM, axis=1).reshape(labels.shape)
    labels[(away >= 25.0) & (away < 33.0)] = 2
    walled = replace(anatomy.labels, labels=labels)
    open_session.show_anatomy(replace(anatomy, labels=walled, surfaces=conformal_surfaces_of_labels(walled)))
    open_session.take(Tool.PAINT)
    open_session.labels.use(LabelBrush("lv", radius_mm=4.0, is_ball=True))
    stroke(open_session, 24.0)
    begun = open_session.labels.beginning()
    made = work_of(open_session.state.anatomy, begun)(Silent())
    assert set(made) == {"lv", "lv_myocardium"}
    triangles = {
        key: {tuple(sorted(map(tuple, corners))) for corners in mesh.vertices[mesh.faces]}
        for key, mesh in made.items()
    }
    assert triangles["lv"] < triangles["lv_myocardium"], "muscle lies all around the cavity"
    assert made["lv"].volume_ml > begun.surfaces["lv"].volume_ml


def test_a_structure_that_is_erased_wholly_has_no_surface_and_undo_returns_it(editing: Session) -> None:
    editing.labels.use(LabelBrush("lv", radius_mm=40.0, is_ball=True))
    stroke(editing, 0.0, Tool.ERASE)
    assert not (labels(editing) == 1).any()
    anatomy = editing.state.anatomy
    editing.labels.show_surfaces(anatomy.labels, work_of(anatomy, editing.labels.beginning())(Silent()))
    assert list(editing.state.anatomy.surfaces) == ["lv_myocardium"]
    editing.undo()
    assert list(editing.state.anatomy.surfaces) == ["lv", "lv_myocardium"]


def test_labels_on_another_grid_than_the_images_are_painted_where_they_lie(open_session: Session) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_vector(np.array([0.4, 0.2, -0.3])) * 1.25
    matrix[:3, 3] = CENTRE_MM - matrix[:3, :3] @ np.full(3, 29.5)
    grid = LabelMap(np.zeros((60, 60, 60), np.uint8), matrix, dict(HEART_NAMES), "1.2.3")
    open_session.show_anatomy(Anatomy({}, "1.2.3", grid))
    open_session.take(Tool.PAINT)
    open_session.labels.use(LabelBrush("lv", radius_mm=7.0))
    open_session.labels.press(Touch(AT_MM, UP))
    open_session.labels.release()
    painted = np.argwhere(open_session.state.anatomy.labels.labels == 1)
    places = grid.patient_from_indices(painted)
    assert len(painted) == pytest.approx(np.pi * 7.0**2 / 1.25**2, rel=0.12)
    # Voxels of a tilted grid stand off the slice by half of what a step along its steepest axis rises.
    assert np.abs(places[:, 2] - AT_MM[2]).max() <= 0.5 * np.abs(matrix[2, :3]).max() + 1e-6
    assert np.linalg.norm((places - AT_MM)[:, :2], axis=1).max() < 7.0 + 1.25
    with pytest.raises(PlannerError, match="outside of the grid"):
        open_session.labels.press(Touch(AT_MM + [0.0, 0.0, 300.0], UP))


def test_two_hundred_strokes_take_little_memory_and_disk(editing: Session) -> None:
    for number in range(200):
        stroke(editing, 27.0 + number % 5, (Tool.PAINT, Tool.ERASE)[number % 2])
    packed = [len(edit.labels.packed) for edit in editing.state.history.edits]
    assert len(packed) == 200
    assert max(packed) < 200
    database = editing._spaces.journal._database
    (size,) = database.execute("SELECT sum(length(labels)) FROM journal").fetchone()
    assert size < 200 * 400


def test_a_segmentation_says_which_structures_a_person_corrected(editing: Session, tmp_path: Path) -> None:
    import pydicom

    editing.labels.use(LabelBrush("rv", radius_mm=5.0, only_over="background"))
    stroke(editing, 32.0)
    anatomy = editing.state.anatomy
    with pytest.raises(PlannerError, match="older than their edited labels"):
        export(Content(anatomy), ("seg",), tmp_path, False, Silent())
    editing.labels.show_surfaces(anatomy.labels, work_of(anatomy, editing.labels.beginning())(Silent()))
    export(Content(editing.state.anatomy), ("seg",), tmp_path, False, Silent())
    made = pydicom.dcmread(tmp_path / "segmentation.dcm")
    kinds = {item.TrackingID: item.SegmentAlgorithmType for item in made.SegmentSequence}
    assert kinds == {"lv": "AUTOMATIC", "rv": "SEMIAUTOMATIC"}
    n_painted = int((editing.state.anatomy.labels.labels == 3).sum())
    assert int(made.pixel_array.sum()) == n_painted + int((labels(editing) == 1).sum())


def save(session: Session, folder: Path) -> Case:
    """Write and read a case of what is shown, its surfaces made again first."""
    anatomy = session.state.anatomy
    session.labels.show_surfaces(anatomy.labels, work_of(anatomy, session.labels.beginning())(Silent()))
    content = case_of(session.state)
    write_case(content, folder / "c.auricle", Silent())
    case = read_case(folder / "c.auricle", Silent())
    assert mark_of(case.anatomy) == mark_of(session.state.anatomy)
    return replace(case, series=session.state.series, volume=session.state.volume)

"""Structures from files: marked, never mixed up with what was reconstructed, never laid over another patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from app.commands.study import open_series
from app.given import (
    Measurements,
    SurfaceFacts,
    given_keys,
    joined,
    work_of,
    work_of_glb,
    work_of_report,
    work_of_surface,
)
from app.session import Session
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress, Silent
from core.study import Series, SeriesKind
from imaging.formats.surfaces import write_glb, write_stl
from imaging.outputs.made import MadeSeries, save_object
from imaging.outputs.report import make_report
from imaging.outputs.source import anonymous_source
from plan import edits
from plan.items import Distance, Landmark
from plan.measure import distance_mm
from plan.plan import Plan
from tests.support.ball_patient import CENTRE_MM, FRAME_UID, make_anatomy, make_series, make_volume

SR_SERIES = MadeSeries.new("Test", 9001)
GIVEN_PLAN = Plan(
    FRAME_UID,
    (Distance("Annulus", (10.125, -150.0, 300.0), (22.5, -140.25, 290.0)), Landmark("Apex", (1.0, -2.0, 3.0))),
)


def test_a_given_structure_of_the_same_name_stands_beside_the_reconstructed_one() -> None:
    reconstructed, given = make_anatomy(), make_anatomy()
    both = joined(reconstructed, given)
    assert list(both.surfaces) == ["lv", "lv_myocardium", "lv (given)", "lv_myocardium (given)"]
    assert both.surfaces["lv"] is reconstructed.surfaces["lv"]
    assert given_keys(both) == {"lv (given)", "lv_myocardium (given)"}
    assert given_keys(reconstructed) == frozenset()
    assert both.labels is reconstructed.labels


def test_what_is_given_again_replaces_what_was_given() -> None:
    first = joined(None, make_anatomy())
    again = joined(first, Anatomy({"lv": first.surfaces["lv_myocardium"]}, FRAME_UID))
    assert list(again.surfaces) == ["lv", "lv_myocardium"]
    assert given_keys(again) == {"lv", "lv_myocardium"}


def test_structures_of_another_patient_space_are_refused_and_nothing_changes(open_session: Session) -> None:
    before = open_session.state
    with pytest.raises(PlannerError, match="another patient space"):
        open_session.show_given(make_anatomy("7.7.7"))
    assert open_session.state is before


def test_over_several_phases_it_is_said_with_which_one_they_are_shown(session: Session) -> None:
    session.show_volume(make_series(n_phases=3), 1, make_volume())
    session.show_given(make_anatomy())
    assert session.state.notices[-1].code == "given_phase"
    assert "phase 2" in session.state.notices[-1].what


def test_a_segmentation_becomes_surfaces_of_its_own_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = replace(make_anatomy().labels, names={1: "lv"})
    read = Anatomy({}, FRAME_UID, labels)
    monkeypatch.setattr("imaging.guard.given.read_given", lambda series, progress: read)
    series = Series("1", "SEG", "", ((Path("a"),),), (1, 1, 1), None, FRAME_UID, kind=SeriesKind.SEGMENTATION)
    found = work_of(series)(Silent())
    assert found.surfaces["lv"].volume_ml == pytest.approx(labels.volumes_ml()["lv"], rel=0.01)
    assert found.surfaces["lv"].vertices.mean(axis=0) == pytest.approx(CENTRE_MM, abs=0.5)
    nowhere = replace(read, frame_of_reference_uid="")
    monkeypatch.setattr("imaging.guard.given.read_given", lambda series, progress: nowhere)
    with pytest.raises(PlannerError, match="patient space"):
        work_of(series)(Silent())


@pytest.mark.parametrize(("unit", "mm"), [("mm", 1.0), ("cm", 10.0), ("m", 1000.0)])
def test_a_surface_lies_where_its_unit_and_axes_put_it(tmp_path: Path, unit: str, mm: float) -> None:
    truth = make_anatomy().surfaces["lv"]
    in_file = replace(truth, vertices=truth.vertices * [-1.0, -1.0, 1.0] / mm, faces=truth.faces, fields={})
    path = tmp_path / "root.stl"
    write_stl(in_file, path)
    # The header of the writer states LPS, which goes before what a person says; other programs state nothing.
    path.write_bytes(b"other".ljust(80) + path.read_bytes()[80:])
    found = work_of_surface(path, SurfaceFacts(unit, "RAS"), make_volume())(Silent())
    assert found.surfaces["root"].bounds_mm == pytest.approx(truth.bounds_mm, abs=0.01)
    assert found.findings == ()


def test_a_surface_in_the_wrong_unit_lies_outside_the_images_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "root.stl"
    write_stl(make_anatomy().surfaces["lv"], path)
    found = work_of_surface(path, SurfaceFacts("cm", "LPS"), make_volume())(Silent())
    (finding,) = found.findings
    away_mm = 9.0 * np.linalg.norm(CENTRE_MM)
    assert finding.code == "outside_images"
    assert f"{away_mm:.0f} mm" in finding.why


def test_a_glb_is_shown_only_when_it_names_its_patient_space(tmp_path: Path) -> None:
    write_glb(make_anatomy(), tmp_path / "own.glb")
    assert work_of_glb(tmp_path / "own.glb")(Silent()).frame_of_reference_uid == FRAME_UID
    write_glb(make_anatomy(""), tmp_path / "other.glb")
    with pytest.raises(PlannerError, match="does not say"):
        work_of_glb(tmp_path / "other.glb")(Silent())


def report_file(folder: Path, plan: Plan, volumes_ml: dict[str, float] | None = None) -> Series:
    """A report as another program would write it."""
    made = make_report(plan, volumes_ml or {}, anonymous_source(plan.frame_of_reference_uid), SR_SERIES)
    path = save_object(made, folder / "report.dcm")
    return Series("1.9", "SR", "", ((path,),), (0, 0, 0), None, kind=SeriesKind.REPORT)


def test_the_measurements_of_a_report_are_one_step_that_undo_takes_back(
    open_session: Session, tmp_path: Path
) -> None:
    found = work_of_report(report_file(tmp_path, GIVEN_PLAN, {"lv": 120.4}))(Silent())
    mine = Landmark("Mine", (1.0, 2.0, 3.0))
    open_session.apply(edits.add(open_session.state.plan, mine))
    open_session.add_measurements(found)
    assert open_session.state.history.undo_name == "Add measurements of a report"
    assert [item.name for item in open_session.state.plan.items] == ["Mine", "Annulus", "Apex"]
    annulus = open_session.state.plan.items[1]
    assert isinstance(annulus, Distance)
    assert distance_mm(annulus) == pytest.approx(distance_mm(GIVEN_PLAN.items[0]), abs=0.01)
    assert "Left ventricle 120.4 ml" in open_session.state.notices[-1].what
    open_session.undo()
    assert open_session.state.plan.items == (mine,)


class AtOnce:
    """A desk that does long work at once."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def run(self, title: str, work: Callable[[Progress], Any], then: Callable[[Any], None]) -> None:
        then(work(Silent()))


def test_opening_a_report_in_the_list_adds_its_measurements(open_session: Session, tmp_path: Path) -> None:
    open_series(AtOnce(open_session), report_file(tmp_path, GIVEN_PLAN))
    assert [item.name for item in open_session.state.plan.items] == ["Annulus", "Apex"]


def test_a_report_that_is_opened_again_adds_nothing(open_session: Session, tmp_path: Path) -> None:
    work = work_of_report(report_file(tmp_path, GIVEN_PLAN))
    open_session.add_measurements(work(Silent()))
    once = open_session.state.history
    open_session.add_measurements(work(Silent()))
    assert open_session.state.history is once


@pytest.mark.parametrize("uid", ["7.7.7", ""])
def test_a_report_of_another_patient_space_is_refused_and_nothing_changes(
    open_session: Session, uid: str
) -> None:
    before = open_session.state
    with pytest.raises(PlannerError, match="another patient space"):
        open_session.add_measurements(Measurements(replace(GIVEN_PLAN, frame_of_reference_uid=uid)))
    assert open_session.state is before


def test_without_images_a_report_has_no_plan_to_join(session: Session) -> None:
    with pytest.raises(PlannerError, match="no images are open"):
        session.add_measurements(Measurements(GIVEN_PLAN))


@pytest.mark.parametrize(
    ("sop_class", "why"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.67", "X-Ray Radiation Dose SR"),
        ("1.2.840.10008.5.1.4.1.1.88.34", "“Diagnostic imaging report” and holds no measurement"),
    ],
)
def test_a_report_of_anything_else_is_refused_by_its_name(tmp_path: Path, sop_class: str, why: str) -> None:
    series = report_file(tmp_path, GIVEN_PLAN)
    path = series.phases[0][0]
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = sop_class
    dataset.ConceptNameCodeSequence[0].CodeMeaning = "Diagnostic imaging report"
    dataset.ContentSequence = []
    dataset.save_as(path)
    with pytest.raises(PlannerError, match=why):
        work_of_report(series)(Silent())

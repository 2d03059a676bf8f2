"""What dropped paths and double-clicked series mean, without Qt."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.commands import study
from app.describe import describe_details, describe_moment, describe_series, matches, sort_for_people
from app.opening import read_paths
from app.state import State
from core.errors import Finding, PlannerError
from core.progress import Silent
from core.study import Patient, ScanResult, Series, SeriesKind, Study
from imaging.formats.nifti import write_volume
from tests.support.ball_patient import make_series, make_volume
from tests.support.small_dicom import write_ultrasound, write_xray


def kind(kind: SeriesKind, uid: str = "1") -> Series:
    return replace(make_series(uid), kind=kind, description=kind.name)


def test_an_image_file_stands_for_itself_and_a_dicom_file_for_its_folder(tmp_path: Path) -> None:
    write_volume(make_volume(), tmp_path / "a.nii.gz")
    write_volume(make_volume(), tmp_path / "b.nii.gz")
    found = read_paths([tmp_path / "a.nii.gz"], Silent())
    assert [series.description for series in found.scan.series] == ["a.nii.gz"]
    assert found.chosen is found.scan.series[0]
    write_ultrasound(tmp_path)
    found = read_paths([write_xray(tmp_path)], Silent())
    assert found.folder == tmp_path
    assert len(found.scan.series) == 4
    assert found.chosen is not None
    assert found.chosen.modality == "XA"


def test_several_paths_are_one_study_but_not_with_an_archive_among_them(tmp_path: Path) -> None:
    paths = [write_ultrasound(tmp_path / "us"), write_xray(tmp_path / "xa").parent]
    found = read_paths(paths, Silent())
    assert found.folder == tmp_path
    assert {series.modality for series in found.scan.series} == {"US", "XA"}
    with zipfile.ZipFile(tmp_path / "us.zip", "w") as packed:
        packed.write(paths[0], "loop.dcm")
    assert read_paths([tmp_path / "us.zip"], Silent()).scan.series[0].modality == "US"
    with pytest.raises(PlannerError, match="archive"):
        read_paths([*paths, tmp_path / "us.zip"], Silent())


def test_what_is_no_image_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7 nothing")
    with pytest.raises(PlannerError, match=r"cannot open letter\.pdf"):
        read_paths([tmp_path / "letter.pdf"], Silent())


def test_planes_of_one_heart_keep_the_phase_and_other_series_begin_at_their_first() -> None:
    now = make_series("9.1", n_phases=25)
    state = State(series=now, phase=7)
    assert study.phase_to_open(state, make_series("9.2", n_phases=25)) == 7
    assert study.phase_to_open(state, make_series("9.3", n_phases=20)) == 0
    assert study.phase_to_open(state, make_series("9.4", "8.8", n_phases=25)) == 0
    assert study.phase_to_open(State(), now) == 0


def test_the_list_has_what_is_planned_on_first_and_the_newest_study_first() -> None:
    mixed = tuple(
        kind(k, str(n)) for n, k in enumerate((SeriesKind.REPORT, SeriesKind.LOCALISER, SeriesKind.STACK))
    )
    scan = ScanResult(
        (
            Patient("Zoe", "2", (Study("1", "20200101", "", mixed), Study("2", "20240101", "", ()))),
            Patient("adam", "1"),
        )
    )
    first, second = sort_for_people(scan)
    assert (first.name, second.name) == ("adam", "Zoe")
    assert [study.date for study in second.studies] == ["20240101", "20200101"]
    assert [series.kind.name for series in second.studies[1].series] == ["STACK", "LOCALISER", "REPORT"]


def test_each_kind_reads_as_what_it_is() -> None:
    run = replace(kind(SeriesKind.PROJECTION, "1#2"), modality="XA", shape=(14, 512, 512), spacing_mm=None)
    assert describe_series(run).splitlines() == ["XA  X-ray  PROJECTION", "512 × 512  ·  14 frames", "run 2"]
    assert describe_series(kind(SeriesKind.SEGMENTATION)) == "CT  Segmentation  SEGMENTATION"
    assert matches(run, "Doe Jane 2024-01-01", "jane xa")
    assert matches(run, "", "projection")
    assert not matches(run, "Doe Jane", "mr")


def test_details_say_every_finding_with_its_reason_and_what_to_do() -> None:
    tilted = Finding("tilt", "the gantry was tilted", "by 12°", "nothing to do")
    lines = describe_details(replace(make_series(), findings=(tilted,))).splitlines()
    assert lines[3] == "1 file"
    assert lines[-1] == "The gantry was tilted: by 12°. Nothing to do."


def test_the_phase_is_told_with_its_time_where_the_images_give_one() -> None:
    series = replace(make_series(n_phases=3), phase_labels=("0 ms", "213 ms", "400 ms"))
    assert describe_moment(State(series=series, phase=1, volume=make_volume())) == "phase 2 / 3, 213 ms"
    assert describe_moment(State(series=make_series(n_phases=3), volume=make_volume())) == "phase 1 / 3"
    assert describe_moment(State(series=make_series(), volume=make_volume())) == ""

"""`auricle export`: each input, each format, the exit codes, and nobody's name where none was asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from app.case import Case, write_case
from app.cli import REFUSED, USAGE, main
from app.exporting import FORMATS, Content, export, offered
from app.results import write_results
from core.errors import Cancelled, PlannerError
from core.mesh import SurfaceMesh
from core.progress import Reporting, Silent
from imaging.formats.surfaces import read_glb, read_surface
from imaging.given.encapsulated import read_encapsulated
from imaging.given.report import read_report
from imaging.given.segmentation import read_segmentation
from imaging.outputs.series import PatientModule, write_series
from plan.items import CutPlane, Distance, Landmark, Polyline
from plan.plan import Plan
from plan.schema import write_plan
from tests.support.ball_patient import make_anatomy, make_volume
from tests.support.conformance import errors_of
from tests.support.orthanc import Orthanc

FRAME = "1.2.826.77.1"
PLAN = Plan(
    FRAME,
    (
        Distance("Doe's annulus", (0.0, -150.0, 300.0), (20.0, -150.0, 300.0)),
        Landmark("Apex", (10.0, -150.0, 280.0)),
        CutPlane("Cut", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    ),
)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CT of the ball patient."""
    folder = tmp_path_factory.mktemp("study") / "ct"
    patient = PatientModule("Doe^Jane", "secret-17", "19700102", "F")
    write_series(
        make_volume(FRAME),
        folder,
        patient=patient,
        study_uid="1.2.826.77.2",
        modality="CT",
        description="CT",
        series_number=1,
        study_date="20240131",
    )
    return folder


@pytest.fixture(scope="module")
def results(series: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `auricle reconstruct` would have written of it."""
    folder = tmp_path_factory.mktemp("results")
    write_results(make_anatomy(FRAME), folder, [series], {})
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = main(["export", *(str(part) for part in arguments), "--quiet"])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_measures_that_a_report_cannot_hold_are_told(tmp_path: Path) -> None:
    line = Polyline("Path", ((0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (10.0, 5.0, 0.0)))
    assert "sr" not in offered(Content(plan=Plan(FRAME, (line,))))
    both = Content(plan=Plan(FRAME, (line, PLAN.items[0])))
    done = export(both, ("sr",), tmp_path, False, Silent())
    assert "measures_left_out" in {finding.code for finding in done.findings}
    assert len(read_report(done.files[0]).plan.items) == 1


def test_a_reconstruction_is_written_in_every_format_for_the_patient_it_came_from(
    results: Path, series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(PLAN, tmp_path / "plan.json")
    formats = ",".join(key for key in FORMATS if key not in ("sc", "motion"))
    code, text = run(
        capsys, results, "--format", formats, "--out", tmp_path / "out", "--plan", tmp_path / "plan.json",
        "--json", tmp_path / "done.json",
    )  # fmt: skip
    assert code == 0, text
    done = json.loads((tmp_path / "done.json").read_text())
    assert {finding["code"] for finding in done["findings"]} == {"cut_planes_left_out"}
    out, anatomy = tmp_path / "out", make_anatomy(FRAME)
    labels, _ = read_segmentation([out / "segmentation.dcm"])
    assert labels.volumes_ml()["lv"] == pytest.approx(anatomy.labels.volumes_ml()["lv"], rel=1e-6)
    for form in ("stl", "obj"):
        back = read_encapsulated(out / f"lv_myocardium-{form}.dcm")
        assert back.mesh.volume_ml == pytest.approx(anatomy.surfaces["lv_myocardium"].volume_ml, rel=1e-4)
        np.testing.assert_allclose(back.mesh.bounds_mm, anatomy.surfaces["lv_myocardium"].bounds_mm, atol=0.01)
    report = read_report(out / "measurements.dcm")
    assert [item.name for item in report.plan.items] == ["Doe's annulus", "Apex"]
    assert set(report.volumes_ml) == {"lv"}
    for suffix in ("stl", "ply", "obj"):
        assert read_surface(out / f"lv.{suffix}", "mm").volume_ml > 0
    assert len(list((out / "images").iterdir())) == len(list(series.iterdir()))
    for path in out.glob("*.dcm"):
        assert pydicom.dcmread(path).PatientID == "secret-17"
        if not path.name.endswith("-obj.dcm"):
            assert errors_of(path) == []


def test_de_identified_objects_and_images_name_nobody_and_still_belong_together(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(PLAN, tmp_path / "plan.json")
    out = tmp_path / "out"
    code, text = run(
        capsys, results, "--format", "seg,stl-dicom,sr,dicom,glb", "--out", out, "--plan", tmp_path / "plan.json",
        "--deidentify",
    )  # fmt: skip
    assert code == 0, text
    files = [path for path in out.rglob("*") if path.is_file()]
    for secret in (b"Doe", b"Jane", b"secret-17", b"1.2.826.77", b"19700102"):
        assert [path.name for path in files if secret in path.read_bytes()] == []
    image = pydicom.dcmread(out / "images" / "image-00001.dcm")
    seg = pydicom.dcmread(out / "segmentation.dcm")
    assert seg.StudyInstanceUID == image.StudyInstanceUID
    assert seg.PatientID == image.PatientID
    assert seg.FrameOfReferenceUID == image.FrameOfReferenceUID
    assert read_glb(out / "anatomy.glb").frame_of_reference_uid == image.FrameOfReferenceUID
    referenced = {
        i.ReferencedSOPInstanceUID for i in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    }
    assert referenced <= {pydicom.dcmread(path).SOPInstanceUID for path in (out / "images").iterdir()}
    names = [item.name for item in read_report(out / "measurements.dcm").plan.items]
    assert names == ["Distance 1", "Landmark 1"]
    assert json.loads((out / "deidentification.json").read_text())["n_objects"] == 20 + 1 + 2 + 1
    for name in ("segmentation", "measurements", "lv-stl"):
        assert errors_of(out / f"{name}.dcm") == []


def test_a_plan_alone_becomes_a_report_and_a_missing_patient_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(PLAN, tmp_path / "plan.json")
    code, text = run(capsys, tmp_path / "plan.json", "--format", "sr", "--out", tmp_path)
    assert code == 0, text
    assert "anonymous_patient" in text
    assert read_report(tmp_path / "measurements.dcm").plan.frame_of_reference_uid == FRAME
    assert pydicom.dcmread(tmp_path / "measurements.dcm").PatientID == "ANONYMOUS"


def test_a_case_is_exported_with_the_patient_of_its_images(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uid = pydicom.dcmread(next(series.iterdir())).SeriesInstanceUID
    case = Case(PLAN, make_anatomy(FRAME), study=series, series_uid=str(uid))
    write_case(case, tmp_path / "heart.auricle", Silent())
    code, text = run(capsys, tmp_path / "heart.auricle", "--format", "sr,stl-dicom", "--out", tmp_path / "out")
    assert code == 0, text
    assert str(pydicom.dcmread(tmp_path / "out" / "lv-stl.dcm").PatientName) == "Doe^Jane"


def test_a_series_can_only_be_given_away_as_images(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, series, "--format", "dicom", "--deidentify", "--out", tmp_path / "out")[0] == 0
    code, text = run(capsys, series, "--format", "seg", "--out", tmp_path / "out")
    assert code == REFUSED
    assert text.startswith("refused: ")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [("x", "--format", "dwg", "--out", "y"), ("x", "--format", "", "--out", "y"), ("x", "--out", "y")],
)
def test_wrong_usage_is_told_as_such(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", *arguments])
    capsys.readouterr()
    assert ended.value.code == USAGE


def test_an_input_that_is_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.txt").write_text("hello")
    for name in ("text.txt", "absent"):
        assert run(capsys, tmp_path / name, "--format", "seg", "--out", tmp_path / "out")[0] == REFUSED


def test_a_source_of_another_patient_space_is_refused(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(
        make_volume("1.9.9"),
        tmp_path / "other",
        patient=PatientModule("Roe^Rick", "2"),
        study_uid="1.9.8",
        modality="CT",
        description="CT",
        series_number=1,
    )
    arguments = (results, "--format", "seg", "--source", tmp_path / "other", "--out", tmp_path / "out")
    code, text = run(capsys, *arguments)
    assert code == REFUSED
    assert "another patient space" in text
    assert not (tmp_path / "out").exists()


def test_a_source_without_a_frame_of_reference_gives_one_new_space_to_all(series: Path, tmp_path: Path) -> None:
    files = []
    for path in sorted(series.iterdir()):
        dataset = pydicom.dcmread(path)
        del dataset.FrameOfReferenceUID
        dataset.save_as(tmp_path / path.name)
        files.append(tmp_path / path.name)
    anatomy = make_anatomy("")
    done = export(
        Content(anatomy, Plan(), tuple(files)), ("seg", "stl-dicom"), tmp_path / "out", False, Silent()
    )
    assert [finding.code for finding in done.findings] == ["new_patient_space"]
    spaces = {pydicom.dcmread(path).FrameOfReferenceUID for path in done.files}
    assert len(spaces) == 1
    assert spaces != {""}
    assert [path.name for path in done.files if errors_of(path)] == []


def test_a_plan_of_another_patient_space_does_not_join(results: Path, tmp_path: Path) -> None:
    content = Content(make_anatomy(FRAME), replace(PLAN, frame_of_reference_uid="1.9.9"))
    with pytest.raises(PlannerError, match="different patient spaces"):
        export(content, ("sr",), tmp_path, False, Silent())


def test_the_key_of_a_structure_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    mesh = make_anatomy(FRAME).surfaces["lv"]
    anatomy = replace(
        make_anatomy(FRAME), surfaces={"../../evil\nkey\\x": SurfaceMesh(mesh.vertices, mesh.faces)}
    )
    done = export(
        Content(anatomy), ("stl", "obj", "stl-dicom", "3mf", "glb"), tmp_path / "out", False, Silent()
    )
    assert all(path.parent == tmp_path / "out" for path in done.files)
    assert errors_of(next(path for path in done.files if path.suffix == ".dcm")) == []


def test_only_what_is_there_is_offered() -> None:
    assert offered(Content()) == ()
    assert offered(Content(plan=PLAN)) == ("sr",)
    assert "seg" not in offered(Content(replace(make_anatomy(FRAME), labels=None)))
    assert "sc" in offered(Content(make_anatomy(FRAME), picture=np.zeros((2, 2, 3), np.uint8)))


def test_a_cancelled_export_stops_at_its_next_report(tmp_path: Path) -> None:
    reports: list[str] = []
    progress = Reporting(lambda stage, _: reports.append(stage), lambda: len(reports) >= 2)
    with pytest.raises(Cancelled):
        export(Content(make_anatomy(FRAME)), ("stl", "ply", "obj", "glb"), tmp_path, False, progress)
    assert not (tmp_path / "anatomy.glb").exists()


def test_a_real_archive_takes_every_object_and_gives_it_back_unchanged(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], orthanc: Orthanc
) -> None:
    formats = "seg,stl-dicom,obj-dicom,sr,dicom"
    write_plan(PLAN, tmp_path / "plan.json")
    arguments = (results, "--format", formats, "--out", tmp_path / "out", "--plan", tmp_path / "plan.json")
    assert run(capsys, *arguments)[0] == 0
    picture = np.random.default_rng(3).integers(0, 255, (30, 41, 3), dtype=np.uint8)
    export(Content(plan=PLAN, picture=picture), ("sc",), tmp_path / "out" / "view", False, Silent())
    for path in (tmp_path / "out").rglob("*.dcm"):
        orthanc.upload(path)
        sent = pydicom.dcmread(path)
        back = tmp_path / "back.dcm"
        back.write_bytes(orthanc.file_of(str(sent.SOPInstanceUID)))
        assert pydicom.dcmread(back) == sent

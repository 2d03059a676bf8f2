from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.anatomy_file import read_anatomy, write_anatomy
from app.case import ANATOMY, INDEX, PLAN, Case, is_case, read_case, write_case
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Silent
from imaging.find.scan import scan_folder
from imaging.outputs.series import PatientModule, write_series
from plan.items import Landmark
from plan.plan import Plan
from render.view import ViewState
from tests.support.ball_patient import make_anatomy, make_volume

PLAN_OF_BALL = Plan("1.2.3", (Landmark("apex", (1, 2, 3)),))


def saved_case(folder: Path, **changes: object) -> Path:
    anatomy = make_anatomy()
    view = ViewState.default(anatomy).with_structure(
        "lv", is_visible=False, opacity=0.4, colour=(0.1, 0.2, 0.3)
    )
    case = replace(Case(PLAN_OF_BALL, anatomy, view, folder / "study"), **changes)  # type: ignore[arg-type]
    write_case(case, folder / "c.auricle", Silent())
    return folder / "c.auricle"


def test_an_anatomy_comes_back_bit_for_bit(tmp_path: Path) -> None:
    anatomy = make_anatomy()
    write_anatomy(anatomy, tmp_path / "a.npz")
    again = read_anatomy(tmp_path / "a.npz")
    assert list(again.surfaces) == list(anatomy.surfaces)
    for key, mesh in anatomy.surfaces.items():
        assert np.array_equal(again.surfaces[key].vertices, mesh.vertices)
        assert np.array_equal(again.surfaces[key].faces, mesh.faces)
    assert np.array_equal(again.surfaces["lv"].fields["error_mm"], anatomy.surfaces["lv"].fields["error_mm"])
    assert again.labels is not None
    assert anatomy.labels is not None
    assert np.array_equal(again.labels.labels, anatomy.labels.labels)
    assert again.labels.volumes_ml() == anatomy.labels.volumes_ml()
    assert again.landmarks["apex"].tolist() == anatomy.landmarks["apex"].tolist()
    assert (again.findings, again.report) == (anatomy.findings, anatomy.report)
    assert again.frame_of_reference_uid == "1.2.3"


def test_an_anatomy_of_surfaces_alone_comes_back(tmp_path: Path) -> None:
    write_anatomy(Anatomy({"lv": make_anatomy().surfaces["lv"]}, "5"), tmp_path / "a.npz")
    again = read_anatomy(tmp_path / "a.npz")
    assert (list(again.surfaces), again.labels, dict(again.landmarks)) == (["lv"], None, {})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"\x00" * 50, b"\x80\x04K\x01."])
def test_a_damaged_anatomy_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(PlannerError, match="damaged"):
        read_anatomy(tmp_path / "a.npz")


def test_a_pickle_in_an_anatomy_is_never_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", facts=np.array([{"a": 1}], dtype=object))
    with pytest.raises(PlannerError, match="damaged"):
        read_anatomy(tmp_path / "a.npz")


def test_a_case_without_its_images_opens_with_plan_and_anatomy_and_says_so(tmp_path: Path) -> None:
    case = read_case(saved_case(tmp_path), Silent())
    assert case.plan == PLAN_OF_BALL
    assert case.anatomy is not None
    assert case.volume is None
    assert [finding.code for finding in case.findings] == ["images_missing"]
    look = case.view.structure("lv")
    assert (look.is_visible, look.opacity, look.colour) == (False, 0.4, (0.1, 0.2, 0.3))


def test_a_case_opens_the_images_it_was_made_on(tmp_path: Path) -> None:
    write_series(
        make_volume(),
        tmp_path / "study",
        patient=PatientModule("Ball", "1"),
        study_uid="2.25.1",
        series_uid="2.25.2",
        modality="CT",
        description="Ball",
        series_number=1,
    )
    (series,) = scan_folder(tmp_path / "study").series
    case = read_case(saved_case(tmp_path, series_uid=series.series_uid), Silent())
    assert case.findings == ()
    assert case.volume is not None
    assert np.array_equal(case.volume.voxels, make_volume().voxels)
    assert case.volume.centre_mm == pytest.approx(make_volume().centre_mm)


def test_parts_of_different_patients_do_not_make_a_case(tmp_path: Path) -> None:
    folder = saved_case(tmp_path)
    write_anatomy(make_anatomy("6.6.6"), folder / ANATOMY)
    with pytest.raises(PlannerError, match="different patient spaces"):
        read_case(folder, Silent())


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"format": "x"},
        {"phase": -1},
        {"phase": "0"},
        {"structures": 5},
        {"structures": {"lv": {"colour": 1}}},
        {"structures": {"lv": {"is_visible": True, "colour": [0, 0, 0], "opacity": 7}}},
    ],
)
def test_an_index_that_is_unclear_is_refused(tmp_path: Path, change: dict) -> None:
    folder = saved_case(tmp_path)
    index = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps(index | change))
    with pytest.raises(PlannerError, match="cannot open the case"):
        read_case(folder, Silent())


def test_a_case_without_its_plan_is_refused(tmp_path: Path) -> None:
    folder = saved_case(tmp_path)
    (folder / PLAN).unlink()
    with pytest.raises(PlannerError, match=r"plan\.json"):
        read_case(folder, Silent())
    assert is_case(folder)
    assert not is_case(tmp_path)

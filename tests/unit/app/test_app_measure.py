"""`auricle measure` on a case whose shapes have known sizes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from app.case import Case, write_case
from app.cli import REFUSED, main
from app.measuring import Measured, anatomy_to_json, plane_areas, read_measured, ventricles_to_json
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.progress import Silent
from plan.items import AorticRoot, Contour, CutPlane, Distance
from plan.plan import Plan
from plan.schema import write_plan
from tests.support.ball_patient import CENTRE_MM, FRAME_UID, RADIUS_MM, make_anatomy

THROUGH = CutPlane("Middle", tuple(CENTRE_MM), (0.0, 0.0, 1.0), item_id="p1")


def _smaller(anatomy: Anatomy, factor: float) -> Anatomy:
    surfaces = {
        key: SurfaceMesh((mesh.vertices - CENTRE_MM) * factor + CENTRE_MM, mesh.faces)
        for key, mesh in anatomy.surfaces.items()
    }
    return Anatomy(surfaces, anatomy.frame_of_reference_uid)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    ring = [tuple(CENTRE_MM + [9 * math.cos(t), 9 * math.sin(t), 0]) for t in np.arange(12) * math.pi / 6]
    hinges = [tuple(CENTRE_MM + [11 * math.sin(t), -11 * math.cos(t), 0]) for t in np.radians([0, 120, 240])]
    items = (
        THROUGH,
        Distance("Width", (0, 0, 0), (0, 30, 0)),
        Contour("Ring", tuple(ring)),
        AorticRoot("Root", *hinges, tuple(ring)),
    )
    folder = tmp_path / "ball.auricle"
    write_case(Case(Plan(FRAME_UID, items), make_anatomy()), folder, Silent())
    return folder


def test_a_case_prints_and_writes_every_value(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systole = tmp_path / "systole.auricle"
    write_case(Case(Plan(FRAME_UID), _smaller(make_anatomy(), 0.8)), systole, Silent())
    out = tmp_path / "measures.json"
    options = ["--json", str(out), "--systole", str(systole), "--height-cm", "170", "--weight-kg", "70"]
    assert main(["measure", str(case), *options]) == 0
    content = json.loads(out.read_text())
    assert content["landmark_sd_mm"] == 0.75
    by_name = {item["name"]: {m["key"]: m for m in item["measures"]} for item in content["items"]}
    assert by_name["Width"]["length_mm"]["value"] == 30.0
    assert by_name["Width"]["length_mm"]["plus_minus"] == pytest.approx(1.96 * 0.75 * math.sqrt(2), rel=0.1)
    assert by_name["Ring"]["area_mm2"]["value"] == pytest.approx(math.pi * 81, rel=0.005)
    assert by_name["Root"]["annulus_area_diameter_mm"]["value"] == pytest.approx(18.0, abs=0.1)
    assert by_name["Root"]["left_coronary_height_mm"]["why_not"] == "it is not placed yet"
    (root,) = [item for item in content["items"] if item["name"] == "Root"]
    assert {tilt for _, tilt in root["s_curve_deg"]} == {0.0}
    areas = content["planes"][0]["areas"]
    assert areas["lv_myocardium"]["value"] == pytest.approx(math.pi * RADIUS_MM**2, rel=0.01)
    assert areas["lv"]["value"] == pytest.approx(math.pi * RADIUS_MM**2 / 4, rel=0.01)
    ventricles = content["ventricles"]
    assert ventricles["lv_ejection_fraction_percent"] == pytest.approx(100 * (1 - 0.8**3), abs=1e-6)
    assert ventricles["lv_mass_g"] == pytest.approx(1.05 * content["volumes_ml"]["lv_myocardium"])
    indexed = ventricles["per_m2"]["mosteller"]["lv_mass_g"]
    assert indexed == pytest.approx(ventricles["lv_mass_g"] / math.sqrt(170 * 70 / 3600))
    printed = capsys.readouterr().out
    assert "Width (distance)" in printed
    assert "30.0 ± " in printed
    assert "LV ejection fraction" in printed
    assert "48.8 %" in printed


def test_another_landmark_error_gives_another_band(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "measures.json"
    assert main(["measure", str(case / "plan.json"), "--landmark-sd", "1.5", "--json", str(out)]) == 0
    content = json.loads(out.read_text())
    (width,) = content["items"][0]["measures"]
    assert width["plus_minus"] == pytest.approx(1.96 * 1.5 * math.sqrt(2), rel=0.1)
    assert "volumes_ml" not in content


def test_what_cannot_be_measured_is_refused(case: Path, tmp_path: Path) -> None:
    assert main(["measure", str(tmp_path)]) == REFUSED
    assert main(["measure", str(case), "--height-cm", "170"]) == REFUSED
    assert main(["measure", str(case / "plan.json"), "--systole", str(case)]) == REFUSED
    write_plan(Plan("9.9", (THROUGH,)), case / "plan.json")
    with pytest.raises(PlannerError, match="different patient spaces"):
        read_measured(case)
    larger = _smaller(make_anatomy(), 1.1)
    with pytest.raises(PlannerError, match="no ejection fraction"):
        ventricles_to_json(make_anatomy(), larger, None)


def test_a_plane_beside_a_structure_gives_it_no_area() -> None:
    beside = CutPlane("b", tuple(CENTRE_MM + [0, 0, RADIUS_MM * 0.8]), (0.0, 0.0, 1.0))
    assert list(plane_areas(make_anatomy(), beside)) == ["lv_myocardium"]


def test_the_aorta_is_measured_along_its_middle_line_or_says_why_not() -> None:
    ball = make_anatomy().surfaces["lv"]
    long = SurfaceMesh((ball.vertices - CENTRE_MM) * [1.0, 1.0, 4.0] + CENTRE_MM, ball.faces)
    aorta = anatomy_to_json(Measured(Plan(FRAME_UID), Anatomy({"aorta": long}, FRAME_UID)))["aorta"]
    widest = max(cut["max_diameter_mm"] for cut in aorta["sections"])
    assert widest == pytest.approx(RADIUS_MM, rel=0.01)
    short = anatomy_to_json(Measured(Plan(FRAME_UID), Anatomy({"aorta": ball}, FRAME_UID)))["aorta"]
    assert "too short" in short["why_not"]
    flat = SurfaceMesh((ball.vertices - CENTRE_MM) * [1.0, 2.0, 6.0] + CENTRE_MM, ball.faces)
    aorta = anatomy_to_json(Measured(Plan(FRAME_UID), Anatomy({"aorta": flat}, FRAME_UID)))["aorta"]
    assert "no round tube" in aorta["why_not"]

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.describe import (
    describe_item,
    describe_patient,
    describe_series,
    describe_several,
    describe_study,
    item_lines,
    structure_volume,
)
from app.tools import Tool, hint, points_scene
from app.windowing import FITTED, Window, first_window, presets
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.study import Patient, SeriesKind, Study
from core.volume import Volume
from plan.items import Angle, Contour, CutPlane, Distance, PlaneAngle
from plan.plan import Plan
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM, make_anatomy, make_series, make_volume


def test_a_series_says_modality_size_phases_and_spacing() -> None:
    lines = describe_series(make_series(n_phases=25)).splitlines()
    assert lines == ["CT  Ball", "40 × 40 × 20  ·  25 phases", "2.00 × 2.00 × 4.00 mm"]


def test_patients_and_studies_have_a_name_even_when_the_files_give_none() -> None:
    assert describe_patient(Patient("Doe^Jane", "17"), 1) == "Doe Jane  ·  17"
    assert describe_patient(Patient("", ""), 2) == "Patient 2"
    assert describe_study(Study("1", "20260131", "Heart", ())) == "2026-01-31  ·  Heart"
    assert describe_study(Study("1", "", "", ())) == "Study"


def test_items_say_what_they_measure_and_an_angle_without_sides_says_nothing_wrong() -> None:
    assert describe_item(Distance("d", (0, 0, 0), (3, 4, 0)), Plan()) == "5.0 mm"
    assert describe_item(Angle("a", (1, 0, 0), (0, 0, 0), (0, 1, 0)), Plan()) == "90.0°"
    assert describe_item(Angle("a", (0, 0, 0), (0, 0, 0), (0, 1, 0)), Plan()) == "no angle"
    assert describe_item(CutPlane("p", (0, 0, 0), (0, 0, 1), is_locked=True), Plan()) == "locked"


def test_items_carry_their_band_and_say_why_they_have_no_value() -> None:
    assert describe_item(Distance("d", (0, 0, 0), (30, 40, 0)), Plan(), 0.75).startswith("50.0 ± 2.")
    ring = Contour("c", ((0, 0, 0), (9, 0, 0), (0, 9, 0)))
    assert describe_item(ring, Plan()) == "no area"
    assert "fewer than 6" in item_lines(ring, Plan(), None)[0]
    assert describe_item(PlaneAngle("a", "x", "y"), Plan()) == "no angle"


def test_a_cut_plane_says_what_it_cuts_out_of_each_structure() -> None:
    plane = CutPlane("p", tuple(CENTRE_MM), (0, 0, 1))
    lines = item_lines(plane, Plan(), make_anatomy())
    assert [line.split(": area ")[0] for line in lines] == ["Left ventricle", "LV myocardium"]
    area_mm2 = float(lines[1].split(" area ")[1].split(" mm²")[0])
    assert area_mm2 == pytest.approx(3.14159 * RADIUS_MM**2, rel=0.01)
    assert item_lines(plane, Plan(), None) == ()


def test_an_open_surface_shows_no_volume() -> None:
    mesh = make_anatomy().surfaces["lv"]
    assert structure_volume(make_anatomy(), "lv") == f"{mesh.volume_ml:.1f} ml"
    assert structure_volume(Anatomy({"lv": SurfaceMesh(mesh.vertices, mesh.faces[1:])}), "lv") == "– ml"


@pytest.mark.parametrize(("tool", "n_placed", "word"), [(Tool.ANGLE, 1, "vertex"), (Tool.DISTANCE, 0, "first")])
def test_the_hint_says_which_point_comes_next(tool: Tool, n_placed: int, word: str) -> None:
    assert word in hint(tool, n_placed)
    assert hint(Tool.NAVIGATE, 0) == ""


def test_placed_points_are_seen_before_the_item_is_complete() -> None:
    balls, lines = points_scene(((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
    assert [ball.position_mm[0] for ball in balls] == [0.0, 1.0]
    assert len(lines) == 1
    assert points_scene(((0.0, 0.0, 0.0),))[1] == ()


def test_dragging_right_widens_and_down_darkens_and_no_drag_can_close_the_window() -> None:
    window = Window(100.0, 400.0)
    assert window.dragged(0.1, 0.0).width > 400.0
    assert window.dragged(0.0, 0.1).level > 100.0
    assert window.dragged(-1e3, 0.0).width > 0.0
    with pytest.raises(ValueError, match="positive"):
        Window(0.0, 0.0)


def test_only_ct_has_presets_in_hounsfield_units() -> None:
    ct = make_volume()
    mr = Volume(ct.voxels, ct.patient_from_index, "1", "arbitrary", "MR")
    assert len(presets(ct)) == 5
    assert next(iter(presets(ct).values())) == first_window(ct)
    fitted = first_window(mr)
    assert presets(mr)[FITTED] == fitted == next(iter(presets(mr).values()))
    assert len(presets(mr)) == 5
    darkest, brightest = presets(mr)["Dark parts"], presets(mr)["Bright parts"]
    assert darkest.level - darkest.width / 2.0 == pytest.approx(fitted.level - fitted.width / 2.0)
    assert brightest.level + brightest.width / 2.0 == pytest.approx(fitted.level + fitted.width / 2.0)


def test_several_marked_series_say_what_they_are_marked_for() -> None:
    plane = replace(make_series(frame="2.25.5"), modality="MR", phases=((Path("a"),),) * 2)
    plane = replace(plane, shape=(1, 64, 64))
    other = replace(plane, series_uid="2.25.99")
    assert describe_several((plane, other)) == (
        "2 series are marked.\nReconstruct takes these planes together, all at the phase that is shown.\n"
        "Only the one that is open is played. The phase stays when you go to another plane of this heart."
    )
    elsewhere = replace(other, frame_of_reference_uid="2.25.6")
    assert "cannot be reconstructed together" in describe_several((plane, elsewhere))
    structures = replace(other, kind=SeriesKind.SEGMENTATION)
    assert "one after the other" in describe_several((plane, structures))

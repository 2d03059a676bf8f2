from __future__ import annotations

import json

import DracoPy
import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from ar.headset.compression import LARGEST_ERROR_MM, bits_for, pack_surface
from ar.headset.lesson import lesson_html
from ar.headset.shown import Shown, plan_message, sources_of, structures_message
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.items import CutPlane, Distance, Landmark
from plan.plan import Plan
from render.view import StructureView, ViewState
from tests.support.ball_patient import CENTRE_MM, FRAME_UID, make_anatomy


def _blob(subdivisions: int, radius_mm: float, centre_mm: np.ndarray) -> SurfaceMesh:
    ball = trimesh.creation.icosphere(subdivisions=subdivisions)
    out = np.asarray(ball.vertices)
    bumps = 1.0 + 0.2 * np.sin(5.0 * out[:, :1]) * np.cos(3.0 * out[:, 1:2])
    return SurfaceMesh(out * bumps * radius_mm + centre_mm, np.asarray(ball.faces))


@pytest.mark.parametrize(("radius_mm", "far_mm"), [(5.0, 0.0), (60.0, 150.0), (60.0, 900.0), (200.0, -900.0)])
def test_no_point_of_a_packed_surface_is_farther_off_than_said(radius_mm: float, far_mm: float) -> None:
    mesh = _blob(4, radius_mm, np.array([far_mm, -far_mm, far_mm]))
    packed = pack_surface(mesh)
    copy = DracoPy.decode(packed.draco)
    places = np.asarray(copy.points, dtype=np.float64) + packed.centre_mm
    distance, partner = cKDTree(places).query(mesh.vertices)
    assert packed.error_mm <= LARGEST_ERROR_MM
    assert distance.max() == pytest.approx(packed.error_mm, abs=1e-6)
    # The same triangles, turning the same way, between the same corners.
    wanted = {tuple(np.roll(face, -int(face.argmin()))) for face in partner[mesh.faces]}
    assert wanted == {tuple(np.roll(face, -int(face.argmin()))) for face in np.asarray(copy.faces)}


def test_a_packed_surface_encloses_the_same_volume() -> None:
    mesh = _blob(5, 40.0, CENTRE_MM)
    packed = pack_surface(mesh)
    copy = DracoPy.decode(packed.draco)
    assert SurfaceMesh(copy.points, copy.faces).volume_ml == pytest.approx(mesh.volume_ml, rel=1e-5)
    assert len(packed.draco) < 0.1 * (mesh.vertices.nbytes / 2 + mesh.faces.nbytes / 2)


def test_bits_follow_from_size_and_error() -> None:
    # A grid of 2^bits points over the extent; half its cell's diagonal is the error.
    for extent_mm in (1.0, 37.0, 150.0, 400.0):
        step_mm = extent_mm / (2 ** bits_for(extent_mm, 0.005) - 1)
        assert step_mm * np.sqrt(3.0) / 2.0 <= 0.005
        coarser_mm = extent_mm / (2 ** (bits_for(extent_mm, 0.005) - 1) - 1)
        assert coarser_mm * np.sqrt(3.0) / 2.0 > 0.005


def test_a_copy_that_is_off_is_refused_and_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ar.headset.compression.bits_for", lambda extent_mm, error_mm: 6)
    with pytest.raises(PlannerError, match="is off by"):
        pack_surface(_blob(3, 60.0, CENTRE_MM))


def test_a_structure_without_a_surface_is_not_offered() -> None:
    empty = SurfaceMesh(np.zeros((0, 3)), np.zeros((0, 3)))
    with pytest.raises(PlannerError, match="no surface"):
        pack_surface(empty)


def test_a_surface_keeps_its_random_name() -> None:
    def names_of(mesh: SurfaceMesh) -> list[str]:
        return [*sources_of(Shown(Anatomy({"lv": mesh}), Plan(), ViewState(), 1))]

    one, other = _blob(1, 1.0, CENTRE_MM), _blob(1, 1.0, CENTRE_MM)
    assert names_of(one) == names_of(one) != names_of(other)


def test_structures_are_told_with_the_looks_of_the_window() -> None:
    anatomy = make_anatomy()
    view = ViewState({"lv": StructureView(False, (0.1, 0.2, 0.3), 0.4)})
    told = structures_message(Shown(anatomy, Plan(FRAME_UID), view, 1))
    first = told["structures"][0]  # type: ignore[index]
    assert (first["title"], first["is_visible"], first["opacity"]) == ("Left ventricle", False, 0.4)
    assert first["colour"] == [0.1, 0.2, 0.3]
    assert first["surface"] in sources_of(Shown(anatomy, Plan(FRAME_UID), view, 1))
    assert told["centre_mm"] == pytest.approx(CENTRE_MM)


def test_the_plan_is_told_with_values_in_words_and_planes_with_their_revision() -> None:
    plane = CutPlane("cut", (1, 2, 3), (0, 0, 1), is_locked=True)
    length = Distance("long", (0, 0, 0), (3, 4, 0))
    mark = Landmark("apex", (7, 8, 9))
    told = plan_message(Shown(None, Plan("", (plane, length, mark)), ViewState(), 9, plane.item_id))
    assert (told["revision"], told["held_id"]) == (9, plane.item_id)
    assert told["planes"][0]["is_locked"] is True  # type: ignore[index]
    measured = told["items"][0]["measures"][0]["text"]  # type: ignore[index]
    assert measured == "5.0 mm"
    assert told["labels"][1]["text"] == "apex"  # type: ignore[index]
    assert told["lines"][0]["points_mm"] == [[0, 0, 0], [3, 4, 0]]  # type: ignore[index]


def test_a_lesson_holds_everything_and_a_name_cannot_break_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ar.headset.lesson.read_lesson_page", lambda: "<body><!-- lesson --></body>")
    plan = Plan(FRAME_UID, (Landmark("</script><script>alert(1)</script>", (0, 0, 0)),))
    html = lesson_html(Shown(make_anatomy(), plan, ViewState(), 1, has_names=True))
    assert html.count("</script>") == 1
    content = json.loads(html.split('id="lesson">')[1].split("</script>")[0])
    assert len(content["surfaces"]) == 2
    assert content["plan"]["items"][0]["name"].startswith("</script>")
    assert FRAME_UID not in html


def test_a_lesson_that_would_be_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ar.headset.lesson.read_lesson_page", lambda: "x" * 15_000_000 + "<!-- lesson -->")
    with pytest.raises(PlannerError, match="15 MB"):
        lesson_html(Shown(make_anatomy(), Plan(FRAME_UID), ViewState(), 1))
    with pytest.raises(PlannerError, match="no surface"):
        lesson_html(Shown(None, Plan(FRAME_UID), ViewState(), 1))

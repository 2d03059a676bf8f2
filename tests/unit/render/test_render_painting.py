"""Millimetres of uncertainty as colours: always the same ones, nothing where nothing is known, and said in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from plan.items import CutPlane
from plan.plan import Plan
from render.compose import compose
from render.dragging import Ray
from render.offscreen import render_image
from render.picking import pick_surface
from render.scene import CameraView, Scene
from render.steadiness import steadiness_under
from render.steadiness_colours import UNKNOWN, colours_of, oklab
from render.view import ViewState

FRAME_UID = "1.2.826.0.1.1"
FRONT = CameraView((0.0, -260.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
PAINT = ViewState(paint_uncertainty=True, show_cut_planes=False)
STEADY, MIDDLE, UNSTEADY = (59, 69, 168), (66, 170, 141), (255, 232, 87)
HALF = CutPlane("half", (0.0, 0.0, 0.0), (0.0, -1.0, 0.0))
GRAZING = CutPlane("graze", (0.0, -15.0, 0.0), (0.0, -1.0, 0.0))


def _with_field(mesh: SurfaceMesh, values: np.ndarray | float) -> SurfaceMesh:
    return replace(mesh, fields={"uncertainty_mm": np.broadcast_to(values, len(mesh.vertices)).copy()})


def _ball(two_balls: Anatomy, values: np.ndarray | float) -> Anatomy:
    """The left ball with values; the right one without."""
    lv = _with_field(two_balls.surfaces["lv"], values)
    return replace(two_balls, surfaces={**two_balls.surfaces, "lv": lv})


def _draw(scene: Scene) -> np.ndarray:
    return render_image(replace(scene, legend=None), 160, 120, FRONT, (0.0, 0.0, 0.0)).astype(int)


def _column(x_mm: float) -> int:
    return round(79.5 + x_mm * 60.0 / (260.0 * np.tan(np.radians(15.0))))


def test_the_colours_of_0_2_and_4_mm_are_the_stated_ones_and_beyond_4_nothing_changes():
    found = colours_of(np.array([0.0, 2.0, 4.0, 4.5, 10.0, np.inf]))
    np.testing.assert_array_equal(found, [STEADY, MIDDLE, UNSTEADY, UNSTEADY, UNSTEADY, UNSTEADY])


def test_unknown_has_a_colour_that_no_value_has():
    (unknown,) = colours_of(np.array([np.nan]))
    np.testing.assert_array_equal(unknown, np.rint(255.0 * np.array(UNKNOWN)))
    scale = oklab(colours_of(np.linspace(0.0, 4.0, 400)) / 255.0)
    assert np.linalg.norm(scale - oklab(unknown[None] / 255.0), axis=1).min() > 0.1


def test_equal_steps_of_millimetres_look_equally_far_apart_and_only_get_lighter():
    scale = oklab(colours_of(np.linspace(0.0, 4.0, 18)) / 255.0)
    steps = np.linalg.norm(np.diff(scale, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.15
    assert (np.diff(scale[:, 0]) > 0.5 * np.diff(scale[:, 0]).mean()).all()


@pytest.mark.parametrize(
    "rgb_seen",
    [
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    ],
    ids=["deuteranopia", "protanopia"],
)
def test_eyes_that_confuse_red_and_green_see_every_half_millimetre(rgb_seen):
    """Source: Machado, Oliveira, Fernandes, IEEE TVCG 15(6), 2009; severity 1.0."""
    rgb = colours_of(np.linspace(0.0, 4.0, 9)) / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(rgb_seen).T, 0.0, 1.0)
    seen = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1.0 / 2.4) - 0.055)
    assert np.linalg.norm(np.diff(oklab(seen), axis=0), axis=1).min() > 0.04


@pytest.mark.parametrize(("mm", "colour"), [(0.0, STEADY), (2.0, MIDDLE), (7.0, UNSTEADY)])
def test_a_painted_surface_facing_the_viewer_has_the_colour_of_the_legend(two_balls, mm, colour):
    picture = _draw(compose(_ball(two_balls, mm), Plan(FRAME_UID), PAINT))
    np.testing.assert_allclose(picture[60, _column(30.0)], colour, atol=22)


def test_without_painting_the_values_change_nothing(two_balls):
    view = ViewState(show_cut_planes=False)
    plain = _draw(compose(two_balls, Plan(FRAME_UID), view))
    np.testing.assert_array_equal(_draw(compose(_ball(two_balls, 2.0), Plan(FRAME_UID), view)), plain)


def test_a_surface_without_values_keeps_its_colour_and_the_legend_names_it(two_balls):
    scene = compose(_ball(two_balls, 2.0), Plan(FRAME_UID), PAINT)
    assert [surface.is_painted for surface in scene.surfaces] == [True, False]
    assert scene.legend.not_painted == ("Right ventricle",)
    red, _, blue = _draw(scene)[60, _column(-30.0)]
    assert blue > red + 60


def test_unknown_is_striped_grey_and_no_colour_fades_into_it(two_balls):
    vertices = two_balls.surfaces["lv"].vertices
    values = np.where(vertices[:, 0] > 30.0, np.nan, 4.0)
    picture = _draw(compose(_ball(two_balls, values), Plan(FRAME_UID), PAINT))
    row = picture[60, _column(34.0) : _column(44.0)]
    assert (np.ptp(row, axis=1) <= 3).all(), "grey"
    column = picture[50:71, _column(38.0), 0]
    assert column.max() > 1.4 * column.min(), "light and dark stripes"
    known = picture[60, _column(24.0)]
    assert known[0] - known[2] > 100, "yellow"


def test_a_painted_surface_is_opaque_and_one_without_values_keeps_its_opacity(two_balls):
    view = PAINT.with_structure("lv", opacity=0.3).with_structure("rv", opacity=0.4)
    scene = compose(_ball(two_balls, 2.0), Plan(FRAME_UID), view)
    assert [surface.opacity for surface in scene.surfaces] == [1.0, 0.4]


def test_a_cut_keeps_the_values_and_its_cap_the_colour_of_the_structure(two_balls):
    anatomy = _ball(two_balls, 4.0)
    scene = compose(anatomy, Plan(FRAME_UID, (HALF,)), PAINT)
    lv = scene.surfaces[0]
    np.testing.assert_allclose(lv.mesh.fields["uncertainty_mm"], 4.0)
    red, green, _ = _draw(scene)[60, _column(30.0)]
    assert red > 2 * green, "the cap is red as the left ventricle is, not yellow"
    red, green, _ = _draw(compose(anatomy, Plan(FRAME_UID, (GRAZING,)), PAINT))[60, _column(47.0)]
    assert green > 0.7 * red, "beside the cap the wall is yellow"


def test_the_legend_is_in_the_picture_with_every_colour_of_the_scale(two_balls):
    scene = compose(_ball(two_balls, 2.0), Plan(FRAME_UID), PAINT)
    away = replace(scene, surfaces=())
    for background in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)):
        corner = render_image(away, 400, 300, FRONT, background)[:160, :340].reshape(-1, 3).astype(int)
        for mm in (0.05, 1.0, 2.0, 3.0, 3.95):
            away_from = np.abs(corner - colours_of(np.array([mm])).astype(int)).max(axis=1)
            assert away_from.min() <= 6, f"{mm} mm on {background}"
    bare = render_image(replace(away, legend=None), 400, 300, FRONT)
    assert len(np.unique(bare.reshape(-1, 3), axis=0)) == 1


def test_a_line_of_sight_reads_the_value_between_vertices_and_unknown_as_unknown(two_balls):
    vertices = two_balls.surfaces["lv"].vertices
    values = np.where(vertices[:, 2] > 8.0, np.nan, 1.0 + (vertices[:, 0] - 30.0) / 100.0)
    scene = compose(_ball(two_balls, values), Plan(FRAME_UID), PAINT)
    for x, z in ((30.0, 0.0), (38.3, -4.0)):
        ray = Ray(np.array([x, -100.0, z]), np.array([0.0, 1.0, 0.0]))
        key, mm = steadiness_under(scene, ray)
        assert key == "lv"
        assert mm == pytest.approx(1.0 + (pick_surface(scene, ray)[1][0] - 30.0) / 100.0, abs=1e-9)
    key, mm = steadiness_under(scene, Ray(np.array([30.0, -100.0, 14.0]), np.array([0.0, 1.0, 0.0])))
    assert key == "lv"
    assert np.isnan(mm)


def test_a_cap_and_a_surface_without_values_read_nothing(two_balls):
    scene = compose(_ball(two_balls, 1.0), Plan(FRAME_UID, (HALF,)), PAINT)
    along = np.array([0.0, 1.0, 0.0])
    assert steadiness_under(scene, Ray(np.array([30.0, -100.0, 0.0]), along)) is None
    assert steadiness_under(scene, Ray(np.array([-30.0, -100.0, 0.0]), along)) is None
    assert steadiness_under(scene, Ray(np.array([30.0, 100.0, 0.0]), -along))[1] == pytest.approx(1.0)

"""The image on a cut plane in space, the rims on it, and the volume as a whole: places against geometry."""

from __future__ import annotations

import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkRenderer

from core.anatomy import Anatomy
from core.volume import Volume
from plan.items import CutBox, CutCurve, CutPlane
from plan.plan import Plan
from render.camera import looking_along
from render.compose import compose
from render.cut_actors import border
from render.cut_images import cut_image
from render.cutting import cut_with_caps
from render.offscreen import render_image
from render.scene import CutImage, Scene, Surface, VolumeLook
from render.stage import Stage
from render.view import ViewState
from render.volume_looks import VOLUME_PRESETS, fits
from tests.unit.render.conftest import FRAME_UID

WINDOW = (0.0, 200.0)


def ramp(shape: tuple[int, int, int] = (50, 60, 70)) -> Volume:
    """Values that name their place: x + 2 y + 3 z of LPS mm; 60 mm to each side of the origin or less."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0.1, 0.0, 0.9], [0.0, 1.1, 0.0], [1.2, 0.0, -0.1]])
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape) - 1.0) / 2.0)
    places = np.indices(shape).reshape(3, -1).T @ matrix[:3, :3].T + matrix[:3, 3]
    return Volume((places @ [1.0, 2.0, 3.0]).reshape(shape).astype(np.float32), matrix, FRAME_UID, "HU", "CT")


def value_at(image: CutImage, place: np.ndarray) -> tuple[float, np.ndarray]:
    """The grey value at a place (right, down) of the picture, and the LPS position that the corners give it."""
    matrix = np.column_stack([image.places, np.ones(len(image.places))])
    to_mm = np.linalg.lstsq(matrix, image.corners_mm, rcond=None)[0]
    rows, columns = image.picture.shape
    column, row = place * (columns, rows) - 0.5
    return float(image.picture[round(row), round(column)]), np.array([*place, 1.0]) @ to_mm


def test_every_value_on_a_cut_plane_lies_where_the_patient_has_it() -> None:
    plane = CutPlane("a", (3.0, -2.0, 4.0), (0.3, -0.8, 0.5))
    image = cut_image(ramp(), plane, (), 60.0, WINDOW)
    heights = (image.corners_mm - plane.origin_mm) @ np.array(plane.normal)
    assert heights == pytest.approx(np.zeros(len(heights)), abs=1e-9)
    middle = image.places.mean(axis=0)
    for step in ((0.0, 0.0), (0.2, -0.1), (-0.15, 0.2)):
        grey, at_mm = value_at(image, middle + step)
        wanted = (at_mm @ [1.0, 2.0, 3.0] + 100.0) / 200.0 * 255.0
        # Half a pixel of 0.9 mm at a slope of 3.7 per mm is 2 grey values.
        assert grey == pytest.approx(np.clip(wanted, 0, 255), abs=2.5)


def test_the_image_ends_where_the_volume_ends_and_where_other_planes_have_cut_it() -> None:
    volume = ramp()
    plane, other = CutPlane("a", (0, 0, 0), (0, 0, 1.0)), CutPlane("b", (5.0, 0, 0), (1.0, 0, 0))
    whole = cut_image(volume, plane, (), 500.0, WINDOW)
    index = volume.indices_from_patient(whole.corners_mm)
    assert (index >= -1e-6).all()
    assert (index <= np.array(volume.shape) - 1 + 1e-6).all()
    halved = cut_image(volume, plane, (other,), 500.0, WINDOW)
    assert halved.corners_mm[:, 0].max() == pytest.approx(5.0)
    assert halved.corners_mm[:, 0].min() == pytest.approx(whole.corners_mm[:, 0].min())
    beyond = CutPlane("c", (0, 0, 900.0), (0, 0, 1.0))
    assert cut_image(volume, beyond, (), 500.0, WINDOW) is None


def test_the_border_of_a_cap_is_as_long_as_the_circle_that_was_cut(make_ball) -> None:
    surface = cut_with_caps(make_ball(30.0), [CutPlane("a", (0, 0, 10.0), (0, 0, 1.0))])
    edges = border(surface.mesh.faces[-surface.n_cap_faces :])
    ends = surface.mesh.vertices[edges]
    assert ends[..., 2] == pytest.approx(np.full(ends.shape[:2], 10.0))
    length = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()
    assert length == pytest.approx(2 * np.pi * np.sqrt(30.0**2 - 10.0**2), rel=0.01)


def test_the_image_is_seen_on_the_cut_instead_of_the_cap_with_the_rim_around(make_ball) -> None:
    anatomy = Anatomy({"lv": make_ball(20.0)}, FRAME_UID)
    plane = CutPlane("a", (0, 0, 0), (0, -1.0, 0))
    plan = Plan(FRAME_UID, (plane,))
    scene = compose(anatomy, plan, ViewState(show_cut_planes=False))
    half = Volume(np.where(ramp().voxels > 0, 100, -100).astype(np.int16), ramp().patient_from_index, FRAME_UID)
    image = cut_image(half, plane, (), 70.0, WINDOW)
    camera = looking_along((0, 0, 0), (0, -1.0, 0), (0, 0, 1.0), 30.0)
    picture = render_image(Scene(scene.surfaces, images=(image,)), 200, 200, camera).astype(int)
    # x + 3 z on this plane: bright at the head's end, which is up.
    bright, dark = picture[65, 100], picture[135, 100]
    assert bright.min() > 230
    assert dark.max() < 25
    colour = scene.surfaces[0].colour
    rim = np.abs(picture / 255.0 - colour).max(axis=2) < 0.12
    rows, columns = np.nonzero(rim)
    # The reach of 30 mm meets the border of the picture: 200 pixels are a little over 60 mm.
    away = np.hypot(rows - 99.5, columns - 99.5)
    assert len(away) > 150
    assert np.median(away) == pytest.approx(20.0 / (30.0 / np.cos(np.radians(15.0))) * 100.0, abs=2.0)


def test_the_volume_is_drawn_at_its_place_and_cut_by_the_planes() -> None:
    shape = (40, 40, 40)
    places = np.indices(shape).reshape(3, -1).T - 19.5
    ball = (np.linalg.norm(places * [1.5, 1.0, 1.0] - [0.0, 0.0, 6.0], axis=1) < 10.0).reshape(shape)
    matrix = np.zeros((4, 4))
    # Slices towards the head, rows to the back, columns to the left.
    matrix[2, 0], matrix[1, 1], matrix[0, 2], matrix[3, 3] = 1.5, 1.0, 1.0, 1.0
    matrix[:3, 3] = -matrix[:3, :3] @ np.full(3, 19.5)
    volume = Volume(np.where(ball, 500, -500).astype(np.int16), matrix, FRAME_UID, "HU", "CT")
    camera = looking_along((0, 0, 0), (0, -1.0, 0), (0, 0, 1.0), 30.0)
    picture = render_image(Scene(rendering=VolumeLook(volume, "ct_vessels")), 160, 160, camera, (0, 0, 0))
    rows, columns = np.nonzero(picture.max(axis=2) > 40)
    mm_per_px = 2.0 * 30.0 / np.cos(np.radians(15.0)) / 160.0
    assert (columns.mean() - 79.5) * mm_per_px == pytest.approx(6.0, abs=0.7), (
        "the patient's left is on the right"
    )
    assert (rows.mean() - 79.5) * mm_per_px == pytest.approx(0.0, abs=0.7)
    assert np.ptp(rows) * mm_per_px == pytest.approx(20.0, abs=2.5)
    above = VolumeLook(volume, "ct_vessels", (((0, 0, 0), (0, 0, 1.0)),))
    cut = render_image(Scene(rendering=above), 160, 160, camera, (0, 0, 0))
    rows, _ = np.nonzero(cut.max(axis=2) > 40)
    assert rows.min() * mm_per_px == pytest.approx(79.5 * mm_per_px, abs=1.5), "what lies above is hidden"


def test_a_dragged_plane_cuts_the_same_volume_actor_anew() -> None:
    stage, volume = Stage(vtkRenderer()), ramp()
    stage.show(Scene(rendering=VolumeLook(volume, "ct_soft")))
    actor = stage._rendering[1]
    stage.show(Scene(rendering=VolumeLook(volume, "ct_soft", (((0, 0, 0), (0, 0, 1.0)),))))
    assert stage._rendering[1] is actor
    assert actor.GetMapper().GetClippingPlanes().GetNumberOfItems() == 1
    stage.show(Scene(rendering=VolumeLook(volume, "ct_bone")))
    assert stage._rendering[1] is not actor
    stage.clear()
    assert stage._rendering is None


def test_presets_are_offered_for_what_their_values_mean() -> None:
    ct = ramp()
    mr = Volume(ct.voxels, ct.patient_from_index, FRAME_UID, "arbitrary", "MR")
    assert [key for key in VOLUME_PRESETS if fits(key, ct)] == ["ct_vessels", "ct_soft", "ct_bone"]
    assert [key for key in VOLUME_PRESETS if fits(key, mr)] == ["mr"]


def test_a_translucent_ball_is_denser_at_its_rim_and_an_opaque_one_has_a_dark_outline(make_ball) -> None:
    camera = looking_along((0, 0, 0), (0, -1.0, 0), (0, 0, 1.0), 30.0)
    ball = make_ball(20.0)

    def seen(opacity: float, background: tuple[float, float, float]) -> np.ndarray:
        scene = Scene((Surface("lv", ball, (0.9, 0.3, 0.2), opacity),))
        return render_image(scene, 200, 200, camera, background)[100].astype(float)

    # How much of the background comes through: what black and white backgrounds do not have in common.
    through = (seen(0.3, (1, 1, 1)) - seen(0.3, (0, 0, 0))).mean(axis=1) / 255.0
    middle, rim = through[100], through[161]
    assert middle == pytest.approx((1.0 - 0.3) ** 2, abs=0.05)
    assert rim < 0.25
    opaque = seen(1.0, (0, 0, 0)).mean(axis=1)
    assert opaque[162] < 0.6 * opaque[140]


def test_boxes_end_the_image_and_curves_take_their_part_out_of_it() -> None:
    volume, plane = ramp(), CutPlane("a", (1.0, 2.0, 3.0), (0.2, -0.3, 0.9))
    box = CutBox("b", (-8.0, -11.0, -20.0), (9.0, 12.0, 25.0))
    image = cut_image(volume, plane, (box,), 60.0, (0.0, 2000.0))
    low, high = box.bounds_mm
    assert (image.corners_mm >= low - 1e-9).all()
    assert (image.corners_mm <= high + 1e-9).all()
    assert image.is_shown.all()
    turn = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    rim = tuple((5.0 * np.cos(t), 5.0 * np.sin(t), 0.0) for t in turn)
    for keeps_inside in (False, True):
        bored = cut_image(
            volume, plane, (CutCurve("c", rim, (0, 0, 1), keeps_inside=keeps_inside),), 60.0, (0.0, 2000.0)
        )
        rows, columns = bored.picture.shape
        for row, column in ((rows // 2, columns // 2), (rows // 2, columns // 2 + 9), (3, 4)):
            _, at_mm = value_at(bored, (np.array([column, row]) + 0.5) / (columns, rows))
            assert bored.is_shown[row, column] == ((np.hypot(*at_mm[:2]) < 5.0) == keeps_inside)


def test_black_air_of_a_ct_hides_nothing_and_other_images_are_shown_whole() -> None:
    volume, plane = ramp(), CutPlane("a", (0.0, 0.0, -15.0), (0.0, 0.0, 1.0))
    image = cut_image(volume, plane, (), 60.0, WINDOW)
    hidden = ~image.is_shown
    assert hidden.any()
    assert (image.picture[hidden] == 0).all()
    assert (image.picture[image.is_shown] > 0).mean() > 0.98
    mr = Volume(volume.voxels, volume.patient_from_index, FRAME_UID, "", "MR")
    assert cut_image(mr, plane, (), 60.0, WINDOW).is_shown.all()


def test_what_lies_behind_a_hole_of_the_image_is_seen_through_it() -> None:
    corners = np.array([(-20.0, 0.0, 20.0), (20.0, 0.0, 20.0), (20.0, 0.0, -20.0), (-20.0, 0.0, -20.0)])
    places = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    is_shown = np.ones((40, 40), dtype=bool)
    is_shown[:, 20:] = False
    front = CutImage("front", corners, places, np.full((40, 40), 200, np.uint8), is_shown)
    back = CutImage("back", corners + [0.0, 15.0, 0.0], places, np.full((40, 40), 90, np.uint8))
    camera = looking_along((0.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), 30.0)
    for images in ((front, back), (back, front)):
        picture = render_image(Scene(images=images, camera=camera), 120, 120)
        left, right = (int(picture[60, column].mean()) for column in (48, 72))
        assert (left, right) == (pytest.approx(200, abs=3), pytest.approx(90, abs=3))

"""The window's renderer touches only what changed, picks exactly, drags planes, and leaves nothing behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import pyvista
from vtkmodules.vtkRenderingCore import vtkCellPicker

from plan.items import CutPlane, Landmark
from plan.plan import Plan
from render.compose import compose
from render.plane_frame import arrow_mm
from render.renderer import SceneRenderer
from render.scene import CameraView, Scene
from render.view import ViewState
from render.viewport import display_from_patient

FRAME_UID = "1.2.826.0.1.1"
OBLIQUE = CameraView((180.0, -220.0, 90.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
PLANE = CutPlane("half", (0.0, 5.0, 0.0), (0.0, -1.0, 0.0))


@pytest.fixture(scope="module")
def plotter() -> Iterator[pyvista.Plotter]:
    plotter = pyvista.Plotter(off_screen=True, window_size=(320, 240))
    plotter.iren.initialize()
    yield plotter
    plotter.close()


@pytest.fixture
def renderer(plotter) -> Iterator[SceneRenderer]:
    renderer = SceneRenderer(plotter)
    yield renderer
    renderer.close()


def _scene(anatomy, *items) -> Scene:
    return compose(anatomy, Plan(FRAME_UID, items), ViewState.default(anatomy), OBLIQUE)


def _actors(plotter) -> set[int]:
    return {id(actor) for actor in plotter.renderer.GetActors()}


def _drag(plotter, *pixels: np.ndarray) -> None:
    interactor = plotter.iren.interactor
    places = [np.rint(pixel).astype(int).tolist() for pixel in pixels]
    interactor.SetEventInformation(*places[0])
    interactor.LeftButtonPressEvent()
    for place in places[1:]:
        interactor.SetEventInformation(*place)
        interactor.MouseMoveEvent()
    interactor.LeftButtonReleaseEvent()


def test_only_what_changed_is_replaced(plotter, renderer, two_balls):
    landmark = Landmark("Apex", (0.0, 0.0, 0.0))
    renderer.show(_scene(two_balls, landmark))
    before = _actors(plotter)
    scene = _scene(two_balls, landmark)
    lv, rv = scene.surfaces
    renderer.show(replace(scene, surfaces=(replace(lv, colour=(0.0, 1.0, 0.0)), rv)))
    assert _actors(plotter) == before
    renderer.show(_scene(two_balls, landmark, Landmark("Base", (1.0, 0.0, 0.0))))
    assert _actors(plotter) > before
    renderer.show(_scene(two_balls))
    assert _actors(plotter) < before


def test_the_cube_of_directions_is_shown_only_where_they_are_known(plotter, renderer, two_balls):
    renderer.show(_scene(two_balls))
    drawn = []
    for is_known in (True, False, True):
        renderer.show_orientation(is_known)
        corner = plotter.screenshot(return_img=True)[-40:, :40, :3].astype(int)
        drawn.append(bool((np.abs(corner - corner[0, 0]) > 40).any()))
    assert drawn == [True, False, True]


def test_a_cut_replaces_the_surfaces_it_meets_and_keeps_the_other(plotter, renderer, two_balls):
    renderer.show(_scene(two_balls))
    before = _actors(plotter)
    renderer.show(
        compose(
            two_balls,
            Plan(FRAME_UID, (CutPlane("left", (30.0, 0.0, 0.0), (1.0, 0.0, 0.0)),)),
            ViewState(show_cut_planes=False),
            OBLIQUE,
        )
    )
    assert len(_actors(plotter) & before) == 1
    assert len(_actors(plotter)) == 2


def test_the_users_camera_stays_when_the_same_camera_is_composed_again(renderer, two_balls):
    renderer.show(_scene(two_balls))
    turned = CameraView((-300.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    renderer.look(turned)
    renderer.show(_scene(two_balls, PLANE))
    assert renderer.camera == turned


def test_without_a_camera_the_patient_is_seen_from_the_front(plotter, renderer, two_balls):
    renderer.show(replace(_scene(two_balls), camera=None))
    plotter.render()
    position, focal = np.array(renderer.camera.position_mm), np.array(renderer.camera.focal_mm)
    np.testing.assert_allclose((focal - position) / np.linalg.norm(focal - position), [0.0, 1.0, 0.0])
    assert renderer.camera.up == (0.0, 0.0, 1.0)


def test_picking_names_the_structure_and_agrees_with_vtk_to_a_micrometre(plotter, renderer, two_balls):
    renderer.show(_scene(two_balls, CutPlane("p", (30.0, 0.0, 4.0), (0.3, -1.0, 0.8))))
    picker = vtkCellPicker()
    picker.SetTolerance(0.0)
    n_hits = 0
    for x in range(10, 320, 14):
        for y in range(60, 190, 14):
            picked = renderer.pick(x, y)
            assert (picked is not None) == bool(picker.Pick(x, y, 0.0, plotter.renderer))
            if picked is not None:
                n_hits += 1
                assert picked[0] == ("lv" if picked[1][0] > 0 else "rv")
                np.testing.assert_allclose(picked[1], picker.GetPickPosition(), atol=1e-3)
    assert n_hits > 15


def test_a_plane_dragged_by_its_ball_moves_along_its_normal(plotter, renderer, two_balls):
    scene = _scene(two_balls, PLANE)
    renderer.show(scene)
    moved, released = [], []
    renderer.drag_planes(lambda *place: moved.append(place), lambda *place: released.append(place))
    camera = renderer.camera
    goal_mm = np.array(PLANE.origin_mm) + 20.0 * np.array(PLANE.normal)
    start, end = display_from_patient(plotter.renderer, np.stack([PLANE.origin_mm, goal_mm]))
    _drag(plotter, start, (start + end) / 2.0, end)
    assert len(moved) == 2
    assert released == [moved[-1]]
    item_id, origin_mm, normal = released[0]
    assert item_id == PLANE.item_id
    assert normal == PLANE.normal
    np.testing.assert_allclose(origin_mm, goal_mm, atol=1.0)
    assert renderer.camera == camera


def test_a_plane_dragged_by_its_tip_tilts_about_its_origin(plotter, renderer, two_balls):
    scene = _scene(two_balls, PLANE)
    renderer.show(scene)
    released = []
    renderer.drag_planes(lambda *_: None, lambda *place: released.append(place))
    foot, tip = arrow_mm(scene.planes[0])
    wanted = np.array([0.3, -1.0, 0.4]) / np.linalg.norm([0.3, -1.0, 0.4])
    goal_mm = foot + np.linalg.norm(tip - foot) * wanted
    _drag(plotter, *display_from_patient(plotter.renderer, np.stack([tip, goal_mm])))
    ((_, origin_mm, normal),) = released
    assert origin_mm == PLANE.origin_mm
    assert np.degrees(np.arccos(np.dot(normal, wanted))) < 4.0


@pytest.mark.parametrize("is_locked", [True, False])
def test_a_press_beside_the_handles_or_on_a_locked_plane_is_left_to_the_camera(
    plotter, renderer, two_balls, is_locked
):
    renderer.show(_scene(two_balls, replace(PLANE, is_locked=is_locked)))
    calls = []
    renderer.drag_planes(lambda *place: calls.append(place), lambda *place: calls.append(place))
    camera = renderer.camera
    handle = display_from_patient(plotter.renderer, np.array([PLANE.origin_mm]))[0]
    start = handle if is_locked else handle - 80.0
    _drag(plotter, start, start + 30.0)
    assert calls == []
    assert renderer.camera != camera


def test_a_click_on_a_handle_without_movement_changes_nothing(plotter, renderer, two_balls):
    renderer.show(_scene(two_balls, PLANE))
    calls = []
    dragger = renderer.drag_planes(lambda *place: calls.append(place), lambda *place: calls.append(place))
    _drag(plotter, display_from_patient(plotter.renderer, np.array([PLANE.origin_mm]))[0])
    assert calls == []
    assert not dragger.is_dragging


def test_nothing_is_left_after_the_plotter_is_closed(two_balls):
    plotter = pyvista.Plotter(off_screen=True, window_size=(64, 48))
    renderer = SceneRenderer(plotter)
    renderer.show(_scene(two_balls, PLANE, Landmark("Apex", (0.0, 0.0, 0.0))))
    dragger = renderer.drag_planes(lambda *_: None, lambda *_: None)
    left = [
        weakref.ref(thing) for thing in (renderer, dragger, plotter, plotter.renderer, plotter.iren.interactor)
    ]
    left += [weakref.ref(actor) for actor in plotter.renderer.GetActors()]
    renderer.close()
    plotter.close()
    del plotter, renderer, dragger
    gc.collect()
    assert [thing() for thing in left] == [None] * len(left)

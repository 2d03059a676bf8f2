from __future__ import annotations

import numpy as np
import pytest

from core.frames import rotation_from_vector
from core.volume import LabelMap
from plan.label_layers import Layer, layer_through
from plan.label_shapes import ball_voxels, disc_voxels, is_inside

SHAPE = (12, 30, 40)


def grid(
    turn: tuple[float, float, float] = (0, 0, 0), spacing: tuple[float, float, float] = (3.0, 1.0, 1.5)
) -> LabelMap:
    matrix = np.eye(4)
    # Slices up, rows to the back, columns to the left, as a scanner stores them.
    matrix[:3, :3] = rotation_from_vector(np.array(turn)) @ np.eye(3)[:, ::-1] * spacing
    matrix[:3, 3] = [-20.0, 5.0, 100.0]
    return LabelMap(np.zeros(SHAPE, np.uint8), matrix, {1: "lv"}, "1.2.3")


def unravelled(flat: np.ndarray) -> np.ndarray:
    return np.stack(np.unravel_index(flat, SHAPE), axis=1)


def all_columns(layer: Layer) -> np.ndarray:
    first, second = (SHAPE[axis] for axis in layer.others)
    return np.indices((first, second)).reshape(2, -1).T


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plane_along_the_grid_cuts_one_whole_slice(axis: int) -> None:
    label_map = grid()
    index = np.array([5.0, 5.0, 5.0])
    origin = label_map.patient_from_indices(index[None])[0]
    layer = layer_through(label_map, origin, label_map.axes[:, axis])
    assert layer.thickness_mm == pytest.approx(label_map.spacing_mm[axis])
    found = unravelled(layer.voxels(all_columns(layer)))
    assert (found[:, axis] == 5).all()
    assert len(found) == np.prod(SHAPE) / SHAPE[axis]
    beside = unravelled(layer.shifted(2).voxels(all_columns(layer)))
    assert (beside[:, axis] == 7).all()


def test_half_way_between_two_slices_one_of_them_is_cut() -> None:
    label_map = grid()
    for place in (5.5, 5.5 - 1e-9, 5.5 + 1e-9):
        origin = label_map.patient_from_indices(np.array([[place, 0, 0]]))[0]
        layer = layer_through(label_map, origin, label_map.axes[:, 0])
        assert set(unravelled(layer.voxels(all_columns(layer)))[:, 0]) == {5}


def test_an_oblique_plane_takes_one_voxel_of_each_column_and_its_point_is_in_that_voxel() -> None:
    label_map = grid((0.3, -0.2, 0.1))
    normal = np.array([0.1, 0.25, 0.96]) / np.linalg.norm([0.1, 0.25, 0.96])
    layer = layer_through(label_map, label_map.centre_mm, normal)
    columns = all_columns(layer)
    places = layer.places_mm(columns)
    np.testing.assert_allclose((places - label_map.centre_mm) @ normal, 0.0, atol=1e-9)
    np.testing.assert_allclose(layer.columns_of(places), columns, atol=1e-9)
    index = label_map.indices_from_patient(places)
    inside = (np.abs(index - np.rint(index)) <= 0.5).all(axis=1)
    inside &= (np.rint(index) >= 0).all(axis=1) & (np.rint(index) < SHAPE).all(axis=1)
    expected = {tuple(row) for row in np.rint(index[inside]).astype(int)}
    assert {tuple(row) for row in unravelled(layer.voxels(columns))} == expected
    assert layer.meets_grid()
    assert not layer_through(label_map, label_map.centre_mm + 500.0 * normal, normal).meets_grid()


def test_a_disc_covers_the_voxels_whose_centres_lie_within_its_radius() -> None:
    label_map = grid()
    centre = label_map.patient_from_indices(np.array([[4.0, 15.0, 20.0]]))[0]
    layer = layer_through(label_map, centre, label_map.axes[:, 0])
    path = np.array([centre, centre + 6.0 * label_map.axes[:, 2]])
    found = set(disc_voxels(layer, path, 4.0).tolist())
    places = label_map.patient_from_indices(np.indices(SHAPE).reshape(3, -1).T)
    along = np.clip((places - centre) @ label_map.axes[:, 2], 0.0, 6.0)
    away = np.linalg.norm(places - centre - along[:, None] * label_map.axes[:, 2], axis=1)
    is_in_slice = np.repeat(np.arange(SHAPE[0]) == 4, SHAPE[1] * SHAPE[2])
    assert found == set(np.flatnonzero((away <= 4.0) & is_in_slice).tolist())


def test_a_ball_covers_the_voxels_of_all_slices_within_its_radius() -> None:
    label_map = grid((0.2, 0.1, -0.3))
    centre = label_map.centre_mm
    found = set(ball_voxels(label_map, centre[None], 5.0).tolist())
    places = label_map.patient_from_indices(np.indices(SHAPE).reshape(3, -1).T)
    assert set(np.flatnonzero(np.linalg.norm(places - centre, axis=1) <= 5.0).tolist()) <= found
    extra = found - set(np.flatnonzero(np.linalg.norm(places - centre, axis=1) <= 5.0).tolist())
    assert len(extra) <= 1  # the voxel that the middle itself lies in


def test_a_brush_finer_than_the_grid_takes_the_voxel_it_points_at() -> None:
    label_map = grid()
    at = label_map.patient_from_indices(np.array([[4.0, 15.4, 20.4]]))
    layer = layer_through(label_map, at[0], label_map.axes[:, 0])
    assert unravelled(disc_voxels(layer, at, 0.05)).tolist() == [[4, 15, 20]]
    assert unravelled(ball_voxels(label_map, at, 0.05)).tolist() == [[4, 15, 20]]


def test_outside_of_the_grid_there_is_nothing_to_paint() -> None:
    label_map = grid()
    away = label_map.centre_mm + 400.0
    layer = layer_through(label_map, away, label_map.axes[:, 0])
    assert len(disc_voxels(layer, away[None], 5.0)) == 0
    assert len(ball_voxels(label_map, away[None], 5.0)) == 0


def test_inside_is_what_an_odd_number_of_polygons_encloses() -> None:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.random.default_rng(0).uniform(-12, 12, (4000, 2))
    distance = np.linalg.norm(points, axis=1)
    found = is_inside(points, [10.0 * ring, 4.0 * ring])
    sure = (np.abs(distance - 10.0) > 0.05) & (np.abs(distance - 4.0) > 0.05)
    np.testing.assert_array_equal(found[sure], ((distance > 4.0) & (distance < 10.0))[sure])


def test_a_side_through_a_point_row_is_crossed_once() -> None:
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    points = np.stack(np.meshgrid(np.arange(-1.0, 6.0), np.arange(-1.0, 6.0), indexing="ij"), axis=-1).reshape(
        -1, 2
    )
    assert is_inside(points, [square]).sum() == 16

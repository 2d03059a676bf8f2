"""Slices show the right voxel at the right pixel, on the right side, at any tilt."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from core.frames import rigid, rotation_from_vector
from core.volume import LabelMap, Volume
from render.slicing import (
    SlicePlane,
    contours,
    extract,
    fitting_spacing_mm,
    orientation_letters,
    orthogonal_plane,
    patient_from_pixels,
    pixels_from_patient,
)

RNG = np.random.default_rng(3)
SIZE_PX = (96, 80)
PLAIN = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])


def _tilted_affine() -> np.ndarray:
    """Slices 2 mm, rows 1.1 mm, columns 0.8 mm, turned about no axis in particular."""
    return (
        rigid(np.array([0.3, -0.5, 0.2]), np.array([-20.0, 10.0, 5.0])) @ PLAIN @ np.diag([2.0, 1.1, 0.8, 1.0])
    )


def _tilted_plane(volume: Volume | LabelMap) -> SlicePlane:
    axes = rotation_from_vector(np.array([0.1, 0.2, 0.9]))
    return SlicePlane(
        tuple(volume.centre_mm + np.array([1.3, -0.4, 2.2])), tuple(axes[:, 0]), tuple(axes[:, 1])
    )


def _all_pixels() -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1])), axis=-1).reshape(-1, 2)


def test_a_ramp_along_the_patients_axes_is_read_back_exactly_at_every_pixel():
    affine = _tilted_affine()
    indices = np.stack(np.meshgrid(*map(np.arange, (30, 50, 60)), indexing="ij"), axis=-1).reshape(-1, 3)
    weights = np.array([1.7, -2.3, 0.9])
    positions = Volume(np.zeros((1, 1, 1)), affine).patient_from_indices(indices)
    volume = Volume((positions @ weights).reshape(30, 50, 60), affine)
    plane = _tilted_plane(volume)
    image = extract(volume, plane, SIZE_PX, 0.25)
    points = patient_from_pixels(plane, SIZE_PX, 0.25, _all_pixels())
    assert not np.isnan(image).any()
    np.testing.assert_allclose(image.ravel(), points @ weights, atol=1e-3)


@pytest.mark.parametrize("dtype", ["int16", "uint8", "uint16", ">i2", "float32", "float64", "bool"])
def test_oblique_slices_agree_with_scipy(dtype):
    voxels = (RNG.random((20, 40, 50)) * 200).astype(dtype)
    volume = Volume(voxels, _tilted_affine())
    plane = _tilted_plane(volume)
    image = extract(volume, plane, SIZE_PX, 0.7).ravel()
    indices = volume.indices_from_patient(patient_from_pixels(plane, SIZE_PX, 0.7, _all_pixels()))
    expected = map_coordinates(voxels.astype(float), indices.T, order=1, mode="nearest")
    is_inside = ((indices > -0.5) & (indices < np.array(volume.shape) - 0.5)).all(axis=1)
    assert 0.3 < is_inside.mean() < 1.0
    np.testing.assert_array_equal(np.isnan(image), ~is_inside)
    np.testing.assert_allclose(image[is_inside], expected[is_inside], atol=0.02)


def test_a_pixel_on_a_voxel_centre_shows_that_voxel_and_its_neighbours_the_next():
    volume = Volume(RNG.random((9, 11, 13)), PLAIN)
    image = extract(volume, orthogonal_plane(volume, "axial", (0.0, 0.0, 3.0)), (13, 11), 1.0)
    np.testing.assert_allclose(image, volume.voxels[3], rtol=1e-6)


def test_a_single_plane_is_shown_within_half_its_thickness_and_not_beyond():
    volume = Volume(np.full((1, 8, 8), 5.0), PLAIN @ np.diag([6.0, 1.0, 1.0, 1.0]))
    near = extract(volume, orthogonal_plane(volume, "axial", (0.0, 0.0, 2.9)), (8, 8), 1.0)
    far = extract(volume, orthogonal_plane(volume, "axial", (0.0, 0.0, 3.1)), (8, 8), 1.0)
    np.testing.assert_array_equal(near, 5.0)
    assert np.isnan(far).all()


@pytest.mark.parametrize(
    ("orientation", "bright_lps", "expected_corner"),
    [
        ("axial", (-1, -1, 0), "top left"),  # the patient's right is on the left, anterior is up
        ("axial", (1, 1, 0), "bottom right"),
        ("coronal", (-1, 0, 1), "top left"),  # head up
        ("sagittal", (0, -1, 1), "top left"),  # anterior on the left, as radiologists read it
    ],
)
def test_the_bright_corner_of_a_phantom_appears_where_radiologists_expect_it(
    orientation, bright_lps, expected_corner
):
    affine = _tilted_affine()
    indices = np.stack(np.meshgrid(*map(np.arange, (24, 44, 60)), indexing="ij"), axis=-1).reshape(-1, 3)
    volume = Volume(np.zeros((24, 44, 60)), affine)
    away_mm = volume.patient_from_indices(indices) - (volume.centre_mm + 12.0 * np.array(bright_lps))
    volume = Volume((np.linalg.norm(away_mm, axis=1) < 5.0).astype(np.uint8).reshape(24, 44, 60), affine)
    image = extract(volume, orthogonal_plane(volume, orientation, volume.centre_mm), (60, 60), 1.0)
    row, column = np.argwhere(image > 0.5).mean(axis=0)
    seen = f"{'top' if row < 29.5 else 'bottom'} {'left' if column < 29.5 else 'right'}"
    assert seen == expected_corner
    assert abs(row - 29.5) == pytest.approx(12.0, abs=0.5)


def test_letters_name_the_directions_of_each_standard_plane():
    volume = Volume(np.zeros((4, 5, 6)), _tilted_affine())
    letters = {
        name: orientation_letters(orthogonal_plane(volume, name, volume.centre_mm))
        for name in ("axial", "coronal", "sagittal")
    }
    assert letters == {
        "axial": ("R", "L", "A", "P"),
        "coronal": ("R", "L", "S", "I"),
        "sagittal": ("A", "P", "S", "I"),
    }


def test_letters_of_a_tilted_plane_name_both_directions_the_stronger_first():
    angle = np.radians(30.0)
    plane = SlicePlane((0, 0, 0), (np.cos(angle), np.sin(angle), 0.0), (0.0, 0.0, -1.0))
    assert orientation_letters(plane) == ("RA", "LP", "S", "I")


def test_a_plane_that_is_not_square_is_refused():
    with pytest.raises(ValueError, match="right angles"):
        SlicePlane((0, 0, 0), (1.0, 0.0, 0.0), (0.6, 0.8, 0.0))


def test_pixels_lead_to_the_patient_and_back():
    plane = _tilted_plane(Volume(np.zeros((4, 5, 6)), _tilted_affine()))
    pixels = RNG.uniform(-10, 100, (20, 2))
    points = patient_from_pixels(plane, SIZE_PX, 0.6, pixels)
    np.testing.assert_allclose((points - plane.origin_mm) @ plane.normal, 0.0, atol=1e-9)
    np.testing.assert_allclose(pixels_from_patient(plane, SIZE_PX, 0.6, points), pixels, atol=1e-9)


def test_the_plane_passes_through_the_crosshair_while_the_picture_stays_where_it_is():
    volume = Volume(np.zeros((40, 50, 60)), _tilted_affine())
    crosshair = volume.centre_mm + np.array([7.0, -4.0, 3.0])
    plane = orthogonal_plane(volume, "coronal", crosshair)
    assert (crosshair - plane.origin_mm) @ plane.normal == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose((volume.centre_mm - plane.origin_mm)[[0, 2]], 0.0, atol=1e-9)


def test_the_fitting_picture_holds_every_voxel():
    volume = Volume(np.ones((10, 30, 40)), _tilted_affine())
    plane = orthogonal_plane(volume, "axial", volume.centre_mm)
    spacing_mm = fitting_spacing_mm(volume, plane, SIZE_PX)
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in volume.shape])).reshape(3, -1).T
    pixels = pixels_from_patient(plane, SIZE_PX, spacing_mm, volume.patient_from_indices(corners))
    assert pixels.min() >= -0.5 - 1e-9
    assert (pixels.max(axis=0) <= np.array(SIZE_PX) - 0.5 + 1e-9).all()
    assert (np.ptp(pixels, axis=0) / SIZE_PX).max() == pytest.approx(1.0)


def test_contours_lie_on_the_boundary_of_the_same_ball_in_the_image(make_ball):
    """The image holds the ball's signed distance: it is zero on the boundary to far below a voxel."""
    affine = _tilted_affine()
    volume = Volume(np.zeros((40, 70, 90)), affine)
    centre, radius_mm = volume.centre_mm + np.array([0.3, 0.7, -0.2]), 22.0
    indices = np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    distance_mm = np.linalg.norm(volume.patient_from_indices(indices) - centre, axis=1) - radius_mm
    volume = Volume(distance_mm.reshape(volume.shape), affine)
    plane, spacing_mm = _tilted_plane(volume), 0.5
    (line,) = contours(make_ball(radius_mm, tuple(centre), 5), plane, (140, 140), spacing_mm)
    image = extract(volume, plane, (140, 140), spacing_mm)
    away_mm = map_coordinates(image, line[:, ::-1].T, order=1)
    assert np.abs(away_mm).max() < 0.1
    np.testing.assert_array_equal(line[0], line[-1])


def test_contours_enclose_the_pixels_labelled_with_the_structure(make_ball):
    affine = _tilted_affine()
    grid = LabelMap(np.zeros((60, 100, 130), np.uint8), affine)
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    is_inside = np.linalg.norm(grid.patient_from_indices(indices) - grid.centre_mm, axis=1) < 25.0
    labels = LabelMap(is_inside.astype(np.uint8).reshape(grid.shape), affine, {1: "lv"})
    plane = orthogonal_plane(labels, "axial", labels.centre_mm + np.array([0.0, 0.0, 4.0]))
    image = extract(labels, plane, (120, 120), 0.5)
    (line,) = contours(make_ball(25.0, tuple(labels.centre_mm), 5), plane, (120, 120), 0.5)
    x, y = line.T
    area_px = abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2.0
    assert set(np.unique(image)) == {0.0, 1.0}
    assert (image == 1).sum() == pytest.approx(area_px, rel=0.01)
    np.testing.assert_allclose(np.argwhere(image == 1).mean(axis=0)[::-1], line[:-1].mean(axis=0), atol=0.2)

"""The metrics on shapes whose answers are known, and against trimesh and SciPy."""

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from core.mesh import SurfaceMesh
from recon.quality import (
    area_mm2,
    dice,
    distances_to,
    mask_distances_mm,
    points_on,
    surface_distances_mm,
    volume_error_percent,
)


def _sphere(radius_mm: float, subdivisions: int = 5) -> SurfaceMesh:
    ball = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius_mm)
    return SurfaceMesh(ball.vertices, ball.faces)


def _square(height_mm: float, side_mm: float = 10.0) -> SurfaceMesh:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * side_mm
    return SurfaceMesh(np.column_stack([corners, np.full(4, height_mm)]), [[0, 1, 2], [0, 2, 3]])


def test_concentric_spheres_are_two_millimetres_apart_by_every_measure():
    distances = surface_distances_mm(_sphere(20.0), _sphere(22.0))
    for value in (distances.assd_mm, distances.hd95_mm, distances.max_mm, distances.mean_a_to_b_mm):
        assert value == pytest.approx(2.0, abs=0.02)


def test_parallel_squares_are_their_offset_apart_wherever_they_lie():
    far = np.array([-180.0, 250.0, -1400.0])
    a, b = _square(0.0), _square(1.25)
    shifted = [SurfaceMesh(mesh.vertices + far, mesh.faces) for mesh in (a, b)]
    distances = surface_distances_mm(*shifted)
    assert distances.assd_mm == pytest.approx(1.25, abs=1e-4)
    assert distances.max_mm == pytest.approx(1.25, abs=1e-4)


def test_the_mean_over_both_areas_weighs_the_larger_surface_more():
    """A small square 1 mm above a large one: 1 mm one way, more the other, joined by area."""
    small = SurfaceMesh(_square(1.0).vertices + np.array([45.0, 45.0, 0.0]), _square(1.0).faces)
    large = _square(0.0, 100.0)
    distances = surface_distances_mm(small, large)
    assert distances.mean_a_to_b_mm == pytest.approx(1.0, abs=1e-4)
    assert distances.max_mm == pytest.approx(np.sqrt(2 * 45.0**2 + 1.0), abs=1e-3)
    joined = (1.0 * 100.0 + distances.mean_b_to_a_mm * 10_000.0) / 10_100.0
    assert distances.assd_mm == pytest.approx(joined, rel=1e-9)


def test_the_95th_percentile_looks_past_a_small_spike():
    plain = _sphere(20.0)
    vertices = plain.vertices.copy()
    vertices[0] *= 1.5
    distances = surface_distances_mm(SurfaceMesh(vertices, plain.faces), plain)
    assert distances.max_mm == pytest.approx(10.0, abs=0.05)
    assert distances.hd95_mm < 0.05


def test_order_of_the_surfaces_only_swaps_the_one_way_means():
    a, b = _sphere(20.0, 3), _sphere(23.0, 3)
    forth, back = surface_distances_mm(a, b), surface_distances_mm(b, a)
    assert forth.assd_mm == pytest.approx(back.assd_mm)
    assert forth.mean_a_to_b_mm == pytest.approx(back.mean_b_to_a_mm)


def test_point_distances_agree_with_trimesh_on_an_ellipsoid():
    sphere = _sphere(1.0, 3)
    ellipsoid = SurfaceMesh(sphere.vertices * [40.0, 30.0, 20.0], sphere.faces)
    points = np.random.default_rng(5).uniform(-50, 50, (200, 3))
    corners = ellipsoid.vertices[ellipsoid.faces]
    pairs = np.tile(corners, (len(points), 1, 1)), np.repeat(points, len(corners), axis=0)
    apart = np.linalg.norm(trimesh.triangles.closest_point(*pairs) - pairs[1], axis=1)
    expected = apart.reshape(len(points), -1).min(axis=1)
    np.testing.assert_allclose(distances_to(ellipsoid, points), expected, atol=1e-4)


def test_surface_distances_agree_with_a_tree_of_dense_samples():
    sphere = _sphere(1.0, 4)
    a = SurfaceMesh(sphere.vertices * [40.0, 30.0, 20.0], sphere.faces)
    b = SurfaceMesh(sphere.vertices * [36.0, 33.0, 22.0] + [2.0, -1.0, 0.5], sphere.faces)
    cloud = {key: mesh.sample(200_000, seed=3) for key, mesh in (("a", _trimesh(a)), ("b", _trimesh(b)))}
    a_to_b = cKDTree(cloud["b"]).query(cloud["a"][::10])[0]
    b_to_a = cKDTree(cloud["a"]).query(cloud["b"][::10])[0]
    distances = surface_distances_mm(a, b)
    assert distances.mean_a_to_b_mm == pytest.approx(a_to_b.mean(), abs=0.03)
    assert distances.mean_b_to_a_mm == pytest.approx(b_to_a.mean(), abs=0.03)
    assert distances.hd95_mm == pytest.approx(
        max(np.percentile(a_to_b, 95), np.percentile(b_to_a, 95)), abs=0.05
    )


def _trimesh(mesh: SurfaceMesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def test_samples_lie_on_the_surface_and_spread_by_area():
    large, small = _square(0.0, 30.0), _square(5.0, 10.0)
    both = SurfaceMesh(
        np.concatenate([large.vertices, small.vertices]), np.concatenate([large.faces, small.faces + 4])
    )
    points = points_on(both, 10_000)
    assert set(np.unique(points[:, 2])) == {0.0, 5.0}
    assert (points[:, 2] == 0.0).mean() == pytest.approx(0.9, abs=0.001)
    on_large = points[points[:, 2] == 0.0, :2]
    counts, _, _ = np.histogram2d(on_large[:, 0], on_large[:, 1], bins=5, range=[[0, 30]] * 2)
    assert counts.min() > 0.95 * counts.mean()
    assert area_mm2(both) == pytest.approx(1000.0)


def test_a_surface_without_triangles_is_refused():
    empty = SurfaceMesh(np.zeros((0, 3)), np.zeros((0, 3), dtype=int))
    with pytest.raises(ValueError, match="without area"):
        surface_distances_mm(empty, _square(0.0))
    with pytest.raises(ValueError, match="without triangles"):
        distances_to(empty, np.zeros((1, 3)))


def test_dice_of_half_shifted_slabs_is_one_half():
    a, b = np.zeros((20, 4, 4), dtype=bool), np.zeros((20, 4, 4), dtype=bool)
    a[0:8], b[4:12] = True, True
    assert dice(a, b) == 0.5
    assert dice(a, a) == 1.0
    assert dice(a, ~a) == 0.0
    assert dice(np.zeros(3), np.zeros(3)) == 1.0
    with pytest.raises(ValueError, match="different shapes"):
        dice(a, b[1:])


def test_masks_of_shifted_slabs_are_their_shift_apart_in_millimetres():
    a, b = np.zeros((1, 30, 40), dtype=bool), np.zeros((1, 30, 40), dtype=bool)
    a[0, 10:20, :], b[0, 14:24, :] = True, True
    far = mask_distances_mm(a, b, np.array([5.0, 0.5, 3.0]))
    assert far.max_mm == pytest.approx(2.0)
    assert mask_distances_mm(a, a, np.array([5.0, 0.5, 3.0])).assd_mm == 0.0
    with pytest.raises(ValueError, match="at least one voxel"):
        mask_distances_mm(a, np.zeros_like(a), np.ones(3))


def test_masks_of_nested_balls_are_the_difference_of_the_radii_apart():
    index = np.indices((60, 60, 60)) - 29.5
    radius = np.sqrt((index**2).sum(axis=0))
    distances = mask_distances_mm(radius < 24, radius < 20, np.ones(3))
    assert distances.assd_mm == pytest.approx(4.0, abs=0.25)


def test_volume_error_is_signed_and_in_percent_of_the_truth():
    assert volume_error_percent(99.0, 100.0) == pytest.approx(-1.0)
    with pytest.raises(ValueError, match="positive"):
        volume_error_percent(1.0, 0.0)

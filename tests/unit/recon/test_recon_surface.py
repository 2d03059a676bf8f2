"""Surfaces of shapes that are known exactly: where they lie, how large they are, and that they are sound."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.errors import Cancelled, PlannerError
from core.frames import rigid
from core.mesh import SurfaceMesh
from core.progress import Reporting
from core.volume import LabelMap, Volume
from recon.surface import conformal_surfaces, conformal_surfaces_of_labels, surface_at_level
from recon.surfaces.triangles import triangle_quality

BALL_CENTRE = np.array([35.3, 35.1, 34.8])


def _radius(shape: tuple[int, int, int], centre: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.moveaxis(np.indices(shape), 0, -1) - centre, axis=-1)


def _ball_field(radius: float = 30.0) -> np.ndarray:
    return (radius - _radius((71, 70, 72), BALL_CENTRE)).astype(np.float32)


def _surface_of_field(field: np.ndarray, affine: np.ndarray, **options) -> SurfaceMesh:
    """The surface of one field that is positive inside."""
    return conformal_surfaces(np.stack([-field, field]), affine, {1: "lv"}, **options)["lv"]


def _ball_ml(radius_mm: float) -> float:
    return 4.0 / 3.0 * np.pi * radius_mm**3 / 1000.0


def _p01_quality(mesh: SurfaceMesh) -> float:
    return float(np.percentile(triangle_quality(mesh.vertices[mesh.faces]), 1))


def _map(labels: np.ndarray, affine: np.ndarray | None = None, key: str = "lv") -> LabelMap:
    return LabelMap(labels.astype(np.uint8), np.eye(4) if affine is None else affine, {1: key})


OBLIQUE = rigid(np.array([0.4, -0.7, 0.2]), np.array([-120.0, 35.0, 900.0]))
MIRRORED = OBLIQUE @ np.diag([1.0, -1.0, 1.0, 1.0])


@pytest.mark.parametrize("affine", [np.eye(4), OBLIQUE, MIRRORED], ids=["straight", "oblique", "mirrored"])
def test_a_ball_given_as_a_field_comes_out_where_it_lies_with_outward_normals(affine: np.ndarray):
    mesh = _surface_of_field(_ball_field(), affine)
    centre = (affine @ [*BALL_CENTRE, 1.0])[:3]
    radii = np.linalg.norm(mesh.vertices - centre, axis=1)
    assert mesh.is_closed
    assert np.abs(radii - 30.0).max() < 0.06  # a little outside, so that flat triangles enclose the volume
    assert mesh.volume_ml == pytest.approx(_ball_ml(30.0), rel=0.002)


def test_the_level_is_chosen_so_that_the_target_volume_is_enclosed():
    target_ml = 100.0
    mesh = _surface_of_field(_ball_field(), np.eye(4), volumes_ml={"lv": target_ml})
    radii = np.linalg.norm(mesh.vertices - BALL_CENTRE, axis=1)
    assert mesh.volume_ml == pytest.approx(target_ml, rel=1e-3)
    errors = np.abs(radii - np.cbrt(target_ml * 750.0 / np.pi))
    # A few vertices in fifteen thousand are held at the rim of their cell.
    assert np.percentile(errors, 99.9) < 0.07
    assert errors.max() < 0.15


def test_triangles_are_well_shaped_and_have_the_size_asked_for():
    for triangle_mm in (1.0, 2.5):
        mesh = _surface_of_field(_ball_field(), np.eye(4), triangle_mm=triangle_mm)
        sides = np.linalg.norm(
            mesh.vertices[mesh.faces] - mesh.vertices[np.roll(mesh.faces, 1, axis=1)], axis=-1
        )
        assert _p01_quality(mesh) > 0.75
        assert np.median(sides) == pytest.approx(triangle_mm, rel=0.2)


def test_a_ball_given_as_labels_keeps_its_volume_and_loses_its_staircase():
    label_map = _map(_ball_field() > 0)
    mesh = conformal_surfaces_of_labels(label_map)["lv"]
    errors = np.linalg.norm(mesh.vertices - BALL_CENTRE, axis=1) - 30.0
    assert mesh.is_closed
    assert mesh.volume_ml == pytest.approx(label_map.volumes_ml()["lv"], rel=1e-3)
    assert abs(errors.mean()) < 0.02
    assert errors.std() < 0.1


@pytest.mark.parametrize(("slice_mm", "rms_mm"), [(3.0, 0.15), (8.0, 0.4)])
def test_an_ellipsoid_survives_thick_slices(slice_mm: float, rms_mm: float):
    centre, half_axes = np.array([49.3, 39.7, 40.2]), np.array([40.0, 30.0, 25.0])
    positions = np.moveaxis(np.indices((int(100 / slice_mm) + 1, 80, 80)), 0, -1) * [slice_mm, 1.0, 1.0]
    inside = (((positions - centre) / half_axes) ** 2).sum(axis=-1) < 1.0
    label_map = _map(inside, np.diag([slice_mm, 1.0, 1.0, 1.0]))
    mesh = conformal_surfaces_of_labels(label_map)["lv"]
    scaled = (mesh.vertices - centre) / half_axes
    size = np.linalg.norm(scaled, axis=1)
    errors_mm = size * (size - 1.0) / np.linalg.norm(scaled / half_axes, axis=1)
    assert mesh.is_closed
    assert mesh.volume_ml == pytest.approx(label_map.volumes_ml()["lv"], rel=2e-3)
    assert np.sqrt((errors_mm**2).mean()) < rms_mm
    assert _p01_quality(mesh) > 0.7


@pytest.mark.parametrize("wall_mm", [2.0, 8.0])
def test_a_cup_keeps_its_wall(wall_mm: float):
    radius = _radius((90, 90, 90), np.array([44.3, 45.1, 44.8]))
    inside = (radius < 36.0) & (radius > 36.0 - wall_mm) & (np.arange(90) < 60)[:, None, None]
    label_map = _map(inside, key="lv_myocardium")
    mesh = conformal_surfaces_of_labels(label_map)["lv_myocardium"]
    radii = np.linalg.norm(mesh.vertices - [44.3, 45.1, 44.8], axis=1)
    below_rim = mesh.vertices[:, 0] < 55.0
    outer, inner = radii[below_rim & (radii > 36 - wall_mm / 2)], radii[below_rim & (radii < 36 - wall_mm / 2)]
    assert mesh.is_closed
    assert mesh.volume_ml == pytest.approx(label_map.volumes_ml()["lv_myocardium"], rel=0.006)
    assert outer.mean() - inner.mean() == pytest.approx(wall_mm, abs=0.1)
    assert np.abs(outer - 36.0).max() < 0.6


def test_a_hollow_ball_has_an_inner_surface_that_faces_its_hollow():
    radius = _radius((70, 70, 70), np.full(3, 34.5))
    mesh = conformal_surfaces_of_labels(_map((radius < 28) & (radius > 23)))["lv"]
    radii = np.linalg.norm(mesh.vertices - 34.5, axis=1)
    assert mesh.is_closed
    assert np.percentile(radii, [1, 99]) == pytest.approx([23.0, 28.0], abs=0.2)
    assert mesh.volume_ml == pytest.approx(_ball_ml(28) - _ball_ml(23), rel=0.01)


def test_a_structure_that_leaves_the_grid_is_closed_half_a_voxel_beyond_it():
    affine = np.diag([4.0, 1.0, 1.0, 1.0])
    labels = np.zeros((12, 40, 40))
    labels[:, 10:30, 10:30] = 1
    mesh = conformal_surfaces_of_labels(_map(labels, affine))["lv"]
    assert mesh.is_closed
    assert mesh.bounds_mm[:, 0] == pytest.approx([-2.0, 46.0], abs=0.3)
    assert mesh.volume_ml == pytest.approx(48 * 20 * 20 / 1000.0, rel=1e-3)


def test_specks_are_dropped_and_large_parts_stay():
    labels = np.zeros((50, 60, 60))
    labels[5:45, 5:25, 5:25] = 1
    labels[5:45, 35:50, 35:50] = 1
    labels[2:4, 56:58, 2:4] = 1
    parts_ml = (16.0, 9.0)
    both = conformal_surfaces_of_labels(_map(labels))["lv"]
    largest = conformal_surfaces_of_labels(_map(labels), smallest_part=1.0)["lv"]
    assert both.volume_ml == pytest.approx(sum(parts_ml), rel=1e-3)
    assert largest.volume_ml == pytest.approx(parts_ml[0], rel=1e-3)
    assert largest.bounds_mm[1, 1] < 30.0


def test_only_named_structures_that_occur_get_a_surface():
    labels = np.zeros((20, 20, 20), dtype=np.uint8)
    labels[4:14, 4:14, 4:14] = 3
    surfaces = conformal_surfaces_of_labels(LabelMap(labels, np.eye(4), {1: "lv", 3: "rv", 0: "background"}))
    assert list(surfaces) == ["rv"]


def test_cancelling_stops_the_surfaces_at_the_next_report():
    reports: list[float] = []
    labels = np.zeros((20, 20, 20), dtype=np.uint8)
    labels[4:14, 4:10, 4:14], labels[4:14, 10:14, 4:14] = 1, 2
    progress = Reporting(lambda stage, done: reports.append(done), lambda: len(reports) == 1)
    with pytest.raises(Cancelled):
        conformal_surfaces_of_labels(LabelMap(labels, np.eye(4), {1: "a", 2: "b"}), progress=progress)
    assert reports == [0.0]


def test_an_empty_field_is_refused_with_the_reason():
    with pytest.raises(PlannerError, match="no structure wins"):
        _surface_of_field(np.full((5, 5, 5), -1.0), np.eye(4))
    with pytest.raises(PlannerError, match="brighter than 300"):
        surface_at_level(Volume(np.zeros((4, 4, 4)), np.eye(4)), 300.0)


def test_the_surface_of_an_image_lies_at_the_level_between_voxels():
    image = np.repeat(np.arange(20.0)[:, None, None], 12, axis=1).repeat(12, axis=2) * 10.0
    mesh = surface_at_level(Volume(image, np.diag([2.0, 1.0, 1.0, 1.0])), 73.0)
    assert mesh.is_closed
    flat = mesh.vertices[(np.abs(mesh.vertices[:, 1:] - 5.5) < 4).all(axis=1)]
    assert flat[flat[:, 0] < 20.0, 0] == pytest.approx(7.3 * 2.0, abs=1e-5)


@pytest.mark.parametrize("affine", [OBLIQUE, MIRRORED], ids=["oblique", "mirrored"])
def test_the_surface_of_a_noisy_integer_image_is_closed_even_with_voxels_on_the_level(affine: np.ndarray):
    noisy = np.random.default_rng(7).integers(-3, 4, (24, 25, 26)).astype(np.int16)
    mesh = surface_at_level(Volume(noisy, affine), 0.0)
    corners = mesh.vertices[mesh.faces]
    doubled = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    assert mesh.is_closed
    assert mesh.volume_ml > 0
    assert doubled.min() > 0


def test_keep_largest_leaves_one_bright_part():
    image = np.zeros((30, 30, 30), dtype=np.int16)
    image[3:13, 3:13, 3:13], image[20:25, 20:25, 20:25] = 100, 100
    volume = Volume(image, np.eye(4))
    assert surface_at_level(volume, 50.0).bounds_mm[1, 0] > 20
    assert surface_at_level(volume, 50.0, keep_largest=True).bounds_mm[1, 0] < 14


@settings(max_examples=12, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(
    seed=st.integers(0, 10_000),
    grain=st.floats(1.5, 4.0),
    spacing_mm=st.tuples(*[st.floats(0.8, 3.0)] * 3),
    share=st.floats(0.15, 0.4),
)
def test_any_blob_becomes_a_manifold_with_its_own_volume(seed, grain, spacing_mm, share):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((24, 26, 28)), grain)
    label_map = _map(noise > np.quantile(noise, 1.0 - share), np.diag([*spacing_mm, 1.0]))
    mesh = conformal_surfaces_of_labels(label_map, smallest_part=0.0)["lv"]
    assert mesh.is_closed
    # Blobs hardly larger than a voxel are at the limit of what walls between voxels can hold.
    limit = 0.002 if grain >= 2.5 else 0.015
    assert mesh.volume_ml == pytest.approx(label_map.volumes_ml()["lv"], rel=limit)

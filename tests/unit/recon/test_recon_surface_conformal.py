"""Walls between several structures: one surface that neighbours share, sound whatever the labels are."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.frames import rigid
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from recon.mesh_report import mesh_report
from recon.surface import conformal_surfaces_of_labels, multi_surface, multi_surface_of_labels
from recon.surfaces.multi import MultiSurface
from recon.surfaces.nets import mixed_cells
from recon.surfaces.triangles import triangle_quality
from recon.surfaces.wellcomposed import make_well_composed

CENTRE = np.array([23.3, 24.1, 22.8])
POINTS = np.moveaxis(np.indices((48, 49, 47)), 0, -1) - CENTRE
OBLIQUE = rigid(np.array([0.4, -0.7, 0.2]), np.array([-120.0, 35.0, 900.0]))
MIRRORED = OBLIQUE @ np.diag([1.0, -1.0, 1.0, 1.0])


def _with_background(*fields: np.ndarray) -> np.ndarray:
    inside = np.stack(fields)
    return np.concatenate([-inside.max(axis=0, keepdims=True), inside]).astype(np.float32)


def _half_balls(radius: float = 18.0) -> np.ndarray:
    ball = radius - np.linalg.norm(POINTS, axis=-1)
    return _with_background(np.minimum(ball, POINTS[..., 0]), np.minimum(ball, -POINTS[..., 0]))


def _all(surface: MultiSurface) -> SurfaceMesh:
    return SurfaceMesh(surface.vertices, surface.faces)


def _assert_sound(surface: MultiSurface) -> None:
    for key, mesh in surface.structures().items():
        report = mesh_report(mesh)
        assert mesh.is_closed, key
        assert (report.n_nonmanifold_edges, report.n_nonmanifold_vertices) == (0, 0), key
        assert mesh.volume_ml > 0, key
    assert mesh_report(_all(surface)).n_self_intersections == 0


def _area_mm2(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0)


@pytest.mark.parametrize("affine", [np.eye(4), OBLIQUE, MIRRORED], ids=["straight", "oblique", "mirrored"])
def test_two_half_balls_share_the_disc_between_them(affine: np.ndarray):
    surface = multi_surface(_half_balls(), affine, {1: "a", 2: "b"})
    _assert_sound(surface)
    disc = surface.shared("a", "b")
    index = (surface.vertices[np.unique(disc)] - affine[:3, 3]) @ affine[:3, :3] - CENTRE
    meshes = surface.structures()
    off_disc, from_axis = np.abs(index[:, 0]), np.hypot(index[:, 1], index[:, 2])
    assert off_disc[from_axis < 16.5].max() < 0.05
    assert off_disc.max() < 0.25  # the sharp rim is rounded off between samples
    assert _area_mm2(surface.vertices, disc) == pytest.approx(np.pi * 18.0**2, rel=0.035)
    assert sum(mesh.volume_ml for mesh in meshes.values()) == pytest.approx(4 / 3 * np.pi * 5.832, rel=0.004)
    assert meshes["a"].volume_ml == pytest.approx(meshes["b"].volume_ml, rel=0.003)


def test_neighbours_have_the_same_triangles_in_opposite_turn_at_their_wall():
    surface = multi_surface(_half_balls(), np.eye(4), {1: "a", 2: "b"})
    meshes = surface.structures()

    def turns(mesh: SurfaceMesh, step: int) -> set[bytes]:
        corners = mesh.vertices[mesh.faces][:, ::step]
        first = np.lexsort(corners.transpose(2, 0, 1), axis=1)[:, 0] if len(corners) else []
        order = (np.asarray(first)[:, None] + np.arange(3)) % 3
        return {row.tobytes() for row in np.take_along_axis(corners, order[..., None], axis=1)}

    n_shared = len(turns(meshes["a"], 1) & turns(meshes["b"], -1))
    assert n_shared == len(surface.shared("a", "b")) > 500
    assert n_shared == len(surface.shared("b", "a"))


def test_shells_around_each_other_enclose_what_they_should():
    radius = np.linalg.norm(POINTS, axis=-1)
    scores = _with_background(
        10.0 - radius, np.minimum(radius - 10.0, 14.0 - radius), np.minimum(radius - 14.0, 19.0 - radius)
    )
    surface = multi_surface(scores, np.eye(4), {1: "core", 2: "middle", 3: "outer"})
    _assert_sound(surface)
    ball = {r: 4 / 3 * np.pi * r**3 / 1000.0 for r in (10, 14, 19)}
    wanted = {"core": ball[10], "middle": ball[14] - ball[10], "outer": ball[19] - ball[14]}
    found = {key: mesh.volume_ml for key, mesh in surface.structures().items()}
    assert found == pytest.approx(wanted, rel=0.006)
    assert len(surface.shared("core", "outer")) == 0


def test_a_ring_has_a_hole_and_its_volume():
    x, y, z = np.moveaxis(POINTS, -1, 0)
    torus = 6.0 - np.hypot(np.hypot(y, z) - 14.0, x)
    mesh = multi_surface(_with_background(torus), np.eye(4), {1: "ring"}).structure("ring")
    n_edges = len(mesh.faces) * 3 // 2
    assert len(mesh.vertices) - n_edges + len(mesh.faces) == 0
    assert mesh.volume_ml == pytest.approx(2 * np.pi**2 * 14 * 36 / 1000.0, rel=0.006)
    assert np.percentile(triangle_quality(mesh.vertices[mesh.faces]), 1) > 0.6


def test_channels_without_a_name_are_background_together():
    scores = _half_balls()
    surface = multi_surface(scores, np.eye(4), {2: "b"})
    assert list(surface.structures()) == ["b"]
    assert set(surface.outside) == {0}
    with pytest.raises(ValueError, match="background"):
        multi_surface(scores, np.eye(4), {0: "x", 1: "a", 2: "b"})
    with pytest.raises(ValueError, match="finite"):
        multi_surface(np.where(scores > 5, np.nan, scores), np.eye(4), {1: "a"})


def test_wanted_volumes_are_enclosed_and_the_others_keep_their_outer_walls():
    wanted = {"a": 11.4, "b": 12.7}
    surface = multi_surface(_half_balls(), np.eye(4), {1: "a", 2: "b"}, volumes_ml=wanted)
    _assert_sound(surface)
    assert {key: mesh.volume_ml for key, mesh in surface.structures().items()} == pytest.approx(
        wanted, rel=2e-3
    )


@settings(max_examples=5, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), n_labels=st.integers(1, 5), mirror=st.booleans())
def test_labels_drawn_at_random_give_closed_manifolds_that_do_not_cross(seed, n_labels, mirror):
    noise = np.random.default_rng(seed).standard_normal((n_labels + 1, 8, 7, 9)).astype(np.float32)
    affine = np.diag([1.0, -1.0 if mirror else 1.0, 1.0, 1.0])
    names = {label: f"s{label}" for label in range(1, n_labels + 1)}
    _assert_sound(multi_surface(noise, affine, names, triangle_mm=1.0, smallest_part=0.0))


@settings(max_examples=4, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    grain=st.floats(1.5, 4.0),
    spacing_mm=st.tuples(*[st.floats(0.8, 3.0)] * 3),
)
def test_blobs_that_touch_keep_their_volumes_on_any_grid(seed, grain, spacing_mm):
    noise = np.random.default_rng(seed).standard_normal((4, 18, 20, 19))
    smooth = np.stack([ndimage.gaussian_filter(one, grain) for one in noise])
    label_map = LabelMap(
        smooth.argmax(axis=0).astype(np.uint8), np.diag([*spacing_mm, 1.0]), {1: "a", 2: "b", 3: "c"}
    )
    surface = multi_surface_of_labels(label_map, smallest_part=0.0)
    _assert_sound(surface)
    truth = label_map.volumes_ml()
    for key, mesh in surface.structures().items():
        assert mesh.volume_ml == pytest.approx(truth[key], rel=0.005), key


def test_a_wall_of_one_voxel_between_two_cavities_stays_whole():
    labels = np.zeros((30, 30, 30), dtype=np.uint8)
    labels[5:25, 5:25, 5:14], labels[5:25, 5:25, 14:15], labels[5:25, 5:25, 15:25] = 1, 2, 3
    surface = multi_surface_of_labels(LabelMap(labels, np.eye(4), {1: "a", 2: "wall", 3: "b"}))
    _assert_sound(surface)
    assert len(surface.shared("a", "b")) == 0
    assert mesh_report(surface.structure("wall")).n_components == 1


def _n_bad_places(labels: np.ndarray, label: int) -> int:
    """Places where a label's voxels, or those outside it, meet in an edge or a corner only; by walking the grid."""
    mask = np.pad(labels == label, 1)
    n_bad = 0
    for cell in itertools.product(*(range(n - 1) for n in mask.shape)):
        block = mask[tuple(slice(i, i + 2) for i in cell)]
        for inside in (block, ~block):
            n_parts = ndimage.label(inside)[1]
            n_bad += n_parts > 1
    return n_bad


def test_labels_made_well_composed_have_no_voxels_that_meet_in_edges_or_corners_only():
    scores = torch.from_numpy(np.random.default_rng(3).standard_normal((4, 9, 8, 10)).astype(np.float32))
    scores[0] += 10.0
    scores[0, 1:-1, 1:-1, 1:-1] -= 10.0
    labels = scores.argmax(dim=0).to(torch.uint8)
    before = labels.numpy().copy()
    n_changed = make_well_composed(labels, scores, 0.1)
    assert sum(_n_bad_places(before, label) for label in (1, 2, 3)) > 50
    assert [_n_bad_places(labels.numpy(), label) for label in (1, 2, 3)] == [0, 0, 0]
    assert n_changed == (before != labels.numpy()).sum() > 0
    assert (scores.argmax(dim=0) == labels).all()


def test_labels_that_are_well_composed_stay_as_they_are():
    scores = torch.from_numpy(_half_balls(12.0))
    labels = scores.argmax(dim=0).to(torch.uint8)
    assert len(mixed_cells(labels)) > 1000
    assert make_well_composed(labels, scores, 0.1) == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_the_gpu_makes_the_same_surface_as_the_cpu():
    names = {1: "a", 2: "b"}
    here = multi_surface(_half_balls(), np.eye(4), names, device="cpu")
    there = multi_surface(_half_balls(), np.eye(4), names, device="cuda")
    assert len(here.faces) == len(there.faces)
    assert np.abs(here.vertices - there.vertices).max() < 1e-3
    volumes = [{k: m.volume_ml for k, m in s.structures().items()} for s in (here, there)]
    assert volumes[0] == pytest.approx(volumes[1], rel=1e-5)


def test_a_map_without_named_labels_has_no_surfaces():
    label_map = LabelMap(np.ones((8, 8, 8), dtype=np.uint8), np.eye(4), {2: "b"})
    assert conformal_surfaces_of_labels(label_map) == {}

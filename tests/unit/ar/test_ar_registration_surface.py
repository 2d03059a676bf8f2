"""Refinement on touched surface points, against exact truth and beside Open3D's ICP."""

from __future__ import annotations

import numpy as np
import open3d
import pytest

from ar.registration import Fiducial, Registration, place_on_table, refine_on_surface, register_fiducials
from ar.registration.closest import SurfaceFinder
from core.errors import PlannerError
from core.frames import apply_affine, rigid
from core.mesh import SurfaceMesh

TRUTH = rigid(np.array([0.4, -0.9, 1.7]), np.array([120.0, -40.0, 15.0]))
LANDMARKS = np.array([[45.0, 0, 0], [-20, 30, 20], [0, -33, -25], [10, 10, 62]])


def blob(n: int = 40) -> SurfaceMesh:
    """A heart-sized closed surface without any symmetry."""
    v, u = np.meshgrid(np.linspace(0.0, np.pi, n), np.linspace(0.0, 2 * np.pi, 2 * n, endpoint=False))
    direction = np.stack([np.sin(v) * np.cos(u), np.sin(v) * np.sin(u), np.cos(v)], axis=2)
    x, y, z = np.moveaxis(direction, 2, 0)
    radius = 1.0 + 0.15 * x * y + 0.2 * z**3 + 0.12 * np.sin(3 * x + 1.0) - 0.1 * y * z
    points = direction * (radius * 45.0)[..., None] * (1.0, 0.8, 1.2)
    index = np.arange(points.shape[0] * n).reshape(-1, n)
    a, b = index, np.roll(index, -1, axis=0)
    first = np.stack([a[:, :-1], a[:, 1:], b[:, 1:]], axis=2).reshape(-1, 3)
    second = np.stack([a[:, :-1], b[:, 1:], b[:, :-1]], axis=2).reshape(-1, 3)
    mesh = SurfaceMesh(points.reshape(-1, 3), np.concatenate([first, second]))
    return mesh if mesh.volume_ml > 0 else SurfaceMesh(mesh.vertices, mesh.faces[:, ::-1])


HEART = blob()


def touched_points(
    n: int, sd: float, seed: int, one_side: bool = True, mesh: SurfaceMesh = HEART
) -> np.ndarray:
    """Points on the front of the surface (the side a surgeon sees), in the body's frame."""
    random = np.random.default_rng(seed)
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1)
    use = area > 1e-6
    if one_side:
        use &= normals[:, 1] < 0.2 * area
    faces = random.choice(np.flatnonzero(use), n, p=area[use] / area[use].sum())
    share = random.dirichlet((1.0, 1.0, 1.0), n)
    points = np.einsum("ni,nij->nj", share, corners[faces])
    return apply_affine(TRUTH, points + random.normal(0.0, sd, points.shape))


def by_landmarks(sd: float, seed: int, sigma_mm: float = 2.0) -> Registration:
    noise = np.random.default_rng(1000 + seed).normal(0.0, sd, LANDMARKS.shape)
    body = apply_affine(TRUTH, LANDMARKS) + noise
    pairs = zip(LANDMARKS.tolist(), body.tolist(), strict=True)
    return register_fiducials(
        [Fiducial(str(i), tuple(p), tuple(q), sigma_mm) for i, (p, q) in enumerate(pairs)], "reference"
    )


def error_mm(matrix: np.ndarray) -> float:
    gap = apply_affine(matrix, HEART.vertices) - apply_affine(TRUTH, HEART.vertices)
    return float(np.sqrt((gap**2).sum(axis=1).mean()))


def test_the_closest_place_is_the_one_open3d_finds() -> None:
    random = np.random.default_rng(0)
    box = SurfaceMesh(
        np.array([[0.0, 0, 0], [80, 0, 0], [0, 50, 0], [0, 0, 30]]),
        np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]),
    )
    for mesh in (HEART, box):
        points = random.uniform(mesh.bounds_mm[0] - 20, mesh.bounds_mm[1] + 20, (500, 3))
        scene = open3d.t.geometry.RaycastingScene()
        scene.add_triangles(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32))
        other = scene.compute_closest_points(open3d.core.Tensor(points.astype(np.float32)))["points"].numpy()
        distance = np.linalg.norm(other - points, axis=1)
        np.testing.assert_allclose(SurfaceFinder([mesh]).closest(points).distance_mm, distance, atol=1e-3)


def test_surface_points_make_a_poor_registration_much_better() -> None:
    before, after, stated = [], [], []
    for seed in range(8):
        start = by_landmarks(2.0, seed)
        found = refine_on_surface(start, touched_points(120, 0.5, seed), [HEART])
        before.append(error_mm(start.body_from_patient.matrix))
        after.append(error_mm(found.body_from_patient.matrix))
        tre = found.tre_mm(HEART.vertices)
        assert tre is not None
        stated.append(float(np.sqrt((tre**2).mean())))
        assert found.surface_rms_mm == pytest.approx(0.5, abs=0.25)
    assert np.mean(after) < 0.4 * np.mean(before)
    assert np.mean(after) < np.mean(stated) < 4.0 * np.mean(after)


def test_it_is_at_least_as_exact_as_open3d_from_the_same_start() -> None:
    own, other = [], []
    for seed in range(5):
        start, touched = by_landmarks(2.0, seed), touched_points(120, 0.5, seed)
        own.append(error_mm(refine_on_surface(start, touched, [HEART], 0.5).body_from_patient.matrix))
        source = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(touched))
        mesh = open3d.geometry.TriangleMesh(
            open3d.utility.Vector3dVector(HEART.vertices.copy()),
            open3d.utility.Vector3iVector(HEART.faces.copy()),
        )
        open3d.utility.random.seed(seed)
        target = mesh.sample_points_uniformly(60000, use_triangle_normal=True)
        kernel = open3d.pipelines.registration.HuberLoss(k=1.0)
        estimate = open3d.pipelines.registration.TransformationEstimationPointToPlane(kernel)
        result = open3d.pipelines.registration.registration_icp(
            source, target, 10.0, np.linalg.inv(start.body_from_patient.matrix), estimate
        )
        other.append(error_mm(np.linalg.inv(result.transformation)))
    # The landmarks hold what the touched side leaves open.
    assert np.mean(own) < 1.1 * np.mean(other)


def test_stray_touches_do_not_pull_it_away() -> None:
    random, start = np.random.default_rng(3), by_landmarks(1.5, 3)
    touched = touched_points(120, 0.5, 3)
    clean = error_mm(refine_on_surface(start, touched, [HEART]).body_from_patient.matrix)
    stray = np.flatnonzero(random.random(len(touched)) < 0.2)
    touched[stray] += random.uniform(8.0, 25.0, (len(stray), 1)) * np.array([0.0, -1.0, 0.3]) @ TRUTH[:3, :3].T
    found = refine_on_surface(start, touched, [HEART])
    assert error_mm(found.body_from_patient.matrix) < clean + 0.5


def test_points_that_leave_a_motion_open_do_not_make_it_worse_than_the_landmarks() -> None:
    # A ball can be turned under its touched points as one likes: the landmarks alone say how.
    directions = HEART.vertices / np.linalg.norm(HEART.vertices, axis=1, keepdims=True)
    ball = SurfaceMesh(directions * 45.0, HEART.faces)
    before, after = [], []
    for seed in range(6):
        start = by_landmarks(1.0, seed, 1.0)
        found = refine_on_surface(start, touched_points(150, 0.8, seed, mesh=ball), [ball])
        before.append(error_mm(start.body_from_patient.matrix))
        after.append(error_mm(found.body_from_patient.matrix))
        tre, tre_before = found.tre_mm(HEART.vertices), start.tre_mm(HEART.vertices)
        assert tre is not None
        assert tre_before is not None
        assert (tre <= tre_before * 1.001).all()
    assert np.mean(after) < np.mean(before)
    assert max(np.array(after) - before) < 0.3


def test_a_ball_tip_touches_its_radius_outside() -> None:
    start = by_landmarks(0.5, 1)
    corners = HEART.vertices
    outside = corners + 3.0 * SurfaceFinder([HEART]).closest(corners).normals
    touched = apply_affine(TRUTH, outside[corners[:, 1] < 0][::12])
    found = refine_on_surface(start, touched, [HEART], tip_radius_mm=3.0)
    assert error_mm(found.body_from_patient.matrix) < 0.4


def test_a_surface_that_contradicts_the_landmarks_is_refused() -> None:
    start = by_landmarks(0.3, 0, 0.5)
    with pytest.raises(PlannerError, match="cannot refine on the surface"):
        refine_on_surface(start, touched_points(150, 0.3, 1, one_side=False) + (4.0, 4.0, 0.0), [HEART])


def test_points_of_something_else_are_refused() -> None:
    random = np.random.default_rng(0)
    cloud = apply_affine(TRUTH, random.uniform(-70, 70, (150, 3)))
    with pytest.raises(PlannerError, match="of the touched points lie on it"):
        refine_on_surface(by_landmarks(0.3, 0), cloud, [HEART])


def test_without_landmarks_or_with_few_points_it_is_refused() -> None:
    placed = place_on_table(np.zeros(3), "reference", np.zeros(3))
    with pytest.raises(PlannerError, match="nothing is registered yet"):
        refine_on_surface(placed, touched_points(50, 0.3, 1), [HEART])
    with pytest.raises(PlannerError, match="19 surface points, 20 are needed"):
        refine_on_surface(by_landmarks(0.3, 0), touched_points(19, 0.3, 1), [HEART])

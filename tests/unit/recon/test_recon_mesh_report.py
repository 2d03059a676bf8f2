"""Sound meshes are reported sound, and each kind of damage is counted."""

import numpy as np
import pytest
import trimesh

from core.mesh import SurfaceMesh
from core.volume import LabelMap
from recon.mesh_report import mesh_report
from recon.surface import conformal_surfaces_of_labels


def _ball(radius_mm: float = 10.0, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> SurfaceMesh:
    ball = trimesh.creation.icosphere(subdivisions=3, radius=radius_mm)
    return SurfaceMesh(ball.vertices + np.array(centre), ball.faces)


def _joined(a: SurfaceMesh, b: SurfaceMesh) -> SurfaceMesh:
    return SurfaceMesh(
        np.concatenate([a.vertices, b.vertices]), np.concatenate([a.faces, b.faces + len(a.vertices)])
    )


def test_a_ball_is_sound():
    report = mesh_report(_ball())
    assert report.is_closed
    assert (report.n_open_edges, report.n_nonmanifold_edges, report.n_self_intersections) == (0, 0, 0)
    assert report.n_components == 1
    assert report.quality_p01 > 0.85
    assert report.volume_ml == pytest.approx(4.0 / 3.0 * np.pi, rel=0.01)


def test_a_missing_triangle_leaves_three_open_edges():
    ball = _ball()
    report = mesh_report(SurfaceMesh(ball.vertices, ball.faces[1:]))
    assert not report.is_closed
    assert report.n_open_edges == 3


def test_a_fin_on_an_edge_makes_it_nonmanifold():
    ball = _ball()
    a, b, _ = ball.faces[0]
    fin = SurfaceMesh(
        np.vstack([ball.vertices, [30.0, 0.0, 0.0]]), np.vstack([ball.faces, [a, b, len(ball.vertices)]])
    )
    assert mesh_report(fin).n_nonmanifold_edges == 1


def test_balls_that_overlap_cross_and_balls_apart_do_not():
    apart = mesh_report(_joined(_ball(), _ball(centre=(25.0, 1.0, 2.0))))
    overlapping = mesh_report(_joined(_ball(), _ball(centre=(12.0, 1.0, 2.0))))
    assert (apart.n_components, apart.n_self_intersections) == (2, 0)
    assert overlapping.n_components == 2
    assert overlapping.n_self_intersections > 20


def test_two_bodies_that_meet_in_one_vertex_are_found():
    first, second = _ball(), _ball(centre=(25.0, 1.0, 2.0))
    joined = _joined(first, second)
    faces = np.where(joined.faces == len(first.vertices), 0, joined.faces)
    report = mesh_report(SurfaceMesh(joined.vertices, faces))
    assert (report.n_nonmanifold_vertices, report.n_nonmanifold_edges) == (1, 0)
    assert mesh_report(joined).n_nonmanifold_vertices == 0


def test_one_vertex_pushed_through_the_other_side_is_found():
    ball = _ball()
    vertices = ball.vertices.copy()
    vertices[0] *= -1.2
    assert mesh_report(SurfaceMesh(vertices, ball.faces)).n_self_intersections > 0


def test_the_surfaces_of_a_thin_cup_do_not_cross():
    radius = np.linalg.norm(np.moveaxis(np.indices((60, 60, 60)), 0, -1) - [29.3, 30.1, 29.8], axis=-1)
    labels = ((radius < 24.0) & (radius > 21.5) & (np.arange(60) < 42)[:, None, None]).astype(np.uint8)
    report = mesh_report(
        conformal_surfaces_of_labels(LabelMap(labels, np.eye(4), {1: "lv_myocardium"}))["lv_myocardium"]
    )
    assert report.is_closed
    assert (report.n_self_intersections, report.n_components) == (0, 1)
    assert report.quality_p01 > 0.7


def test_a_surface_without_triangles_is_refused():
    with pytest.raises(ValueError, match="without triangles"):
        mesh_report(SurfaceMesh(np.zeros((0, 3)), np.zeros((0, 3), dtype=int)))

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from core.frames import Transform, rigid
from core.mesh import SurfaceMesh


def sphere(radius_mm: float = 20.0, centre: tuple[float, float, float] = (5.0, -7.0, 300.0)) -> SurfaceMesh:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=radius_mm)
    return SurfaceMesh(np.asarray(ball.vertices) + centre, np.asarray(ball.faces))


def test_volume_of_a_sphere_is_four_thirds_pi_r_cubed() -> None:
    assert sphere().volume_ml == pytest.approx(4.0 / 3.0 * np.pi * 20.0**3 / 1000.0, rel=3e-3)


def test_volume_agrees_with_trimesh_far_from_the_origin() -> None:
    mesh = sphere(centre=(1e4, -1e4, 1e4))
    other = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    assert mesh.volume_ml == pytest.approx(other.volume / 1000.0, rel=1e-9)


def test_inside_out_has_a_negative_volume() -> None:
    mesh = sphere()
    assert SurfaceMesh(mesh.vertices, mesh.faces[:, ::-1]).volume_ml == pytest.approx(-mesh.volume_ml)


def test_closed_means_every_edge_is_met_once_by_its_opposite() -> None:
    mesh = sphere()
    assert mesh.is_closed
    assert not SurfaceMesh(mesh.vertices, mesh.faces[1:]).is_closed
    turned = np.vstack([mesh.faces[:1, ::-1], mesh.faces[1:]])
    assert not SurfaceMesh(mesh.vertices, turned).is_closed
    assert not SurfaceMesh(mesh.vertices, np.vstack([mesh.faces, mesh.faces[:1]])).is_closed
    assert not SurfaceMesh(np.zeros((0, 3)), np.zeros((0, 3))).is_closed


@pytest.mark.parametrize("scale", [(1.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (-1.0, -1.0, 1.0)])
def test_normals_stay_outward_even_through_a_mirror(scale: tuple[float, float, float]) -> None:
    matrix = rigid(np.array([0.2, 0.4, -0.1]), np.array([1.0, 2.0, 3.0])) @ np.diag([*scale, 1.0])
    moved = sphere().transformed(Transform("other", "patient", matrix))
    assert moved.is_closed
    assert moved.volume_ml == pytest.approx(sphere().volume_ml)


def test_bounds_are_the_corners_of_all_vertices() -> None:
    low, high = sphere(10.0, (1.0, 2.0, 3.0)).bounds_mm
    assert low == pytest.approx([-9, -8, -7], abs=0.1)
    assert high == pytest.approx([11, 12, 13], abs=0.1)


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [([[0, 0, np.nan]], []), ([[0, 0, 0]], [[0, 0, 1]]), ([[0, 0, 0]], [[0, 0, -1]])],
)
def test_what_is_no_surface_is_refused(vertices: list, faces: list) -> None:
    with pytest.raises(ValueError, match=r"finite|does not exist"):
        SurfaceMesh(np.array(vertices, dtype=float), np.array(faces, dtype=int))


def test_a_mesh_cannot_be_changed_through_its_arrays() -> None:
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    mesh = SurfaceMesh(vertices, np.array([[0, 1, 2]]))
    vertices[0] = 9.0
    assert mesh.vertices[0].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        mesh.vertices[0, 0] = 1.0

"""Cut surfaces stay closed, keep the right side, and enclose the volume that geometry says."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy.ndimage import gaussian_filter
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

from core.mesh import SurfaceMesh
from plan.items import CutPlane
from render.cutting import cut, cut_outline, cut_with_caps

RNG = np.random.default_rng(7)


def _plane(origin_mm: tuple[float, float, float], normal: tuple[float, float, float]) -> CutPlane:
    return CutPlane("plane", origin_mm, normal)


def _ball_below_ml(radius_mm: float, height_mm: float) -> float:
    """Volume of the part of a ball below a plane `height_mm` above its centre."""
    cap_mm = radius_mm - height_mm
    return (4.0 / 3.0 * np.pi * radius_mm**3 - np.pi * cap_mm**2 * (radius_mm - cap_mm / 3.0)) / 1000.0


@pytest.mark.parametrize("height_mm", [-25.0, -3.3, 0.0, 11.7, 29.0])
def test_a_cut_ball_encloses_the_volume_of_a_spherical_segment(make_ball, height_mm):
    normal = np.array([0.48, -0.6, 0.64])
    remaining = cut(make_ball(30.0, subdivisions=5), [_plane(tuple(height_mm * normal), tuple(normal))])
    assert remaining.is_closed
    assert remaining.volume_ml == pytest.approx(_ball_below_ml(30.0, height_mm), rel=3e-3, abs=0.02)


def test_what_lies_where_the_normal_points_is_gone_and_the_rest_stays(make_ball):
    remaining = cut(make_ball(30.0), [_plane((0.0, 0.0, 10.0), (0.0, 0.0, 1.0))])
    assert remaining.bounds_mm[1, 2] == pytest.approx(10.0)
    assert remaining.bounds_mm[0, 2] == pytest.approx(-30.0, abs=0.1)


def test_caps_are_the_last_faces_lie_in_the_plane_and_face_along_its_normal(make_ball):
    normal = np.array([0.6, 0.0, 0.8])
    result = cut_with_caps(make_ball(30.0), [_plane((3.0, 0.0, 4.0), tuple(normal))])
    corners = result.mesh.vertices[result.mesh.faces[-result.n_cap_faces :]]
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.abs(corners @ normal - 5.0).max() < 1e-9
    assert (crosses @ normal > 0).all()
    area_mm2 = np.linalg.norm(crosses, axis=1).sum() / 2.0
    assert area_mm2 == pytest.approx(np.pi * (30.0**2 - 5.0**2), rel=5e-3)


def test_the_cap_of_a_wall_leaves_its_cavity_open(shell):
    result = cut_with_caps(shell, [_plane((0.0, 0.0, 2.5), (0.0, 0.0, 1.0))])
    corners = result.mesh.vertices[result.mesh.faces[-result.n_cap_faces :]]
    area_mm2 = (
        np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
    )
    assert result.mesh.is_closed
    assert area_mm2 == pytest.approx(np.pi * (30.0**2 - 20.0**2), rel=1e-2)
    expected_ml = _ball_below_ml(30.0, 2.5) - _ball_below_ml(20.0, 2.5)
    assert result.mesh.volume_ml == pytest.approx(expected_ml, rel=1e-2)


def test_planes_through_vertices_edges_and_faces_leave_a_closed_box(box):
    through_corners = _plane((10.0, 15.0, 0.0), (0.0, 1.0, 0.75))
    assert cut(box, [through_corners]).is_closed
    halved = cut(box, [_plane((0.0, 0.0, 0.0), (3.0, -2.0, 0.0))])
    assert halved.is_closed
    assert halved.volume_ml == pytest.approx(12.0)
    touched = cut(box, [_plane((10.0, 0.0, 0.0), (1.0, 0.0, 0.0))])
    assert touched.is_closed
    assert touched.volume_ml == pytest.approx(24.0)
    assert cut(box, [_plane((10.1, 0.0, 0.0), (1.0, 0.0, 0.0))]) is box
    assert len(cut(box, [_plane((-10.0, 0.0, 0.0), (1.0, 0.0, 0.0))]).faces) == 0


def test_a_plane_along_a_flat_shelf_keeps_the_surface_closed():
    """A step whose tread lies exactly in the plane: the riser goes, the tread and the new cap meet."""
    profile = np.array([(0, 0), (20, 0), (20, 10), (10, 10), (10, 20), (0, 20)], dtype=float)
    vertices = np.concatenate([np.insert(profile, 1, y, axis=1) for y in (0.0, 5.0)])
    front = np.array([(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5)])
    sides = [((i, i + 6, j), (i + 6, j + 6, j)) for i, j in zip(range(6), (1, 2, 3, 4, 5, 0), strict=True)]
    step = SurfaceMesh(vertices, np.concatenate([front, front[:, ::-1] + 6, np.reshape(sides, (-1, 3))]))
    assert step.is_closed
    assert step.volume_ml == pytest.approx(1.5)
    remaining = cut(step, [_plane((0.0, 0.0, 10.0), (0.0, 0.0, 1.0))])
    assert remaining.is_closed
    assert remaining.volume_ml == pytest.approx(1.0)


def test_several_planes_agree_with_manifold3d(shell):
    import manifold3d

    solid = manifold3d.Manifold(manifold3d.Mesh64(shell.vertices.copy(), shell.faces.astype(np.uint64)))
    for _ in range(10):
        normals = RNG.normal(size=(3, 3))
        origins = RNG.uniform(-12.0, 12.0, size=(3, 3))
        planes = [_plane(tuple(o), tuple(n)) for o, n in zip(origins, normals, strict=True)]
        expected = solid
        for plane in planes:
            normal = np.array(plane.normal)
            expected = expected.trim_by_plane(tuple(-normal), float(-normal @ plane.origin_mm))
        remaining = cut(shell, planes)
        assert remaining.volume_ml == pytest.approx(expected.volume() / 1000.0, rel=1e-6, abs=1e-6)
        assert not len(remaining.faces) or remaining.is_closed


@pytest.mark.parametrize(
    ("origin_mm", "normal"),
    [
        ((6.5, 0.0, 0.0), (1.0, 0.0, 0.0)),
        ((0.0, 0.0, 8.0), (0.0, 0.0, -1.0)),
        ((9.0, 9.0, 9.0), (1.0, 1.0, 0.0)),
        ((9.0, 9.5, 9.0), (1.0, 1.0, 1.0)),
        ((9.3, 9.1, 8.8), (0.2, -0.7, 0.4)),
    ],
)
def test_blocky_label_surfaces_stay_closed_and_lose_no_volume_even_along_their_own_grid(origin_mm, normal):
    """Surfaces straight from labels put many vertices, and whole faces, exactly onto such planes."""
    for seed in range(4):
        noise = gaussian_filter(np.random.default_rng(seed).normal(size=(18, 18, 18)), 1.5)
        blocks = _label_surface(np.pad(noise > np.quantile(noise, 0.7), 1))
        assert blocks.is_closed
        below = cut(blocks, [_plane(origin_mm, normal)])
        above = cut(blocks, [_plane(origin_mm, tuple(-np.array(normal)))])
        assert below.is_closed
        assert above.is_closed
        assert below.volume_ml > 0.0
        assert above.volume_ml > 0.0
        assert below.volume_ml + above.volume_ml == pytest.approx(blocks.volume_ml, rel=1e-5)


def _label_surface(mask: np.ndarray) -> SurfaceMesh:
    image = vtkImageData()
    image.SetDimensions(*mask.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(mask.astype(np.uint8).ravel(), deep=True))
    edges = vtkDiscreteFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 1)
    edges.Update()
    surface = edges.GetOutput()
    faces = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return SurfaceMesh(vtk_to_numpy(surface.GetPoints().GetData()), faces)


def test_fields_are_interpolated_where_the_plane_crosses(make_ball):
    ball = make_ball(30.0)
    ball = SurfaceMesh(ball.vertices, ball.faces, {"height_mm": ball.vertices[:, 2]})
    remaining = cut(ball, [_plane((0.0, 0.0, 4.0), (0.1, 0.2, 1.0)), _plane((1.0, 0.0, 0.0), (1.0, 0.0, 0.3))])
    np.testing.assert_allclose(remaining.fields["height_mm"], remaining.vertices[:, 2], atol=1e-9)


def test_an_open_surface_is_cut_and_only_its_closed_openings_are_capped(make_ball):
    ball = make_ball(30.0)
    centres = ball.vertices[ball.faces].mean(axis=1)
    bowl = SurfaceMesh(ball.vertices, ball.faces[centres[:, 2] < 20.0])
    across = cut_with_caps(bowl, [_plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))])
    assert across.n_cap_faces == 0
    assert across.mesh.bounds_mm[1, 0] == pytest.approx(0.0, abs=1e-9)
    below = cut_with_caps(bowl, [_plane((0.0, 0.0, 0.0), (0.0, 0.0, 1.0))])
    assert below.n_cap_faces > 0
    assert below.mesh.is_closed


def test_a_plane_that_hides_everything_leaves_nothing(make_ball):
    remaining = cut(make_ball(10.0), [_plane((0.0, 0.0, -20.0), (0.0, 0.0, 1.0))])
    assert len(remaining.faces) == 0
    assert len(remaining.vertices) == 0


def test_surfaces_that_overlap_themselves_stay_closed_when_cut(make_ball):
    first, second = make_ball(20.0), make_ball(20.0, (15.0, 0.0, 0.0))
    both = SurfaceMesh(
        np.concatenate([first.vertices, second.vertices]),
        np.concatenate([first.faces, second.faces + len(first.vertices)]),
    )
    remaining = cut(both, [_plane((0.0, 0.0, 3.1), (0.0, 0.1, 1.0))])
    assert remaining.is_closed


def test_the_outline_of_a_ball_is_a_closed_circle(make_ball):
    (line,) = cut_outline(make_ball(30.0, subdivisions=5), _plane((0.0, 0.0, 18.0), (0.0, 0.0, 1.0)))
    np.testing.assert_array_equal(line[0], line[-1])
    np.testing.assert_allclose(line[:, 2], 18.0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(line[:, :2], axis=1), 24.0, atol=0.03)


def test_the_outline_has_the_length_that_trimesh_finds(shell):
    plane = _plane((1.0, 2.0, 3.0), (0.3, -0.5, 0.8))
    length_mm = sum(np.linalg.norm(np.diff(line, axis=0), axis=1).sum() for line in cut_outline(shell, plane))
    segments = trimesh.intersections.mesh_plane(
        trimesh.Trimesh(shell.vertices, shell.faces, process=False), plane.normal, plane.origin_mm
    )
    expected_mm = np.linalg.norm(segments[:, 0] - segments[:, 1], axis=1).sum()
    assert length_mm == pytest.approx(expected_mm, rel=1e-9)


def test_the_outline_of_an_open_surface_is_an_open_line(make_ball):
    ball = make_ball(30.0)
    bowl = SurfaceMesh(ball.vertices, ball.faces[ball.vertices[ball.faces].mean(axis=1)[:, 2] < 20.0])
    (line,) = cut_outline(bowl, _plane((0.5, 0.0, 0.0), (1.0, 0.0, 0.0)))
    assert np.linalg.norm(line[0] - line[-1]) > 10.0

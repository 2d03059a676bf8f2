"""Areas of cuts against geometry and against trimesh."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.cross_section import cross_section, loop_middle_mm, loop_shape


def _mesh(shape: trimesh.Trimesh, shift=(0.0, 0.0, 0.0)) -> SurfaceMesh:
    return SurfaceMesh(np.asarray(shape.vertices) + shift, np.asarray(shape.faces))


def _joined(*parts: SurfaceMesh) -> SurfaceMesh:
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    return SurfaceMesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + start for part, start in zip(parts, starts[:-1], strict=True)]),
    )


BALL = trimesh.creation.icosphere(subdivisions=5, radius=20.0)
UP = np.array([0.0, 0.0, 1.0])


@pytest.mark.parametrize("height", [0.0, 5.0, 12.0, -15.0])
def test_a_ball_is_cut_in_circles(height: float) -> None:
    found = cross_section(_mesh(BALL), np.array([0.0, 0.0, height]), UP)
    assert found.area_mm2 == pytest.approx(math.pi * (400 - height**2), rel=0.003)
    assert found.n_pieces == 1


def test_the_area_is_that_of_a_second_library_for_any_direction() -> None:
    box = trimesh.creation.box((30.0, 20.0, 10.0)).subdivide()
    normal = np.array([0.3, -0.5, 0.8])
    normal /= np.linalg.norm(normal)
    found = cross_section(_mesh(box), np.array([1.0, 2.0, 0.5]), normal)
    lines = trimesh.intersections.mesh_plane(box, normal, np.array([1.0, 2.0, 0.5]))
    # The cut of a convex body: each of its lines and the middle span a triangle.
    middle = lines.mean(axis=(0, 1))
    expected = 0.5 * np.abs(np.cross(lines[:, 0] - middle, lines[:, 1] - middle) @ normal).sum()
    assert found.area_mm2 == pytest.approx(expected, rel=1e-5)
    assert found.area_mm2 == pytest.approx(
        cross_section(_mesh(box), np.array([1.0, 2.0, 0.5]), -normal).area_mm2
    )


def test_a_cavity_is_taken_off_and_an_island_within_it_counts() -> None:
    hole = SurfaceMesh(np.asarray(BALL.vertices) * 0.75, np.asarray(BALL.faces)[:, ::-1])
    island = _mesh(trimesh.creation.icosphere(subdivisions=4, radius=5.0))
    found = cross_section(_joined(_mesh(BALL), hole, island), np.zeros(3), UP)
    assert found.area_mm2 == pytest.approx(math.pi * (400 - 225 + 25), rel=0.003)
    assert found.n_pieces == 2
    assert loop_shape(found.loop_around(np.zeros(3)), UP)["max_diameter_mm"] == pytest.approx(10.0, abs=0.05)


def test_the_loop_around_a_point_is_that_of_its_own_piece() -> None:
    two = _joined(_mesh(BALL), _mesh(BALL, (100.0, 0.0, 0.0)))
    found = cross_section(two, np.zeros(3), UP)
    assert (found.n_pieces, found.loop_around(np.array([50.0, 0.0, 0.0]))) == (2, None)
    loop = found.loop_around(np.array([95.0, 3.0, 0.0]))
    assert loop_middle_mm(loop, UP) == pytest.approx([100.0, 0.0, 0.0], abs=1e-6)


def test_a_plane_that_misses_cuts_nothing_and_an_open_surface_is_refused() -> None:
    assert cross_section(_mesh(BALL), np.array([0.0, 0.0, 30.0]), UP).area_mm2 == 0.0
    opened = SurfaceMesh(BALL.vertices, BALL.faces[np.asarray(BALL.triangles_center)[:, 0] < 18.0])
    with pytest.raises(PlannerError, match="hole where it is cut"):
        cross_section(opened, np.zeros(3), UP)

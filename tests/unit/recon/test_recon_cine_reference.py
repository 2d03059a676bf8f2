"""Reference surfaces of the cine benchmark are joined and closed before they enclose a volume."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from benchmarks.cine_reference import joined, with_lids
from core.mesh import SurfaceMesh


def open_cube() -> trimesh.Trimesh:
    """A cube of 20 mm whose top is open."""
    cube = trimesh.creation.box((20.0, 20.0, 20.0))
    is_top = cube.triangles_center[:, 2] > 9.9
    cube.update_faces(~is_top)
    return cube


def in_two_patches(sheet: trimesh.Trimesh) -> SurfaceMesh:
    """The sheet as two that meet but share no vertex, one of them facing inwards."""
    is_left = sheet.triangles_center[:, 0] < -9.9
    corners = sheet.vertices[sheet.faces]
    corners[is_left] = corners[is_left][:, ::-1]
    left, rest = corners[is_left].reshape(-1, 3), corners[~is_left].reshape(-1, 3)
    vertices = np.concatenate([left, rest])
    return SurfaceMesh(vertices, np.arange(len(vertices)).reshape(-1, 3))


def test_patches_that_face_opposite_ways_enclose_the_volume_of_the_whole() -> None:
    closed = with_lids(joined(in_two_patches(open_cube())))
    assert closed.is_closed
    assert closed.volume_ml == pytest.approx(8.0)


def test_a_sheet_that_faces_inwards_is_turned() -> None:
    cube = open_cube()
    turned = SurfaceMesh(np.array(cube.vertices), np.array(cube.faces[:, ::-1]))
    assert with_lids(joined(turned)).volume_ml == pytest.approx(8.0)

"""Polygons ready for light: smooth over the anatomy, with a sharp edge where a cap begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkTriangleMeshPointNormals

from render.polydata import poly_data
from render.scene import Surface


@dataclass(frozen=True, eq=False)
class Lids:
    """Caps with points of their own, so that they stay flat: points (n, 3), normals (n, 3), faces (n / 3, 3)."""

    points: np.ndarray
    normals: np.ndarray
    faces: np.ndarray


def shaded(surface: Surface) -> vtkPolyData:
    """The surface with a normal at each point."""
    mesh = surface.mesh
    n_body = len(mesh.faces) - surface.n_cap_faces
    body = mesh.faces[:n_body]
    vertices = mesh.vertices.astype(np.float32)
    lid = lids(mesh.vertices, mesh.faces[n_body:])
    points = np.concatenate([vertices, lid.points.astype(np.float32)])
    data = poly_data(points, np.concatenate([body, lid.faces + len(vertices)]))
    normals = np.concatenate([smooth_normals(vertices, body), lid.normals.astype(np.float32)])
    data.GetPointData().SetNormals(numpy_to_vtk(normals, deep=True))
    return data


def lids(vertices: np.ndarray, caps: np.ndarray) -> Lids:
    """The cap faces (m, 3) of a surface apart from its points (n, 3)."""
    corners = vertices[caps]
    normals = np.repeat(_face_normals(corners), 3, axis=0)
    return Lids(corners.reshape(-1, 3), normals, np.arange(3 * len(caps)).reshape(-1, 3))


def smooth_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals (n, 3) float32 at the vertices, those of the faces around averaged."""
    if not len(faces):
        return np.zeros_like(vertices)
    smooth = vtkTriangleMeshPointNormals()
    smooth.SetInputData(poly_data(vertices, faces))
    smooth.Update()
    return vtk_to_numpy(smooth.GetOutput().GetPointData().GetNormals())


def _face_normals(corners: np.ndarray) -> np.ndarray:
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(lengths > 0, lengths, 1.0)

"""Polygons ready for light: smooth over the anatomy, with a sharp edge where a cap begins."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkTriangleMeshPointNormals

from render.polydata import poly_data
from render.scene import Surface


def shaded(surface: Surface) -> vtkPolyData:
    """The surface with a normal at each point; caps have points of their own, so that they stay flat."""
    mesh = surface.mesh
    n_body = len(mesh.faces) - surface.n_cap_faces
    body, caps = mesh.faces[:n_body], mesh.faces[n_body:]
    vertices = mesh.vertices.astype(np.float32)
    cap_vertices = vertices[caps]
    cap_normals = np.repeat(_face_normals(mesh.vertices[caps]), 3, axis=0)
    cap_faces = np.arange(3 * len(caps)).reshape(-1, 3) + len(vertices)
    data = poly_data(np.concatenate([vertices, cap_vertices.reshape(-1, 3)]), np.concatenate([body, cap_faces]))
    normals = np.concatenate([_smooth_normals(vertices, body), cap_normals.astype(np.float32)])
    data.GetPointData().SetNormals(numpy_to_vtk(normals, deep=True))
    return data


def _smooth_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
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

"""Surfaces painted by millimetres, such as how steady they are; stripes where nothing is known."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkTexture

from render.painted_fields import FIELDS
from render.polydata import poly_data
from render.scene import Surface
from render.shading import lids, smooth_normals
from render.steadiness_colours import MOST_MM, UNKNOWN, UNKNOWN_STRIPE, colours_of

STRIPES_MM = 6.0
# Across the patient's axes, so that no wall of the heart lies flat in a stripe.
_ACROSS = np.array([0.80, 0.35, 0.49])
_IN_THE_LIGHT = 0.25
_TEXELS = 64


def painted(surface: Surface) -> vtkPolyData:
    """The surface with normals, colours and places in the texture `stripes` at its points.

    A triangle with one unknown corner is unknown as a whole: no colour fades out of a value into nothing. Caps keep
    the structure's colour: inside, the surface's values mean nothing.
    """
    mesh = surface.mesh
    n_body = len(mesh.faces) - surface.n_cap_faces
    body, caps = mesh.faces[:n_body], mesh.faces[n_body:]
    values = np.asarray(mesh.fields[surface.painted_by], dtype=np.float64)
    scaled = values * (MOST_MM / FIELDS[surface.painted_by].most_mm)
    is_unknown = np.isnan(values)[body].any(axis=1)
    lid = lids(mesh.vertices, caps)
    n = len(mesh.vertices)
    points = np.concatenate([mesh.vertices, mesh.vertices, lid.points]).astype(np.float32)
    faces = np.concatenate([body[~is_unknown], body[is_unknown] + n, lid.faces + 2 * n])
    normals = smooth_normals(mesh.vertices.astype(np.float32), body)
    own = np.rint(255.0 * np.array(surface.colour)).astype(np.uint8)
    colours = [colours_of(scaled), colours_of(np.full(n, np.nan)), np.tile(own, (len(lid.points), 1))]
    across = np.full(len(points), _IN_THE_LIGHT, dtype=np.float32)
    across[n : 2 * n] = mesh.vertices @ _ACROSS / STRIPES_MM
    return _poly_data(
        points, faces, np.concatenate([normals, normals, lid.normals]), np.concatenate(colours), across
    )


def stripes() -> vtkTexture:
    """Light and dark by turns; it darkens what lies in its dark half."""
    dark = np.rint(255.0 * np.array(UNKNOWN_STRIPE) / np.array(UNKNOWN)).astype(np.uint8)
    row = np.full((_TEXELS, 3), 255, dtype=np.uint8)
    row[_TEXELS // 2 :] = dark
    image = vtkImageData()
    image.SetDimensions(_TEXELS, 1, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(row, deep=True))
    texture = vtkTexture()
    texture.SetInputData(image)
    texture.RepeatOn()
    texture.InterpolateOn()
    texture.MipmapOn()
    return texture


def _poly_data(
    points: np.ndarray, faces: np.ndarray, normals: np.ndarray, colours: np.ndarray, across: np.ndarray
) -> vtkPolyData:
    data = poly_data(points, faces)
    data.GetPointData().SetNormals(numpy_to_vtk(normals.astype(np.float32), deep=True))
    data.GetPointData().SetScalars(numpy_to_vtk(colours, deep=True))
    places = np.stack([across, np.full_like(across, 0.5)], axis=1)
    data.GetPointData().SetTCoords(numpy_to_vtk(places, deep=True))
    return data

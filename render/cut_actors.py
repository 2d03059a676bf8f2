"""How the image on a cut plane and the rims of the cut surfaces become VTK actors."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkProp, vtkTexture

from render.polydata import cell_array, poly_data
from render.scene import CutImage, Surface

RIM_PX = 2.5
# Depth units by which an image comes before the caps in its plane, and the rims before the image.
IMAGE_FORWARD, RIM_FORWARD = -4.0, -12.0
_HOLES = (
    "//VTK::TCoord::Impl",
    True,
    """//VTK::TCoord::Impl
  if (gl_FragData[0].a < 0.5)
  {
    discard;
  }
""",
)


def cut_image_actors(image: CutImage) -> list[vtkProp]:
    """The image as it is, lit by nothing, before the caps that lie in its plane."""
    data = poly_data(image.corners_mm)
    data.SetPolys(cell_array(np.arange(len(image.corners_mm))[None]))
    data.GetPointData().SetTCoords(numpy_to_vtk(image.places.astype(np.float32), deep=True))
    actor = _forward(data, IMAGE_FORWARD)
    actor.SetTexture(_texture(image))
    # Holes instead of glass: planes that cross each other are sorted by depth as everything solid is.
    actor.GetShaderProperty().AddFragmentShaderReplacement(*_HOLES, False)
    actor.ForceOpaqueOn()
    actor.GetProperty().LightingOff()
    actor.SetPickable(False)
    return [actor]


def rim_actor(surface: Surface) -> vtkActor:
    """Where the cut planes meet a surface: the border of its caps, in its colour."""
    caps = surface.mesh.faces[len(surface.mesh.faces) - surface.n_cap_faces :]
    data = poly_data(surface.mesh.vertices)
    data.SetLines(cell_array(border(caps)))
    actor = _forward(data, RIM_FORWARD)
    actor.GetProperty().SetColor(*surface.colour)
    actor.GetProperty().SetLineWidth(RIM_PX)
    actor.GetProperty().LightingOff()
    actor.SetPickable(False)
    return actor


def border(faces: np.ndarray) -> np.ndarray:
    """The edges (k, 2) of triangles (m, 3) that only one of them has."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    # One number for an edge: sorting numbers is many times faster than sorting rows.
    n = int(edges.max(initial=0)) + 1
    codes, counts = np.unique(edges[:, 0].astype(np.int64) * n + edges[:, 1], return_counts=True)
    alone = codes[counts == 1]
    return np.stack([alone // n, alone % n], axis=1)


def _texture(picture: CutImage) -> vtkTexture:
    grey = picture.picture
    opacity = np.full(grey.shape, 255, np.uint8) if picture.is_shown is None else 255 * picture.is_shown
    colours = np.stack([grey, grey, grey, opacity.astype(np.uint8)], axis=-1).reshape(-1, 4)
    image = vtkImageData()
    image.SetDimensions(grey.shape[1], grey.shape[0], 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(colours), deep=True))
    texture = vtkTexture()
    texture.SetInputData(image)
    texture.InterpolateOn()
    texture.EdgeClampOn()
    # Grey values are shown as they are, not through a table of colours.
    texture.SetColorModeToDirectScalars()
    return texture


def _forward(data: object, units: float) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    mapper.ScalarVisibilityOff()
    mapper.SetResolveCoincidentTopologyToPolygonOffset()
    mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(0.0, units)
    mapper.SetRelativeCoincidentTopologyLineOffsetParameters(0.0, units)
    actor = vtkActor()
    actor.SetMapper(mapper)
    return actor

"""How each kind of drawable becomes a VTK actor; the only place that decides on material and line style."""

from __future__ import annotations

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (without it an actor has no shader to add to)
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersSources import vtkConeSource, vtkPlatonicSolidSource, vtkSphereSource
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkCoordinate,
    vtkPolyDataMapper,
    vtkProp,
    vtkProperty,
    vtkTextActor,
)

from render.painting import painted, stripes
from render.palette import BACKGROUND, CUT_PLANE, CUT_PLANE_LOCKED, FOUND, LABEL, Colour
from render.plane_frame import BALL_OF_SIZE, arrow_mm, frame_points_mm
from render.polydata import cell_array, poly_data
from render.scene import FoundLandmark, Label, PlaneWidget, Point, Polyline, Surface
from render.shading import shaded

LABEL_SIZE_PX = 16
PLANE_LINE_PX = 2.0
FOUND_MM, FOUND_SIZE_PX = 3.0, 13
FOUND_TEXT_PX = (7.0, 5.0)
# Where a surface turns away from the viewer a translucent one is denser, as glass is, and an opaque one has a dark
# outline: each structure's shape is read through the others. A painted one keeps the colours of its legend.
_RIMS = (
    "//VTK::Light::Impl",
    True,
    """//VTK::Light::Impl
  float turnedAway = 1.0 - abs(normalVCVSOutput.z);
  if (gl_FragData[0].a < 0.999)
  {
    gl_FragData[0].a = mix(gl_FragData[0].a, 1.0, 0.8 * turnedAway * turnedAway);
  }
  else
  {
    gl_FragData[0].rgb *= 1.0 - 0.6 * smoothstep(0.70, 0.98, turnedAway);
  }
""",
)
# Depth units by which measures come forward: more than any scene is deep, so that nothing hides them.
IN_FRONT = -66000.0


def surface_actor(surface: Surface) -> vtkActor:
    """A lit surface; a painted one with its colours."""
    actor = _actor(painted(surface) if surface.is_painted else shaded(surface))
    if surface.is_painted:
        actor.GetMapper().ScalarVisibilityOn()
        actor.SetTexture(stripes())
    else:
        actor.GetShaderProperty().AddFragmentShaderReplacement(*_RIMS, False)
    actor.GetProperty().SetInterpolationToPhong()
    style_surface(actor.GetProperty(), surface)
    return actor


def style_surface(material: vtkProperty, surface: Surface) -> None:
    """Give a surface's actor its colour and opacity."""
    material.SetColor(*surface.colour)
    material.SetOpacity(surface.opacity)
    material.SetAmbient(0.12)
    material.SetDiffuse(0.88)
    material.SetSpecular(0.18)
    material.SetSpecularPower(24.0)
    if surface.is_painted:
        # Soft light without gloss: what faces the viewer has the colour that the legend gives its millimetres.
        material.SetAmbient(0.42)
        material.SetDiffuse(0.62)
        material.SetSpecular(0.0)


def polyline_actors(line: Polyline) -> list[vtkProp]:
    """A line that nothing hides."""
    actor = _line_actor(np.array(line.points_mm), line.colour, line.width_px)
    _bring_forward(actor)
    return [actor]


def point_actors(point: Point) -> list[vtkProp]:
    """A ball that nothing hides."""
    actor = _ball(np.array(point.position_mm), point.radius_mm, point.colour)
    _bring_forward(actor)
    return [actor]


def label_actors(label: Label) -> list[vtkProp]:
    """Text of constant size on a dark plate, beside and above its position."""
    return [_text(label)]


def _text(label: Label) -> vtkTextActor:
    actor = vtkTextActor()
    actor.SetInput(f" {label.text} ")
    actor.SetTextScaleModeToNone()
    actor.GetPositionCoordinate().SetCoordinateSystemToWorld()
    actor.GetPositionCoordinate().SetValue(*label.position_mm)
    style = actor.GetTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(LABEL_SIZE_PX)
    style.SetColor(*LABEL)
    style.SetBackgroundColor(*BACKGROUND)
    style.SetBackgroundOpacity(0.5)
    style.SetVerticalJustificationToBottom()
    actor.SetPickable(False)
    return actor


def found_actors(found: FoundLandmark) -> list[vtkProp]:
    """A diamond that nothing hides, with its title and spread."""
    source = vtkPlatonicSolidSource()
    source.SetSolidTypeToOctahedron()
    source.Update()
    actor = _solid(source, FOUND)
    actor.GetMapper().ScalarVisibilityOff()
    actor.SetPosition(*found.position_mm)
    actor.SetScale(FOUND_MM)
    actor.GetProperty().SetAmbient(0.75)
    actor.GetProperty().SetDiffuse(0.25)
    _bring_forward(actor)
    words = _text(Label(found.key, found.position_mm, f"{found.title} \n {found.spread}"))
    words.GetTextProperty().SetColor(*FOUND)
    words.GetTextProperty().SetFontSize(FOUND_SIZE_PX)
    words.GetTextProperty().SetBackgroundOpacity(0.8)
    # Beside the diamond: its plate would hide it.
    place = vtkCoordinate()
    place.SetCoordinateSystemToWorld()
    place.SetValue(*found.position_mm)
    words.GetPositionCoordinate().SetReferenceCoordinate(place)
    words.GetPositionCoordinate().SetCoordinateSystemToViewport()
    words.GetPositionCoordinate().SetValue(*FOUND_TEXT_PX, 0.0)
    return [actor, words]


def plane_actors(widget: PlaneWidget) -> list[vtkProp]:
    """The frame of a cut plane and, unless it is locked, the arrow to drag it by."""
    colour = CUT_PLANE_LOCKED if widget.is_locked else CUT_PLANE
    frame = _line_actor(frame_points_mm(widget), colour, PLANE_LINE_PX)
    if widget.is_locked:
        return [frame]
    foot, tip = arrow_mm(widget)
    radius_mm = BALL_OF_SIZE * widget.size_mm
    shaft = _line_actor(np.stack([foot, tip]), colour, 2.0 * PLANE_LINE_PX)
    handle = [shaft, _ball(foot, radius_mm, colour), _cone(tip, tip - foot, radius_mm, colour)]
    for actor in handle:
        _bring_forward(actor)
    return [frame, *handle]


def _actor(data: vtkPolyData) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    return actor


def _line_actor(points_mm: np.ndarray, colour: Colour, width_px: float) -> vtkActor:
    data = poly_data(points_mm)
    data.SetLines(cell_array(np.arange(len(points_mm))[None]))
    actor = _actor(data)
    material = actor.GetProperty()
    material.SetColor(*colour)
    material.LightingOff()
    material.SetLineWidth(width_px)
    actor.SetPickable(False)
    return actor


def _ball(centre_mm: np.ndarray, radius_mm: float, colour: Colour) -> vtkActor:
    source = vtkSphereSource()
    source.SetCenter(*centre_mm)
    source.SetRadius(radius_mm)
    source.SetThetaResolution(16)
    source.SetPhiResolution(16)
    return _solid(source, colour)


def _cone(tip_mm: np.ndarray, direction: np.ndarray, radius_mm: float, colour: Colour) -> vtkActor:
    source = vtkConeSource()
    source.SetCenter(*tip_mm)
    source.SetDirection(*direction)
    source.SetRadius(1.3 * radius_mm)
    source.SetHeight(4.0 * radius_mm)
    source.SetResolution(20)
    return _solid(source, colour)


def _solid(source: vtkSphereSource | vtkConeSource | vtkPlatonicSolidSource, colour: Colour) -> vtkActor:
    source.Update()
    actor = _actor(source.GetOutput())
    actor.GetProperty().SetColor(*colour)
    actor.GetProperty().SetAmbient(0.4)
    actor.GetProperty().SetDiffuse(0.6)
    actor.SetPickable(False)
    return actor


def _bring_forward(actor: vtkActor) -> None:
    mapper = actor.GetMapper()
    mapper.SetResolveCoincidentTopologyToPolygonOffset()
    mapper.SetRelativeCoincidentTopologyLineOffsetParameters(0.0, IN_FRONT)
    mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(0.0, IN_FRONT)

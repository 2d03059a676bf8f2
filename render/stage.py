"""A scene on a VTK renderer, brought up to date by difference: what did not change is not touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vtkmodules.vtkRenderingCore import vtkActor, vtkLight, vtkProp, vtkRenderer, vtkVolume

from render.actors import (
    found_actors,
    label_actors,
    plane_actors,
    point_actors,
    polyline_actors,
    style_surface,
    surface_actor,
)
from render.cut_actors import cut_image_actors, rim_actor
from render.legend import legend_actors
from render.scene import (
    CutImage,
    FoundLandmark,
    Label,
    Legend,
    PlaneWidget,
    Point,
    Polyline,
    Scene,
    Surface,
    VolumeLook,
)

_Item = Polyline | Point | Label | PlaneWidget | FoundLandmark | Legend | CutImage

_MAKERS: dict[type, Callable[[Any], list[vtkProp]]] = {
    Polyline: polyline_actors,
    Point: point_actors,
    Label: label_actors,
    PlaneWidget: plane_actors,
    FoundLandmark: found_actors,
    Legend: legend_actors,
    CutImage: cut_image_actors,
}
# Position before the camera (right, up, towards the viewer) and intensity of each light.
_LIGHTS = (((-0.5, 0.8, 1.0), 0.80), ((0.9, -0.1, 0.7), 0.30), ((0.0, 0.0, 1.0), 0.15))
MOST_PEELS = 8


class Stage:
    """The actors of one scene on one renderer."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self.scene = Scene()
        self._renderer = renderer
        self._surfaces: dict[str, tuple[Surface, vtkActor]] = {}
        self._rims: dict[str, tuple[Surface, vtkActor]] = {}
        self._items: dict[_Item, list[vtkProp]] = {}
        self._rendering: tuple[VolumeLook, vtkVolume] | None = None
        self._light()

    def show(self, scene: Scene) -> bool:
        """Bring the renderer to `scene`, without drawing it or moving the camera.

        Returns whether anything changed.
        """
        changed = scene != self.scene
        if changed:
            self._show_surfaces(scene.surfaces)
            legend = () if scene.legend is None else (scene.legend,)
            self._show_rims(scene.surfaces if scene.images else ())
            self._show_items(
                {
                    *scene.polylines,
                    *scene.points,
                    *scene.labels,
                    *scene.planes,
                    *scene.found,
                    *scene.images,
                    *legend,
                }
            )
            self._show_rendering(scene.rendering)
            self._peel(any(surface.opacity < 1.0 for surface in scene.surfaces))
            self.scene = scene
        return changed

    def clear(self) -> None:
        """Take every actor off the renderer."""
        self.show(Scene())

    def _show_surfaces(self, surfaces: tuple[Surface, ...]) -> None:
        wanted = {surface.key: surface for surface in surfaces}
        for key in [key for key in self._surfaces if key not in wanted]:
            self._renderer.RemoveActor(self._surfaces.pop(key)[1])
        for key, surface in wanted.items():
            old = self._surfaces.get(key)
            if old is None or old[0].mesh is not surface.mesh or old[0].is_painted != surface.is_painted:
                self._replace_surface(surface)
            elif old[0] != surface and surface.is_painted:
                # The colour of its caps is part of its points.
                self._replace_surface(surface)
            elif old[0] != surface:
                style_surface(old[1].GetProperty(), surface)
                self._surfaces[key] = surface, old[1]

    def _replace_surface(self, surface: Surface) -> None:
        old = self._surfaces.get(surface.key)
        if old is not None:
            self._renderer.RemoveActor(old[1])
        actor = surface_actor(surface)
        self._renderer.AddActor(actor)
        self._surfaces[surface.key] = surface, actor

    def _show_rims(self, surfaces: tuple[Surface, ...]) -> None:
        wanted = {surface.key: surface for surface in surfaces if surface.n_cap_faces}
        for key, (surface, actor) in list(self._rims.items()):
            if wanted.get(key) != surface:
                self._renderer.RemoveActor(actor)
                del self._rims[key]
        for key, surface in wanted.items():
            if key not in self._rims:
                self._rims[key] = surface, rim_actor(surface)
                self._renderer.AddActor(self._rims[key][1])

    def _show_rendering(self, look: VolumeLook | None) -> None:
        from render.volume_rendering import cut_volume, volume_actor

        old = self._rendering
        if old is not None and (look is None or replace(old[0], planes=look.planes) != look):
            self._renderer.RemoveVolume(old[1])
            self._rendering = old = None
        if look is not None and old is None:
            self._rendering = look, volume_actor(look)
            self._renderer.AddVolume(self._rendering[1])
        elif look is not None and old is not None and old[0] != look:
            cut_volume(old[1], look)
            self._rendering = look, old[1]

    def _show_items(self, wanted: set[_Item]) -> None:
        for item in [item for item in self._items if item not in wanted]:
            for prop in self._items.pop(item):
                self._renderer.RemoveViewProp(prop)
        for item in wanted:
            if item not in self._items:
                self._items[item] = _MAKERS[type(item)](item)
                for prop in self._items[item]:
                    self._renderer.AddViewProp(prop)

    def _peel(self, is_translucent: bool) -> None:
        self._renderer.SetUseDepthPeeling(is_translucent)
        self._renderer.SetUseDepthPeelingForVolumes(is_translucent)
        self._renderer.SetMaximumNumberOfPeels(MOST_PEELS)
        self._renderer.SetOcclusionRatio(0.0)

    def _light(self) -> None:
        self._renderer.RemoveAllLights()
        self._renderer.AutomaticLightCreationOff()
        for position, intensity in _LIGHTS:
            light = vtkLight()
            light.SetLightTypeToCameraLight()
            light.SetPosition(*position)
            light.SetIntensity(intensity)
            self._renderer.AddLight(light)

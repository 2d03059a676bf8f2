"""Points of the plan dragged in the 3-D view: along the surface they lie on, or across the picture in the open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindowInteractor

from plan.items import Point as Position
from plan.items import as_point
from render.dragging import Ray
from render.picking import pick_surface
from render.scene import Point, Scene
from render.viewport import display_from_patient, ray_through

GRAB_PX = 9.0
DRAG_PX = 3.0
# A point this near to the surface before or behind it lies on it; one farther behind is hidden and stays.
ON_SURFACE_MM = 1.5
# Before the planes' dragger: a point may lie on a plane's handle.
PRIORITY = 11.0
_PRESS = vtkCommand.LeftButtonPressEvent
_MOVE = vtkCommand.MouseMoveEvent
_RELEASE = vtkCommand.LeftButtonReleaseEvent

# Item id, the point's position before, its position now; LPS mm.
PointCallback = Callable[[str, Position, Position], None]


@dataclass(frozen=True, eq=False)
class _Held:
    point: Point
    is_on_surface: bool
    start: np.ndarray


class PointDragger:
    """Listens to the left button of one interactor and moves the points of a scene.

    `on_moved` is called at each movement, `on_released` once at the end; nothing is called when the pointer has
    not moved. A press beside all points, or on one behind a surface, is left to what comes after.
    """

    def __init__(
        self,
        interactor: vtkRenderWindowInteractor,
        renderer: vtkRenderer,
        on_moved: PointCallback,
        on_released: PointCallback,
    ) -> None:
        self.scene = Scene()
        self._interactor = interactor
        self._renderer = renderer
        self._on_moved, self._on_released = on_moved, on_released
        self._held: _Held | None = None
        self._now: Position | None = None
        self._tags: dict[int, int] = {
            _PRESS: interactor.AddObserver(_PRESS, self._press, PRIORITY),
            _MOVE: interactor.AddObserver(_MOVE, self._move, PRIORITY),
            _RELEASE: interactor.AddObserver(_RELEASE, self._release, PRIORITY),
        }

    def close(self) -> None:
        """Stop listening."""
        for tag in self._tags.values():
            self._interactor.RemoveObserver(tag)
        self._tags, self._held = {}, None

    def _press(self, *_: object) -> None:
        pointer = np.array(self._interactor.GetEventPosition(), dtype=np.float64)
        self._held, self._now = self._point_at(pointer), None
        if self._held is not None:
            self._keep(_PRESS)

    def _move(self, *_: object) -> None:
        if self._held is None:
            return
        self._keep(_MOVE)
        pointer = np.array(self._interactor.GetEventPosition(), dtype=np.float64)
        if self._now is None and np.linalg.norm(pointer - self._held.start) < DRAG_PX:
            return
        place = self._place(self._held, ray_through(self._renderer, *pointer))
        if place is not None:
            self._now = place
            self._on_moved(self._held.point.item_id, self._held.point.position_mm, place)

    def _release(self, *_: object) -> None:
        held, now = self._held, self._now
        self._held = self._now = None
        if held is not None:
            self._keep(_RELEASE)
            if now is not None:
                self._on_released(held.point.item_id, held.point.position_mm, now)

    def _point_at(self, pointer: np.ndarray) -> _Held | None:
        if not self.scene.points:
            return None
        places = np.array([point.position_mm for point in self.scene.points])
        away_px = np.linalg.norm(display_from_patient(self._renderer, places) - pointer, axis=1)
        for n in np.argsort(away_px):
            if away_px[n] > GRAB_PX:
                return None
            behind_mm = self._behind_mm(places[n])
            if behind_mm is None or behind_mm <= ON_SURFACE_MM:
                is_on = behind_mm is not None and behind_mm >= -ON_SURFACE_MM
                return _Held(self.scene.points[n], is_on, pointer)
        return None

    def _behind_mm(self, place_mm: np.ndarray) -> float | None:
        """How far a point lies behind the first surface on its line of sight; None where there is none."""
        (pixel,) = display_from_patient(self._renderer, place_mm[None])
        ray = ray_through(self._renderer, *pixel)
        met = pick_surface(self.scene, ray)
        return None if met is None else float((place_mm - met[1]) @ ray.direction)

    def _place(self, held: _Held, ray: Ray) -> Position | None:
        if held.is_on_surface:
            met = pick_surface(self.scene, ray)
            return None if met is None else as_point(met[1])
        # Across the picture, as deep as it was.
        forward = np.array(self._renderer.GetActiveCamera().GetDirectionOfProjection())
        depth = (np.array(held.point.position_mm) - ray.origin_mm) @ forward / (ray.direction @ forward)
        return as_point(ray.origin_mm + depth * ray.direction)

    def _keep(self, event: int) -> None:
        # The event ends here, so that neither a plane nor the camera moves with a dragged point.
        self._interactor.GetCommand(self._tags[event]).SetAbortFlag(1)

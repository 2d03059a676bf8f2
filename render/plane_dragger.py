"""Cut planes dragged by their handle: the ball slides a plane along its normal, the arrow's tip tilts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindowInteractor

from plan.items import Point as Position
from plan.items import as_point
from render.dragging import Ray, shift_mm, tilted_normal
from render.plane_frame import arrow_mm
from render.scene import PlaneWidget
from render.viewport import display_from_patient, ray_through

GRAB_PX = 12.0
# Before the interactor style, which has VTK's default priority of 0.
PRIORITY = 10.0
_PRESS = vtkCommand.LeftButtonPressEvent
_MOVE = vtkCommand.MouseMoveEvent
_RELEASE = vtkCommand.LeftButtonReleaseEvent

PlaneCallback = Callable[[str, Position, Position], None]


@dataclass(frozen=True, eq=False)
class _Drag:
    widget: PlaneWidget
    is_tilt: bool
    start: Ray
    towards_viewer: bool


class PlaneDragger:
    """Listens to the left button of one interactor and moves the planes it is given.

    Callbacks receive (item id, origin in LPS mm, unit normal): `on_moved` at each movement, for a preview,
    and `on_released` once at the end, for the plan. A press beside all handles, or on a locked plane, is left
    to the camera. Nothing is released when the pointer has not moved.
    """

    def __init__(
        self,
        interactor: vtkRenderWindowInteractor,
        renderer: vtkRenderer,
        on_moved: PlaneCallback,
        on_released: PlaneCallback,
    ) -> None:
        self.planes: tuple[PlaneWidget, ...] = ()
        self._interactor = interactor
        self._renderer = renderer
        self._on_moved = on_moved
        self._on_released = on_released
        self._drag: _Drag | None = None
        self._placed: tuple[Position, Position] | None = None
        self._tags: dict[int, int] = {
            _PRESS: interactor.AddObserver(_PRESS, self._press, PRIORITY),
            _MOVE: interactor.AddObserver(_MOVE, self._move, PRIORITY),
            _RELEASE: interactor.AddObserver(_RELEASE, self._release, PRIORITY),
        }

    @property
    def is_dragging(self) -> bool:
        """Whether a handle is held right now."""
        return self._drag is not None

    def close(self) -> None:
        """Stop listening."""
        for tag in self._tags.values():
            self._interactor.RemoveObserver(tag)
        self._tags = {}
        self._drag = None

    def _press(self, *_: object) -> None:
        pointer = np.array(self._interactor.GetEventPosition(), dtype=np.float64)
        grabbed = self._handle_at(pointer)
        if grabbed is not None:
            widget, is_tilt = grabbed
            ray = ray_through(self._renderer, *pointer)
            self._drag = _Drag(widget, is_tilt, ray, float(ray.direction @ widget.normal) < 0)
            self._placed = None
            self._keep(_PRESS)

    def _move(self, *_: object) -> None:
        if self._drag is not None:
            ray = ray_through(self._renderer, *self._interactor.GetEventPosition())
            self._placed = self._dragged(self._drag, ray)
            self._keep(_MOVE)
            self._on_moved(self._drag.widget.item_id, *self._placed)

    def _release(self, *_: object) -> None:
        drag, placed = self._drag, self._placed
        if drag is not None:
            self._drag, self._placed = None, None
            self._keep(_RELEASE)
            if placed is not None:
                self._on_released(drag.widget.item_id, *placed)

    def _handle_at(self, pointer: np.ndarray) -> tuple[PlaneWidget, bool] | None:
        best: tuple[float, PlaneWidget, bool] | None = None
        for widget in self.planes:
            if widget.is_locked:
                continue
            pixels = display_from_patient(self._renderer, arrow_mm(widget))
            for is_tilt, away_px in enumerate(np.linalg.norm(pixels - pointer, axis=1)):
                if away_px <= GRAB_PX and (best is None or away_px < best[0]):
                    best = float(away_px), widget, bool(is_tilt)
        return None if best is None else best[1:]

    def _dragged(self, drag: _Drag, ray: Ray) -> tuple[Position, Position]:
        origin_mm, normal = np.array(drag.widget.origin_mm), np.array(drag.widget.normal)
        if drag.is_tilt:
            foot, tip = arrow_mm(drag.widget)
            arm_mm = float(np.linalg.norm(tip - foot))
            tilted = tilted_normal(origin_mm, arm_mm, ray, drag.towards_viewer)
            return drag.widget.origin_mm, as_point(tilted)
        camera = self._renderer.GetActiveCamera()
        eye_mm, up = np.array(camera.GetPosition()), np.array(camera.GetViewUp())
        moved_mm = shift_mm(origin_mm, normal, drag.start, ray, eye_mm, up)
        return as_point(origin_mm + moved_mm * normal), drag.widget.normal

    def _keep(self, event: int) -> None:
        # The event ends here, so that the camera does not turn under a dragged plane.
        self._interactor.GetCommand(self._tags[event]).SetAbortFlag(1)

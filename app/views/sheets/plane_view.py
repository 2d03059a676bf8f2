"""The image in a sheet's own plane, where a ring is drawn as it will be measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QWidget

from app.sheets.planes import SheetPlane, plane_of
from app.slices import Frame
from app.state import State
from app.views.slices.view import Modifiers, SliceView
from plan.items import Item, as_point

if TYPE_CHECKING:
    from render.slice_plane import SlicePlane

FIELD_MM = 70.0
STEP_MM = 0.5
PATIENT_LEFT, PATIENT_BACK = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])


class PlaneView(SliceView):
    """A slice in the plane of the sheet's ring, seen against its normal; the wheel moves it along the normal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("axial", parent)
        self.setObjectName("slice_sheet")
        self.setAccessibleName("Plane of the sheet")
        self.setMinimumSize(QSize(220, 190))
        self.height_mm = 0.0
        self._item_id = ""
        self._shown_plane: SheetPlane | None = None

    def show_item(self, state: State, item: Item) -> None:
        """Show the plane of this item; a point that is held does not tilt it under the pointer."""
        if state.dragged is None or item.item_id != self._item_id:
            if item.item_id != self._item_id:
                self.height_mm = 0.0
                self._item_id = item.item_id
            self._shown_plane = plane_of(item, state.shown_plan)
        # The traces of the other slices would cross a tilted one elsewhere: no crosshair.
        self.show_state(replace(state, crosshair_mm=None))

    @property
    def title(self) -> str:
        """Which plane this is."""
        if self._shown_plane is None:
            return ""
        if self._shown_plane.place is None:
            return self._shown_plane.missing
        name = self._shown_plane.title
        return f"{name} {self.height_mm:+.1f} mm" if self.height_mm else name

    def frame(self) -> Frame | None:
        """Where the picture lies now; None while there is no plane or no image."""
        plane = self._plane()
        if plane is None or self._state.volume is None or self._state.window is None:
            return None
        size = self.size() * self.devicePixelRatioF()
        size_px = (max(size.width(), 1), max(size.height(), 1))
        shift = np.array(plane.right) * self.framing.pan_mm[0] + np.array(plane.down) * self.framing.pan_mm[1]
        at_mm = np.array(plane.origin_mm) + shift
        return Frame(
            replace(plane, origin_mm=as_point(at_mm)), size_px, FIELD_MM / min(size_px) / self.framing.zoom
        )

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Wheel: along the normal. With Ctrl: zoom."""
        if event is None:
            return
        turns = event.angleDelta().y() / 120.0
        if event.modifiers() & Modifiers.ControlModifier:
            self.framing = self.framing.zoomed(1.15**turns)
        else:
            self.height_mm = float(np.clip(self.height_mm + STEP_MM * turns, -40.0, 80.0))
        self.update()
        event.accept()

    def _plane(self) -> SlicePlane | None:
        from render.slice_plane import SlicePlane

        if self._shown_plane is None or self._shown_plane.place is None:
            return None
        origin, normal = self._shown_plane.place
        # As an axial slice: the normal leads away from the viewer, the patient's left is on the right.
        towards = PATIENT_LEFT if abs(normal @ PATIENT_LEFT) < 0.9 else PATIENT_BACK
        right = towards - (towards @ normal) * normal
        right /= np.linalg.norm(right)
        middle = origin + self.height_mm * normal
        return SlicePlane(as_point(middle), as_point(right), as_point(np.cross(normal, right)))

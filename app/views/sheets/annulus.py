"""The image in the annular plane itself, where a ring is drawn as it will be measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QWidget

from app.slices import Frame
from app.state import State
from app.views.slices.view import Modifiers, SliceView
from plan.clinical.aortic_root import annular_plane, why_no_plane
from plan.formula import points_of
from plan.items import AorticRoot, as_point

if TYPE_CHECKING:
    from render.slice_plane import SlicePlane

FIELD_MM = 70.0
STEP_MM = 0.5
PATIENT_LEFT, PATIENT_BACK = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])


class AnnulusView(SliceView):
    """A slice through the three hinge points, seen from the ventricle; the wheel moves it up and down the root."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("axial", parent)
        self.setObjectName("slice_annulus")
        self.setAccessibleName("Annular plane")
        self.setMinimumSize(QSize(220, 190))
        self.height_mm = 0.0
        self._root: AorticRoot | None = None

    def show_root(self, state: State, root: AorticRoot) -> None:
        """Show the plane of this root; a point that is held does not tilt it under the pointer."""
        if state.dragged is None or self._root is None:
            if self._root is None or root.item_id != self._root.item_id:
                self.height_mm = 0.0
            self._root = root
        # The traces of the other slices would cross a tilted one elsewhere: no crosshair.
        self.show_state(replace(state, crosshair_mm=None))

    @property
    def title(self) -> str:
        """Which plane this is."""
        if self._plane() is None:
            return "Place the three hinge points"
        return f"Annular plane {self.height_mm:+.1f} mm" if self.height_mm else "Annular plane"

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
        """Wheel: up and down the root. With Ctrl: zoom."""
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

        if self._root is None or why_no_plane(self._root):
            return None
        origin, normal = annular_plane(points_of(self._root))
        # As an axial slice: away from the viewer is up the root, the patient's left is on the right.
        towards = PATIENT_LEFT if abs(normal @ PATIENT_LEFT) < 0.9 else PATIENT_BACK
        right = towards - (towards @ normal) * normal
        right /= np.linalg.norm(right)
        middle = origin + self.height_mm * normal
        return SlicePlane(as_point(middle), as_point(right), as_point(np.cross(normal, right)))

"""The wheel that moves the selected cut plane: each notch shows it further along, a rest makes it a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, QTimer
from PyQt6.QtGui import QWheelEvent

if TYPE_CHECKING:
    from app.views.scene_view import SceneView

REST_MS = 400
NOTCH = 120.0
STEP_MM, FINE_STEP_MM = 1.0, 0.2


class PlaneWheel(QObject):
    """Ctrl and wheel move by a millimetre, with Shift by a fifth; without Ctrl the wheel is the camera's."""

    def __init__(self, view: SceneView) -> None:
        super().__init__(view)
        self._view = view
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(view.plane_rested)

    def turn(self, event: QWheelEvent) -> bool:
        """True when the wheel was the plane's."""
        keys = event.modifiers()
        if not keys & Qt.KeyboardModifier.ControlModifier:
            return False
        # With Shift some systems turn the wheel sideways.
        notches = (event.angleDelta().y() or event.angleDelta().x()) / NOTCH
        step_mm = FINE_STEP_MM if keys & Qt.KeyboardModifier.ShiftModifier else STEP_MM
        self._view.plane_wheeled.emit(notches * step_mm)
        self._rest.start()
        return True

    def stop(self) -> None:
        """Forget a movement that has not come to rest."""
        self._rest.stop()

"""What a painted surface says where the pointer rests: millimetres in words that nobody takes for an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QToolTip

from app.describe import structure_title
from render.painted_fields import THICKNESS

if TYPE_CHECKING:
    from app.views.scene_view import SceneView

REST_MS = 150


class HoverReadout(QObject):
    """Waits until the pointer rests on the 3-D view; while it moves nothing is looked up."""

    def __init__(self, view: SceneView) -> None:
        super().__init__(view)
        self._view = view
        self._here = QPoint()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._say)

    def move(self, here: QPoint, event: QMouseEvent, is_painted: bool) -> None:
        """The mouse did something at `here`; only a pointer that moves without a button is followed."""
        self._here = here
        is_hovering = event.type() == QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton
        if is_painted and is_hovering:
            self._rest.start()
        else:
            self.stop()

    def stop(self) -> None:
        """Say nothing any more."""
        self._rest.stop()

    def _say(self) -> None:
        found = self._view.steadiness(self._here)
        interactor = self._view.interactor
        if interactor is not None:
            text = "" if found is None else painted_text(self._view.painted_by, *found)
            QToolTip.showText(interactor.mapToGlobal(self._here), text, interactor)


def painted_text(painted_by: str, key: str, value_mm: float) -> str:
    """One value of a painted surface in words; NaN is unknown."""
    if painted_by != THICKNESS.name:
        return steadiness_text(key, value_mm)
    title = structure_title(key)
    return f"{title}: thickness unknown" if np.isnan(value_mm) else f"{title}: {value_mm:.1f} mm thick"


def steadiness_text(key: str, uncertainty_mm: float) -> str:
    """One value of a surface in words; NaN is unknown."""
    title = structure_title(key)
    if np.isnan(uncertainty_mm):
        return f"{title}: steadiness unknown"
    return f"{title}: {uncertainty_mm:.1f} mm steadiness, not distance from the truth"

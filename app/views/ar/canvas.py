"""The picture of the AR view, drawn by the overlay painter in Qt's OpenGL context."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter
from PyQt6.QtOpenGLWidgets import QOpenGLWidget
from PyQt6.QtWidgets import QWidget

from app.views.theme import GROUND, QUIET
from core.resources import RESEARCH_NOTICE

if TYPE_CHECKING:
    from ar.loop import ArFrame
    from ar.overlay.painter import OverlayPainter
    from core.projection import CameraModel
    from render.scene import Scene

INVITATION = "Choose a camera or a video and its calibration, then start."


class ArCanvas(QOpenGLWidget):
    """Draws one tracked frame with the scene at its pose; nothing of the anatomy when tracking is LOST.

    Attributes:
        words: what stands there while there is no picture.
    """

    drawn = pyqtSignal(float)
    failed = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painter: OverlayPainter | None = None
        self._turn: ArFrame | None = None
        self._camera: CameraModel | None = None
        self._scene: Scene | None = None
        self.words = INVITATION
        self.setMinimumSize(320, 240)

    def show_turn(self, turn: ArFrame, camera: CameraModel, scene: Scene | None) -> None:
        """Draw this frame next, with this scene at its pose."""
        self._turn, self._camera, self._scene = turn, camera, scene
        self.update()

    def show_words(self, words: str) -> None:
        """Draw words instead of any picture: an old picture must not be taken for what the camera sees."""
        self._turn, self.words = None, words
        self.update()

    def paintGL(self) -> None:
        """Draw, in Qt's context."""
        if self._turn is None or self._camera is None:
            painter = QPainter(self)
            painter.fillRect(self.rect(), QColor(GROUND))
            painter.setPen(QColor(QUIET))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, f"{self.words}\n\n{RESEARCH_NOTICE}")
            painter.end()
            return
        started = time.perf_counter()
        try:
            self._paint(self._turn, self._camera)
        except Exception as error:
            # An exception may not leave a virtual function of Qt; it is shown instead, and the view stops.
            self._turn = None
            self.failed.emit(error)
            return
        self.drawn.emit((time.perf_counter() - started) * 1e3)

    def release(self) -> None:
        """Free what is held on the graphics card; call before the window goes."""
        if self._painter is not None:
            self.makeCurrent()
            self._painter.delete()
            self.doneCurrent()
            self._painter = None

    def _paint(self, turn: ArFrame, camera: CameraModel) -> None:
        from ar.overlay.painter import OverlayPainter

        if self._painter is None:
            self._painter = OverlayPainter()
        ratio = self.devicePixelRatioF()
        window = (round(self.width() * ratio), round(self.height() * ratio))
        self._painter.paint(
            turn.frame, camera, turn.pose, self._scene, turn.registration, turn.milliseconds, window
        )

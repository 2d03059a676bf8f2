"""The view along a vessel: it lies straight from left to right, with a marker where the slices cut across it."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QToolButton, QWidget

from app.slice_outlines import Outline
from app.state import State
from app.viewing.curve import CurvedView, shown_curve
from app.viewing.curved_picture import CurvedFrame, curved_frame, curved_grey, curved_outlines
from app.views.over_images import paint_text
from app.views.theme import GROUND, ORIENTATION_COLOURS, QUIET, TEXT
from core.anatomy import HEART_BY_KEY

STEP_MM = 1.0
ROLL_DEG = 5.0
TICK_MM = 10.0
KEYS: dict[int, float] = {Qt.Key.Key_Left: -STEP_MM, Qt.Key.Key_Right: STEP_MM}
ROLLS: dict[int, float] = {Qt.Key.Key_Up: -ROLL_DEG, Qt.Key.Key_Down: ROLL_DEG}


class CurvedSliceView(QWidget):
    """Shows a vessel laid straight; emits where along it the user goes and how it is to be cut open."""

    travelled = pyqtSignal(float, float)
    rolled = pyqtSignal(float)
    window_dragged = pyqtSignal(float, float)
    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = State()
        self._last = QPoint()
        self._kept: tuple[object, QImage, tuple[Outline, ...]] | None = None
        self.setObjectName("slice_curved")
        self.setAccessibleName("Slice along the vessel")
        self.setToolTip(
            "Drag: go along the vessel. Wheel: 1 mm on. Shift and wheel: cut it open in another direction."
        )
        self.setMinimumSize(QSize(160, 120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._close = QToolButton(self)
        self._close.setText("×")
        self._close.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._close.setProperty("flat", True)
        self._close.setToolTip("Put the curved slice away and straighten the slices")
        self._close.setAccessibleName("Close the curved slice")
        self._close.clicked.connect(self.closed)

    def show_state(self, state: State) -> None:
        """Show this state from now on."""
        self._state = state
        self.update()

    def frame(self) -> CurvedFrame | None:
        """Where the picture lies now; None when no vessel is followed."""
        curve = shown_curve(self._state)
        size = self.size() * self.devicePixelRatioF()
        return None if curve is None else curved_frame(curve, (max(size.width(), 2), max(size.height(), 2)))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the image, outlines, marker and scale."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(GROUND))
        frame = self.frame()
        if frame is not None:
            ratio = self.devicePixelRatioF()
            image, outlines = self._picture(frame)
            painter.drawImage(QPointF(0.0, frame.first_row / ratio), image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for outline in outlines:
                painter.setPen(QPen(QColor.fromRgbF(*outline.colour), 1.6))
                for line in outline.lines:
                    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in (line + 0.5) / ratio]))
            self._paint_marker(painter, frame, ratio)
            self._paint_scale(painter, frame, ratio)
        painter.end()

    def resizeEvent(self, event: object) -> None:
        """The way out stays in the corner."""
        self._close.adjustSize()
        self._close.move(self.width() - self._close.width() - 6, 4)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Wheel: along the vessel. With Shift: cut it open in another direction."""
        if event is None:
            return
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.rolled.emit(turns * ROLL_DEG)
        else:
            self._step(-turns * STEP_MM)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Left and right: along the vessel. Up and down: cut it open in another direction."""
        if event is not None and event.key() in KEYS:
            self._step(KEYS[event.key()])
        elif event is not None and event.key() in ROLLS:
            self.rolled.emit(ROLLS[event.key()])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the place below the pointer."""
        if event is not None:
            self._last = event.position().toPoint()
            if event.button() == Qt.MouseButton.LeftButton:
                self._go(self._last)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Left: go along. Right: window."""
        if event is None:
            return
        here = event.position().toPoint()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(here)
        elif event.buttons() & Qt.MouseButton.RightButton:
            step = here - self._last
            self.window_dragged.emit(step.x() / self.width(), step.y() / self.height())
        self._last = here

    def position_of(self, along_mm: float, beside_mm: float) -> QPoint:
        """Where a place along the vessel lies in this widget. Raises ValueError when none is followed."""
        frame = self.frame()
        if frame is None:
            raise ValueError("no vessel is followed")
        column, row = (part / self.devicePixelRatioF() for part in frame.to_px(along_mm, beside_mm))
        return QPoint(round(column), round(row))

    def _go(self, place: QPoint) -> None:
        frame, ratio = self.frame(), self.devicePixelRatioF()
        if frame is not None:
            self.travelled.emit(*frame.to_place(place.x() * ratio, place.y() * ratio))

    def _step(self, step_mm: float) -> None:
        found = self._marker()
        if found is not None:
            self.travelled.emit(found[0] + step_mm, 0.0)

    def _marker(self) -> tuple[float, float] | None:
        curve, at_mm = shown_curve(self._state), self._state.crosshair_mm
        return None if curve is None or at_mm is None else curve.nearest(at_mm)

    def _picture(self, frame: CurvedFrame) -> tuple[QImage, tuple[Outline, ...]]:
        """The image and the outlines, kept until something that they show has changed."""
        state = self._state
        key = (frame.curve, frame.size_px, state.volume, state.window, state.view, state.anatomy)
        if self._kept is None or self._kept[0] != key:
            grey = curved_grey(state, frame)
            assert grey is not None
            image = _image_of(grey)
            image.setDevicePixelRatio(self.devicePixelRatioF())
            self._kept = (key, image, curved_outlines(state, frame))
        return self._kept[1], self._kept[2]

    def _paint_marker(self, painter: QPainter, frame: CurvedFrame, ratio: float) -> None:
        found = self._marker()
        if found is None:
            return
        x, y = ((part + 0.5) / ratio for part in frame.to_px(*found))
        painter.setPen(QPen(QColor(ORIENTATION_COLOURS["axial"]), 1.4))
        painter.drawLine(QPointF(x, 0.0), QPointF(x, self.height()))
        painter.drawEllipse(QPointF(x, y), 4.0, 4.0)

    def _paint_scale(self, painter: QPainter, frame: CurvedFrame, ratio: float) -> None:
        curve, area = frame.curve, QRectF(self.rect()).adjusted(8, 5, -8, -5)
        painter.setPen(QPen(QColor(TEXT), 1.0))
        for along_mm in np.arange(0.0, curve.length_mm, TICK_MM):
            x = (frame.to_px(float(along_mm), 0.0)[0] + 0.5) / ratio
            painter.drawLine(QPointF(x, self.height()), QPointF(x, self.height() - 5.0))
        sides = Qt.AlignmentFlag
        title = f"Along the {HEART_BY_KEY[curve.key].title.lower()}" if curve.key in HEART_BY_KEY else curve.key
        paint_text(painter, area, sides.AlignLeft | sides.AlignTop, title, QColor(TEXT))
        paint_text(
            painter,
            area.adjusted(0, 0, 0, -8),
            sides.AlignLeft | sides.AlignBottom,
            self._said(curve),
            QColor(QUIET),
        )

    def _said(self, curve: CurvedView) -> str:
        found = self._marker()
        along_mm = found[0] if found is not None else 0.0
        return f"{along_mm:.0f} of {curve.length_mm:.0f} mm, ticks {TICK_MM:.0f} mm, cut {curve.roll_deg:.0f}°"


def _image_of(grey: np.ndarray) -> QImage:
    height, width = grey.shape
    return QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()

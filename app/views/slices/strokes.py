"""Strokes of the label tools on a slice view, by pointer and by keyboard, and how they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QWheelEvent

from app.slice_outlines import contours_to_pull, touch_at
from app.slices import Frame, scrolled
from app.tools import Tool
from app.views.theme import TEXT
from core.errors import PlannerError

if TYPE_CHECKING:
    from app.views.slices.view import SliceView

Buttons, Modifiers, Keys = Qt.MouseButton, Qt.KeyboardModifier, Qt.Key
ARROWS: dict[int, tuple[int, int]] = {
    Keys.Key_Left: (-1, 0),
    Keys.Key_Right: (1, 0),
    Keys.Key_Up: (0, -1),
    Keys.Key_Down: (0, 1),
}
PAGES: dict[int, int] = {Keys.Key_PageUp: -1, Keys.Key_PageDown: 1}


class SliceStrokes:
    """Turns what happens on one view into its stroke signals; each method tells whether the event was for it."""

    def __init__(self, view: SliceView) -> None:
        self._view = view
        self._is_held = False

    def press(self, event: QMouseEvent) -> bool:
        """The left button begins a stroke."""
        is_plain = event.button() == Buttons.LeftButton and event.modifiers() == Modifiers.NoModifier
        frame = self._view.frame()
        if not self._view.state.is_editing_labels or not is_plain or frame is None:
            return False
        self._is_held = True
        self._begin(frame, self._view.at(event.position().toPoint(), frame))
        return True

    def move(self, here: QPoint) -> bool:
        """The stroke follows the pointer."""
        frame = self._view.frame()
        if not self._is_held or frame is None:
            return False
        self._view.stroke_moved.emit(touch_at(frame, self._view.at(here, frame)))
        return True

    def release(self, event: QMouseEvent) -> bool:
        """The left button ends the stroke."""
        if not self._is_held or event.button() != Buttons.LeftButton:
            return False
        self._is_held = False
        self._view.stroke_released.emit()
        return True

    def turn(self, event: QWheelEvent, turns: float) -> bool:
        """Shift and the wheel size the brush; while a stroke is held the slice stays."""
        if not self._view.state.is_editing_labels:
            return False
        if event.modifiers() & Modifiers.ShiftModifier:
            self._view.brush_resized.emit(turns)
            return True
        return self._is_held

    def key(self, event: QKeyEvent) -> bool:
        """Arrows and page keys move the crosshair; Return paints there, or begins and ends a line."""
        frame, state = self._view.frame(), self._view.state
        if frame is None or state.volume is None or state.crosshair_mm is None:
            return False
        key = event.key()
        if key in ARROWS:
            self._go(frame, *ARROWS[key])
        elif key in PAGES and state.stroke is None:
            self._view.looked_at.emit(scrolled(state.volume, state.crosshair_mm, frame, PAGES[key]))
        elif key in (Keys.Key_Return, Keys.Key_Enter) and state.is_editing_labels:
            self._touch_crosshair(frame, np.array(state.crosshair_mm))
        else:
            return False
        return True

    def _go(self, frame: Frame, right: int, down: int) -> None:
        state = self._view.state
        assert state.volume is not None
        step_mm = float(state.volume.spacing_mm.min())
        along = right * np.array(frame.plane.right) + down * np.array(frame.plane.down)
        place = np.array(state.crosshair_mm) + step_mm * along
        is_drawing = state.stroke is not None
        self._view.looked_at.emit(place)
        if is_drawing:
            self._view.stroke_moved.emit(touch_at(frame, place))

    def _touch_crosshair(self, frame: Frame, at_mm: np.ndarray) -> None:
        if self._view.state.stroke is None:
            self._begin(frame, at_mm)
            if self._view.state.tool not in (Tool.PAINT, Tool.ERASE):
                return
        self._view.stroke_released.emit()

    def _begin(self, frame: Frame, at_mm: np.ndarray) -> None:
        touch = touch_at(frame, at_mm)
        try:
            contours = contours_to_pull(self._view.state, frame, touch)
        except PlannerError:
            # Where the slice misses the labels the session says so.
            contours = ()
        self._view.stroke_pressed.emit(touch, contours)


def paint_stroke(painter: QPainter, view: SliceView, frame: Frame) -> None:
    """Paint the brush below the pointer, and the line that is drawn or pulled."""
    state, ratio = view.state, view.devicePixelRatioF()
    if not state.is_editing_labels:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state.stroke is not None:
        painter.setPen(QPen(QColor(TEXT), 1.8))
        for line in state.stroke.line_mm:
            if abs(frame.depth_mm(line)).max() < state.stroke.layer.thickness_mm:
                pixels = (frame.to_px(np.vstack([line, line[:1]])) + 0.5) / ratio
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in pixels]))
    place = view.pointer
    if state.tool in (Tool.PAINT, Tool.ERASE) and (place is not None or view.hasFocus()):
        at = QPointF(place) if place is not None else _crosshair(view, frame)
        reach = state.brush.radius_mm / frame.spacing_mm / ratio
        painter.setPen(QPen(QColor(TEXT), 1.2))
        painter.drawEllipse(at, reach, reach)


def _crosshair(view: SliceView, frame: Frame) -> QPointF:
    x, y = (frame.to_px(np.array(view.state.crosshair_mm))[0] + 0.5) / view.devicePixelRatioF()
    return QPointF(x, y)

"""The crosshair of a slice view: where the other two slices cut this one, with handles that turn them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from app.slices import ORIENTATIONS, Frame, can_turn, lies_along_axes, shown_axes
from app.tools import Tool
from app.viewing.axes import SliceAxes, straight_axes
from app.views.theme import ORIENTATION_COLOURS

if TYPE_CHECKING:
    from app.views.slices.view import SliceView

GAP_PX = 14.0
HANDLE_PX = 5.0
REACH_PX = 9.0
# The handles lie at this part of the way from the middle of a view to its nearer side.
HANDLE_SHARE = 0.62
KEY_DEG = 5.0
SNAP_DEG = 15.0
PARALLEL = 1e-3
TURNS: dict[int, float] = {Qt.Key.Key_Left: -KEY_DEG, Qt.Key.Key_Right: KEY_DEG}


class CrosshairTurner:
    """Turns the other two slices by the crosshair's handles; each method tells whether the event was for it."""

    def __init__(self, view: SliceView) -> None:
        self._view = view
        self._began: tuple[float, SliceAxes] | None = None

    def press(self, event: QMouseEvent) -> bool:
        """The left button takes hold of a handle."""
        place = event.position().toPoint()
        is_left = event.button() == Qt.MouseButton.LeftButton
        axes = _axes(self._view)
        if not is_left or axes is None or not self.is_over_handle(place):
            return False
        self._began = self._angle_deg(place), axes
        self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def move(self, event: QMouseEvent) -> bool:
        """The crosshair follows the pointer; with Shift in steps."""
        if self._began is None:
            return False
        start_deg, axes = self._began
        turned_deg = (self._angle_deg(event.position().toPoint()) - start_deg + 180.0) % 360.0 - 180.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            turned_deg = round(turned_deg / SNAP_DEG) * SNAP_DEG
        self._view.turned.emit(axes.turned(self._view.orientation, turned_deg))
        return True

    def release(self, event: QMouseEvent) -> bool:
        """The left button lets the handle go."""
        if self._began is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._began = None
        return True

    def key(self, event: QKeyEvent) -> bool:
        """Alt and an arrow turn the crosshair a little."""
        axes, angle_deg = _axes(self._view), TURNS.get(event.key())
        is_alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if axes is None or angle_deg is None or not is_alt:
            return False
        self._view.turned.emit(axes.turned(self._view.orientation, angle_deg))
        return True

    def is_over_handle(self, place: QPoint) -> bool:
        """True where the left button would take hold of a handle."""
        frame = self._view.frame()
        if frame is None or self._view.state.tool is not Tool.NAVIGATE:
            return False
        away = [QPointF(place) - handle for handle in handles(self._view, frame)]
        return any(np.hypot(step.x(), step.y()) <= REACH_PX for step in away)

    def _angle_deg(self, place: QPoint) -> float:
        frame = self._view.frame()
        assert frame is not None
        step = QPointF(place) - _middle(self._view, frame)
        return float(np.degrees(np.arctan2(step.y(), step.x())))


def handles(view: SliceView, frame: Frame) -> list[QPointF]:
    """Where the handles lie in a view: two on each line, those outside of it left out; none where nothing turns."""
    if _axes(view) is None or not lies_along_axes(view.state, view.orientation, frame):
        return []
    middle, away = _middle(view, frame), HANDLE_SHARE * min(view.width(), view.height()) / 2.0
    ends = [middle + side * away * way for _, way in _lines(view, frame) for side in (-1.0, 1.0)]
    return [end for end in ends if view.rect().contains(end.toPoint())]


def paint_crosshair(painter: QPainter, view: SliceView, frame: Frame) -> None:
    """Paint the lines in which the other two slices cut this one, and the handles."""
    if view.state.crosshair_mm is None:
        return
    middle, reach = _middle(view, frame), float(view.width() + view.height())
    reach += abs(middle.x()) + abs(middle.y())
    away = HANDLE_SHARE * min(view.width(), view.height()) / 2.0
    grips = handles(view, frame)
    for name, way in _lines(view, frame):
        colour = QColor(ORIENTATION_COLOURS[name])
        colour.setAlpha(150)
        painter.setPen(QPen(colour, 1.0))
        for side in (-1.0, 1.0):
            painter.drawLine(middle + side * GAP_PX * way, middle + side * reach * way)
            if grips:
                painter.setBrush(colour)
                painter.drawEllipse(middle + side * away * way, HANDLE_PX, HANDLE_PX)
                painter.setBrush(Qt.BrushStyle.NoBrush)


def _axes(view: SliceView) -> SliceAxes | None:
    """The axes of the slices now, straight or turned; None where they cannot be turned."""
    state = view.state
    if state.volume is None or not can_turn(state):
        return None
    return shown_axes(state) or straight_axes(state.volume, state.along_image)


def _lines(view: SliceView, frame: Frame) -> list[tuple[str, QPointF]]:
    """The other orientations, and the unit direction in the picture along which each of them cuts this slice."""
    state = view.state
    if state.volume is None:
        return []
    axes = shown_axes(state) or straight_axes(state.volume, state.along_image)
    right, down = np.array(frame.plane.right), np.array(frame.plane.down)
    found: list[tuple[str, QPointF]] = []
    for name in ORIENTATIONS:
        if name != view.orientation:
            along = np.cross(axes.normal(name), frame.plane.normal)
            length = float(np.linalg.norm(along))
            if length > PARALLEL:
                found.append((name, QPointF(float(along @ right) / length, float(along @ down) / length)))
    return found


def _middle(view: SliceView, frame: Frame) -> QPointF:
    ratio = view.devicePixelRatioF()
    x, y = (frame.to_px(np.array(view.state.crosshair_mm))[0] + 0.5) / ratio
    return QPointF(float(x), float(y))

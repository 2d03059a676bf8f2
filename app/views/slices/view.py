"""One slice: grey values, contours of the reconstruction, the plan's marks, crosshair and letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPoint, QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.slice_marks import handle_at, handle_dragged, marks
from app.slices import (
    Frame,
    Framing,
    depth_placed,
    frame_in,
    framing_on,
    lies_along_axes,
    readout,
    scrolled,
    slice_title,
)
from app.state import State
from app.tools import Tool
from app.views.slices.crosshair import CrosshairTurner
from app.views.slices.painting import paint_slice
from app.views.slices.pictures import SlicePictures
from app.views.slices.slab_button import SlabButton
from app.views.slices.strokes import SliceStrokes, paint_stroke
from app.views.theme import GROUND, QUIET

if TYPE_CHECKING:
    from plan.handles import Handle
    from render.slice_plane import Orientation

DRAG_PX = 4
# How near to a point the pointer takes hold of it.
GRAB_PX = 9
# A rough slab is refined once the user rests, in pieces that the hand does not feel.
REST_MS, PIECE_S = 120, 0.015
Buttons = Qt.MouseButton
Modifiers = Qt.KeyboardModifier


class SliceView(QWidget):
    """Shows one orientation of the state; emits where the user looks, places points and drags the window."""

    looked_at = pyqtSignal(object)
    placed = pyqtSignal(object)
    window_dragged = pyqtSignal(float, float)
    finished = pyqtSignal()
    point_dragged = pyqtSignal(object)
    point_dropped = pyqtSignal()
    stroke_pressed = pyqtSignal(object, object)
    stroke_moved = pyqtSignal(object)
    stroke_released = pyqtSignal()
    brush_resized = pyqtSignal(float)
    turned = pyqtSignal(object)
    thickened = pyqtSignal(str, object)
    alone_requested = pyqtSignal(str)

    def __init__(self, orientation: Orientation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.orientation = orientation
        self.framing = Framing()
        self._state = State()
        self._pictures = SlicePictures()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._refine)
        self._strokes = SliceStrokes(self)
        self._turner = CrosshairTurner(self)
        self._slab = SlabButton(orientation, self)
        self._slab.chosen.connect(lambda slab: self.thickened.emit(self.orientation, slab))
        self._pressed: QPoint | None = None
        self._last = QPoint()
        self._is_dragging = False
        self._held: Handle | None = None
        self._pointer: QPoint | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(160, 120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setObjectName(f"slice_{orientation}")
        self.setAccessibleName(f"{orientation.capitalize()} slice")

    def show_state(self, state: State) -> None:
        """Show this state from now on; a standard view that was just asked for comes to the middle."""
        is_aimed = state.arrangement.aim is not self._state.arrangement.aim
        is_turned = state.arrangement.axes is not self._state.arrangement.axes
        before = self.frame() if is_turned and state.volume is self._state.volume else None
        self._state = state
        self._rest.stop()
        if before is not None and not is_aimed:
            self._hold_crosshair(before)
        frame = self.frame()
        self._slab.show_state(state, frame)
        aim, whole = state.arrangement.aim, self._frame(Framing())
        is_slice = frame is not None and lies_along_axes(state, self.orientation, frame)
        if is_aimed and is_slice and aim is not None and whole is not None:
            self.framing = framing_on(whole, aim.focal_mm, aim.reach_mm)
        self.setCursor(self._cursor)
        self.update()

    def _hold_crosshair(self, before: Frame) -> None:
        """After a turn the crosshair is where it was in the picture: the shift was one along the old slice."""
        frame, at_mm = self.frame(), self._state.crosshair_mm
        if frame is not None and at_mm is not None and self.framing.pan_mm != (0.0, 0.0):
            away = frame.to_px(np.array(at_mm))[0] - before.to_px(np.array(at_mm))[0]
            right, down = away * frame.spacing_mm
            self.framing = self.framing.panned(-right, -down)

    def reset(self) -> None:
        """Show the whole slice again."""
        self.framing = Framing()
        self.update()

    @property
    def state(self) -> State:
        """What is shown."""
        return self._state

    @property
    def pointer(self) -> QPoint | None:
        """Where the pointer is in this view; None when it is elsewhere."""
        return self._pointer

    @property
    def title(self) -> str:
        """What the view calls its orientation."""
        return slice_title(self._state, self.orientation)

    def frame(self) -> Frame | None:
        """Where the picture lies now; None when there is nothing to show."""
        return self._frame(self.framing)

    def _frame(self, framing: Framing) -> Frame | None:
        size = self.size() * self.devicePixelRatioF()
        size_px = (max(size.width(), 1), max(size.height(), 1))
        return frame_in(self._state, self.orientation, size_px, framing)

    def position_of(self, at_mm: np.ndarray) -> QPoint:
        """Where an LPS position lies in this widget. Raises ValueError when nothing is shown."""
        frame = self.frame()
        if frame is None:
            raise ValueError("nothing is shown")
        column, row = frame.to_px(at_mm)[0] / self.devicePixelRatioF()
        return QPoint(round(column), round(row))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the slice and what lies over it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(GROUND))
        frame = self.frame()
        if frame is None:
            painter.setPen(QColor(QUIET))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.title)
        else:
            for image in self._pictures.layers(self._state, frame, self.devicePixelRatioF()):
                painter.drawImage(QPointF(0, 0), image)
            if self._pictures.is_rough and not self._rest.isActive():
                self._rest.start(REST_MS)
            lines = self._pictures.lines(self._state, frame)
            paint_slice(painter, self, frame, self._state, lines, marks(self._state, frame))
            paint_stroke(painter, self, frame)
        painter.end()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Nobody waits for a picture that is not seen."""
        self._rest.stop()

    def _refine(self) -> None:
        self._pictures.refine(PIECE_S)
        if self._pictures.is_rough:
            self._rest.start(0)
        else:
            self.update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A new size needs a new picture."""
        self._slab.move_to_corner()
        self.update()

    def readout(self) -> str:
        """Position and value under the pointer; empty when it is elsewhere."""
        state = self._state
        frame = self.frame() if self._pointer is not None else None
        if frame is None or self._pointer is None or state.volume is None:
            return ""
        return readout(state.volume, self.at(self._pointer, frame), state.is_in_patient, frame)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Wheel: next slice. With Ctrl: zoom. With Shift and a label tool: size of the brush."""
        frame, state = self.frame(), self._state
        if event is None or frame is None or state.volume is None or state.crosshair_mm is None:
            return
        # With Shift some systems turn the wheel into one that goes sideways.
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        if self._strokes.turn(event, turns):
            pass
        elif event.modifiers() & Modifiers.ControlModifier:
            self.framing = self.framing.zoomed(1.15**turns)
            self.update()
        elif turns:
            n_steps = round(turns) or (1 if turns > 0 else -1)
            self.looked_at.emit(scrolled(state.volume, state.crosshair_mm, frame, -n_steps))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Remember where a click or a drag begins."""
        if event is not None and not self._strokes.press(event) and not self._turner.press(event):
            self._pressed = self._last = event.position().toPoint()
            self._is_dragging = False
            self._held = self._handle(self._pressed) if _is_plain_left(event) else None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """The second click of two makes this view the only one, or ends a line; it places no point of its own."""
        if event is not None and self._state.tool is Tool.NAVIGATE:
            if event.button() == Buttons.LeftButton:
                self.alone_requested.emit(self.orientation)
            else:
                self.mousePressEvent(event)
        elif event is not None and not self._strokes.press(event) and event.button() == Buttons.LeftButton:
            self.finished.emit()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag: a point or the window (left), crosshair (Ctrl left), zoom (right), pan (middle or Shift left)."""
        frame = self.frame()
        if event is None or frame is None:
            return
        here = event.position().toPoint()
        self._pointer = here
        if self._strokes.move(here) or self._turner.move(event):
            return
        if self._pressed is None:
            self._show_cursor(here)
            self.update()
            return
        self._is_dragging |= (here - self._pressed).manhattanLength() >= DRAG_PX
        if self._is_dragging and self._held is not None:
            self.point_dragged.emit(handle_dragged(self._state, frame, self._held, self._pixel(here)))
        elif self._is_dragging:
            self._drag(event, here - self._last, here, frame)
            self._last = here

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """A click without a drag looks there, or places a point with the tool in hand; a stroke ends."""
        if event is not None and (self._strokes.release(event) or self._turner.release(event)):
            return
        frame = self.frame()
        is_click = self._pressed is not None and not self._is_dragging
        if event is not None and frame is not None and is_click and event.button() == Buttons.LeftButton:
            at_mm = self.at(event.position().toPoint(), frame)
            if self._state.tool is Tool.NAVIGATE:
                self.looked_at.emit(at_mm)
            else:
                self.placed.emit(depth_placed(self._state.volume, at_mm, frame))
        if self._held is not None and self._is_dragging:
            self.point_dropped.emit()
        self._pressed = self._held = None
        self._is_dragging = False

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Arrows move the crosshair, with Alt they turn it, page keys the slice; Return paints at the crosshair."""
        if event is not None and not self._turner.key(event) and not self._strokes.key(event):
            super().keyPressEvent(event)

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the pointer any more."""
        self._pointer = None
        self.update()

    def _drag(self, event: QMouseEvent, step: QPoint, here: QPoint, frame: Frame) -> None:
        is_left = bool(event.buttons() & Buttons.LeftButton)
        is_shift = bool(event.modifiers() & Modifiers.ShiftModifier)
        if event.buttons() & Buttons.MiddleButton or (is_left and is_shift):
            mm = frame.spacing_mm * self.devicePixelRatioF()
            self.framing = self.framing.panned(step.x() * mm, step.y() * mm)
            self.update()
        elif event.buttons() & Buttons.RightButton:
            self.framing = self.framing.zoomed(1.01 ** -step.y())
            self.update()
        elif is_left and event.modifiers() & Modifiers.ControlModifier:
            self.looked_at.emit(self.at(here, frame))
        elif is_left and self._state.tool is Tool.NAVIGATE:
            self.window_dragged.emit(step.x() / self.width(), step.y() / self.height())

    def at(self, place: QPoint, frame: Frame) -> np.ndarray:
        """The LPS position (3,) below a place of this widget."""
        return frame.to_mm(*self._pixel(place))

    def _pixel(self, place: QPoint) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return place.x() * ratio, place.y() * ratio

    def _handle(self, place: QPoint) -> Handle | None:
        frame = self.frame()
        reach_px = GRAB_PX * self.devicePixelRatioF()
        return None if frame is None else handle_at(self._state, frame, self._pixel(place), reach_px)

    def _show_cursor(self, place: QPoint) -> None:
        if not self._state.is_editing_labels and self._handle(place) is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self._turner.is_over_handle(place):
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(self._cursor)

    @property
    def _cursor(self) -> Qt.CursorShape:
        is_navigating = self._state.tool is Tool.NAVIGATE
        return Qt.CursorShape.ArrowCursor if is_navigating else Qt.CursorShape.CrossCursor


def _is_plain_left(event: QMouseEvent) -> bool:
    return event.button() == Buttons.LeftButton and event.modifiers() == Modifiers.NoModifier

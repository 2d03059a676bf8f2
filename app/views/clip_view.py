"""A picture without a place in the patient: an X-ray run, an ultrasound loop, a screen capture; with rulers."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.clip_framing import PictureFraming, PicturePlace, place_of
from app.clips import OpenClip, Ruler, about, length_text, picture
from app.describe import describe_kind
from app.state import State
from app.views.over_images import paint_text, paint_text_at
from app.views.theme import ACCENT, GROUND, QUIET, TEXT, WARNING
from app.windowing import Window

DRAG_PX = 4
Buttons = Qt.MouseButton
Modifiers = Qt.KeyboardModifier


class ClipView(QWidget):
    """Shows one frame of the open clip; emits steps, window drags and the ends of rulers."""

    stepped = pyqtSignal(int)
    placed = pyqtSignal(float, float)
    window_dragged = pyqtSignal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.framing = PictureFraming()
        self._clip: OpenClip | None = None
        self._image: tuple[np.ndarray, Window | None, QImage] | None = None
        self._pressed: QPoint | None = None
        self._last = QPoint()
        self._is_dragging = False
        self._pointer: QPoint | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(240, 180))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setObjectName("clip")

    def show_state(self, state: State) -> None:
        """Show this state from now on."""
        before, self._clip = self._clip, state.clip
        if before is None or state.clip is None or before.key != state.clip.key:
            self.framing = PictureFraming()
        is_measuring = state.clip is not None and state.clip.is_measuring
        self.setCursor(Qt.CursorShape.CrossCursor if is_measuring else Qt.CursorShape.ArrowCursor)
        self.update()

    def reset(self) -> None:
        """Show the whole picture again."""
        self.framing = PictureFraming()
        self.update()

    def place(self) -> PicturePlace | None:
        """Where the picture lies in this widget; None when there is none."""
        if self._clip is None:
            return None
        clip = self._clip.clip
        return place_of(clip.columns, clip.rows, (self.width(), self.height()), self.framing)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the frame and what lies over it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(GROUND))
        clip, place = self._clip, self.place()
        if clip is not None and place is not None:
            size = (clip.clip.columns * place.scale, clip.clip.rows * place.scale)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, place.scale < 4.0)
            painter.drawImage(QRectF(place.left, place.top, *size), self._picture(clip))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if clip.is_measuring:
                _paint_regions(painter, clip, place)
            for ruler in clip.rulers:
                if ruler.frame == clip.index:
                    _paint_ruler(painter, place, ruler, length_text(clip.clip, ruler), QColor(ACCENT))
            self._paint_begun(painter, clip, place)
            _paint_texts(painter, QRectF(self.rect()).adjusted(10, 7, -10, -7), clip)
        painter.end()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Wheel: next frame. With Ctrl: zoom."""
        if event is None or self._clip is None:
            return
        turns = event.angleDelta().y() / 120.0
        if event.modifiers() & Modifiers.ControlModifier:
            self.framing = self.framing.zoomed(1.15**turns)
            self.update()
        elif turns:
            self.stepped.emit(-(round(turns) or (1 if turns > 0 else -1)))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Remember where a click or a drag begins."""
        if event is not None:
            self._pressed = self._last = event.position().toPoint()
            self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag: window (left), zoom (right), shift (middle or Shift left)."""
        if event is None or self._clip is None:
            return
        here = event.position().toPoint()
        self._pointer = here
        if self._pressed is None:
            if self._clip.start is not None:
                self.update()
            return
        self._is_dragging |= (here - self._pressed).manhattanLength() >= DRAG_PX
        if self._is_dragging:
            self._drag(event, here - self._last)
            self._last = here

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """A click without a drag places one end of a ruler."""
        place = self.place()
        is_click = self._pressed is not None and not self._is_dragging
        if event is not None and place is not None and is_click and event.button() == Buttons.LeftButton:
            self.placed.emit(*place.to_pixel(event.position().x(), event.position().y()))
        self._pressed = None
        self._is_dragging = False

    def _drag(self, event: QMouseEvent, step: QPoint) -> None:
        is_left = bool(event.buttons() & Buttons.LeftButton)
        is_shift = bool(event.modifiers() & Modifiers.ShiftModifier)
        if event.buttons() & Buttons.MiddleButton or (is_left and is_shift):
            self.framing = self.framing.panned(step.x(), step.y())
            self.update()
        elif event.buttons() & Buttons.RightButton:
            self.framing = self.framing.zoomed(1.01 ** -step.y())
            self.update()
        elif is_left and self._clip is not None and not self._clip.is_measuring:
            self.window_dragged.emit(step.x() / self.width(), step.y() / self.height())

    def _paint_begun(self, painter: QPainter, clip: OpenClip, place: PicturePlace) -> None:
        if clip.start is None:
            return
        here = QPointF(self._pointer) if self._pointer is not None else QPointF(*place.to_view(clip.start))
        ruler = Ruler(clip.index, clip.start, place.to_pixel(here.x(), here.y()))
        _paint_ruler(painter, place, ruler, length_text(clip.clip, ruler), QColor(TEXT))

    def _picture(self, clip: OpenClip) -> QImage:
        kept = self._image
        # Kept with its pixels: a frame that is gone may leave its place in memory, and its id, to another one.
        if kept is None or kept[0] is not clip.pixels or kept[1] != clip.window:
            kept = self._image = (clip.pixels, clip.window, _image_of(picture(clip)))
        return kept[2]


def _image_of(pixels: np.ndarray) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    is_grey = pixels.ndim == 2
    form = QImage.Format.Format_Grayscale8 if is_grey else QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), width, height, width * (1 if is_grey else 3), form).copy()


def _paint_regions(painter: QPainter, clip: OpenClip, place: PicturePlace) -> None:
    """Where a length has millimetres: a thin frame, shown while the ruler is in hand."""
    regions = clip.clip.regions[clip.index] if clip.index < len(clip.clip.regions) else ()
    for region in regions:
        if region.row_mm is not None and region.column_mm is not None:
            corner = QPointF(*place.to_view((region.left - 0.5, region.top - 0.5)))
            end = QPointF(*place.to_view((region.right + 0.5, region.bottom + 0.5)))
            painter.setPen(QPen(QColor(ACCENT), 1.0, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(corner, end))
            paint_text_at(painter, corner + QPointF(6, 16), f"{region.kind}: mm", QColor(ACCENT))


def _paint_ruler(painter: QPainter, place: PicturePlace, ruler: Ruler, text: str, colour: QColor) -> None:
    start, end = QPointF(*place.to_view(ruler.start)), QPointF(*place.to_view(ruler.end))
    painter.setPen(QPen(QColor(0, 0, 0, 180), 3.6))
    painter.drawLine(start, end)
    painter.setPen(QPen(colour, 1.8))
    painter.drawLine(start, end)
    painter.setBrush(colour)
    for point in (start, end):
        painter.drawEllipse(point, 3.0, 3.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    paint_text_at(painter, (start + end) / 2.0 + QPointF(9, -9), text, colour)


def _paint_texts(painter: QPainter, area: QRectF, clip: OpenClip) -> None:
    flags = Qt.AlignmentFlag
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    paint_text(painter, area, flags.AlignLeft | flags.AlignTop, describe_kind(clip.series), QColor(TEXT))
    font.setBold(False)
    painter.setFont(font)
    if clip.window is not None:
        grey = f"L {clip.window.level:.0f}  W {clip.window.width:.0f}"
        paint_text(painter, area, flags.AlignRight | flags.AlignTop, grey, QColor(QUIET))
    paint_text(painter, area, flags.AlignLeft | flags.AlignBottom, "\n".join(about(clip)), QColor(WARNING))

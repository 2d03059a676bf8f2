"""The volumes of both ventricles through the cycle, with what they eject; beside the player, in step with it."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from app.moving import edited_phases, edits_note
from app.state import State
from app.views.shades import QUIET, TEXT, WARNING
from core.anatomy import HEART_BY_KEY
from core.motion import MovingAnatomy

HEIGHT_PX = 96
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 44.0, 280.0, 6.0, 18.0
FONT_PX = 11
VENTRICLES = (("lv", "LV"), ("rv", "RV"))
NOTE = "End-diastole and end-systole are the largest and the smallest left ventricle. Check their contours."


class VolumeCurve(QWidget):
    """Draws the curves; emits the phase that the user clicks on."""

    sought = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("volume_curve")
        self.setFixedHeight(HEIGHT_PX)
        self.setMinimumWidth(1)
        self.setToolTip(NOTE)
        self._moving: MovingAnatomy | None = None
        self._phase = 0
        self._edited: tuple[int, ...] = ()
        self.note = ""
        self.hide()

    def show_state(self, state: State) -> None:
        """Show the curves of the moving heart that is shown, and the phase that is on the screen."""
        moving = state.moving if state.clip is None else None
        edited, note = (edited_phases(state.history), edits_note(state)) if moving is not None else ((), "")
        if moving is not self._moving or (state.phase, edited) != (self._phase, self._edited):
            self._moving, self._phase, self._edited, self.note = moving, state.phase, edited, note
            self.setToolTip(f"{note}\n{NOTE}" if note else NOTE)
            self.update()
        self.setVisible(moving is not None)

    def lines(self) -> tuple[str, ...]:
        """What stands beside the curves: for each ventricle its volumes and ejection fraction."""
        found = []
        for key, title in VENTRICLES:
            ejected = self._moving.ejection(key) if self._moving is not None else None
            if ejected is not None:
                found.append(
                    f"{title}  EF {ejected.fraction_percent:.0f} %   "
                    f"{ejected.end_diastolic_ml:.0f} → {ejected.end_systolic_ml:.0f} ml"
                )
        return tuple(found)

    def place_of(self, phase: int) -> float:
        """The x of a phase in the widget's pixels."""
        last = max(self._moving.n_phases - 1, 1) if self._moving is not None else 1
        return LEFT_PX + (self.width() - LEFT_PX - RIGHT_PX) * phase / last

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the phase under the pointer."""
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow the pointer while it is held."""
        self._seek(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint axis, curves, marks and figures."""
        if self._moving is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(painter.font())
        font.setPixelSize(FONT_PX)
        painter.setFont(font)
        shown = [key for key, _ in VENTRICLES if key in self._moving.surfaces]
        highest = max((float(self._moving.volumes_ml[key].max()) for key in shown), default=1.0) * 1.08
        self._paint_axis(painter, highest)
        for key in shown:
            self._paint_curve(painter, self._moving.volumes_ml[key], highest, _colour(key))
        self._paint_marks(painter)
        self._paint_figures(painter, shown)
        painter.end()

    def _seek(self, event: QMouseEvent | None) -> None:
        if event is None or self._moving is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        width = max(self.width() - LEFT_PX - RIGHT_PX, 1.0)
        share = (event.position().x() - LEFT_PX) / width
        phase = round(min(max(share, 0.0), 1.0) * (self._moving.n_phases - 1))
        if phase != self._phase:
            self.sought.emit(phase)

    def _y_of(self, volume_ml: float, highest_ml: float) -> float:
        height = self.height() - TOP_PX - BOTTOM_PX
        return TOP_PX + height * (1.0 - volume_ml / highest_ml)

    def _paint_axis(self, painter: QPainter, highest_ml: float) -> None:
        painter.setPen(QColor(QUIET))
        for volume_ml in (0.0, highest_ml / 1.08):
            y = self._y_of(volume_ml, highest_ml)
            painter.drawText(
                QRectF(0, y - 8, LEFT_PX - 6, 16),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                f"{volume_ml:.0f} ml" if volume_ml else "0",
            )
        y = self._y_of(0.0, highest_ml)
        painter.drawLine(QPointF(LEFT_PX, y), QPointF(self.width() - RIGHT_PX, y))

    def _paint_curve(
        self, painter: QPainter, volumes_ml: np.ndarray, highest_ml: float, colour: QColor
    ) -> None:
        points = [
            QPointF(self.place_of(phase), self._y_of(float(volume), highest_ml))
            for phase, volume in enumerate(volumes_ml)
        ]
        painter.setPen(QPen(colour, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        if self._phase < len(points):
            painter.setBrush(colour)
            painter.drawEllipse(points[self._phase], 3.5, 3.5)

    def _paint_marks(self, painter: QPainter) -> None:
        assert self._moving is not None
        bottom = self.height() - BOTTOM_PX
        for phase, name in ((self._moving.end_diastole, "ED"), (self._moving.end_systole, "ES")):
            x = self.place_of(phase)
            painter.setPen(QPen(QColor(WARNING), 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, TOP_PX), QPointF(x, bottom))
            painter.setPen(QColor(QUIET))
            painter.drawText(QRectF(x - 14, bottom + 2, 28, 14), Qt.AlignmentFlag.AlignCenter, name)
        for phase in (edited for edited in self._edited if edited < self._moving.n_phases):
            painter.fillRect(QRectF(self.place_of(phase) - 3.0, bottom - 3.0, 6.0, 6.0), QColor(WARNING))
        if self._phase < self._moving.n_phases:
            x = self.place_of(self._phase)
            painter.setPen(QPen(QColor(TEXT), 1.0))
            painter.drawLine(QPointF(x, TOP_PX), QPointF(x, bottom))

    def _paint_figures(self, painter: QPainter, shown: list[str]) -> None:
        left = self.width() - RIGHT_PX + 18.0
        painter.setPen(QColor(WARNING))
        below = QRectF(left, TOP_PX + 48.0, RIGHT_PX - 22.0, self.height() - TOP_PX - 48.0)
        painter.drawText(below, Qt.TextFlag.TextWordWrap, self.note)
        for number, (key, line) in enumerate(zip(shown, self.lines(), strict=True)):
            painter.setPen(_colour(key))
            top = TOP_PX + 4.0 + 22.0 * number
            painter.drawText(QRectF(left, top, RIGHT_PX - 20.0, 20.0), Qt.AlignmentFlag.AlignVCenter, line)


def _colour(key: str) -> QColor:
    return QColor.fromRgbF(*HEART_BY_KEY[key].colour)

"""A value along a line, such as an aorta's diameter, with the crosshair's place and marks; a click goes there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from app.views.theme import ACCENT, GROUND, LINE, QUIET, TEXT, WARNING

NEAR_MM = 40.0
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 22, 24
N_TICKS = 4


@dataclass(frozen=True, eq=False)
class Curve:
    """What is drawn.

    Attributes:
        along_mm: (n,); values: (n,), NaN where there is none; other: a second quiet curve (n,), or none.
        points_mm: (n, 3) LPS where each value is. unit: of the values. empty: what is said while there is none.
        marks: short name -> length along the line.
    """

    along_mm: np.ndarray = field(default_factory=lambda: np.zeros(0))
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    points_mm: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    unit: str = "mm"
    title: str = ""
    empty: str = ""
    other: np.ndarray | None = None
    marks: dict[str, float] = field(default_factory=dict)


class ProfileView(QWidget):
    """Draws one curve; emits the LPS place that the user clicks at."""

    sought = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sheet_profile")
        self.setAccessibleName("Value along the line")
        self.setMinimumSize(QSize(220, 160))
        self.curve = Curve()
        self.at_mm: float | None = None

    def show_curve(self, curve: Curve, crosshair_mm: np.ndarray | None) -> None:
        """Show this curve, and where the crosshair is nearest to its line."""
        self.curve = curve
        self.follow(crosshair_mm)

    def follow(self, crosshair_mm: np.ndarray | None) -> None:
        """Mark the place of the line nearest to the crosshair (3,); none where it is far off."""
        self.at_mm = None
        if crosshair_mm is not None and len(self.curve.points_mm):
            away = np.linalg.norm(self.curve.points_mm - crosshair_mm, axis=1)
            if away.min() <= NEAR_MM:
                self.at_mm = float(self.curve.along_mm[away.argmin()])
        self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the place under the pointer."""
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow the pointer while it is held."""
        self._seek(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint axes, curves, marks and the crosshair's place."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(GROUND))
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        if not np.isfinite(self.curve.values).any():
            painter.setPen(QColor(QUIET))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(12, 12, -12, -12), flags, self.curve.empty)
        else:
            self._paint_curve(painter)
        painter.end()

    def place_of(self, along_mm: float, value: float) -> QPointF:
        """Where a value stands, in pixels of the widget."""
        area, (low, high) = self._area(), self._range()
        length = float(self.curve.along_mm[-1]) or 1.0
        x = area.left() + area.width() * along_mm / length
        return QPointF(x, area.bottom() - area.height() * (value - low) / (high - low))

    def sizeHint(self) -> QSize:
        """Wider than high."""
        return QSize(320, 200)

    def _paint_curve(self, painter: QPainter) -> None:
        self._paint_axes(painter)
        if self.curve.other is not None:
            self._paint_line(painter, self.curve.other, QPen(QColor(QUIET), 1.2, Qt.PenStyle.DashLine))
        self._paint_line(painter, self.curve.values, QPen(QColor(ACCENT), 2.0))
        known = np.isfinite(self.curve.values)
        for row, (name, along) in enumerate(sorted(self.curve.marks.items(), key=lambda mark: mark[1])):
            value = float(np.interp(along, self.curve.along_mm[known], self.curve.values[known]))
            at = self.place_of(along, value)
            painter.setPen(QPen(QColor(WARNING), 1.0))
            painter.setBrush(QColor(WARNING))
            painter.drawEllipse(at, 3.0, 3.0)
            # Neighbours' names stand one above the other.
            y = at.y() - 18 - 12 * (row % 3)
            painter.drawText(QRectF(at.x() - 40, y, 80, 14), Qt.AlignmentFlag.AlignHCenter, name)
        if self.at_mm is not None:
            area, x = self._area(), self.place_of(self.at_mm, 0.0).x()
            painter.setPen(QPen(QColor(TEXT), 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            value = float(np.interp(self.at_mm, self.curve.along_mm, self.curve.values))
            if np.isfinite(value):
                text = (
                    f"{value:.1f} {self.curve.unit}"
                    if self.curve.unit == "mm"
                    else f"{value:.0f} {self.curve.unit}"
                )
                below = QRectF(area.left(), area.bottom() + 4, area.width(), 16)
                painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, f"at the crosshair {text}")

    def _paint_axes(self, painter: QPainter) -> None:
        area, (low, high) = self._area(), self._range()
        for n in range(N_TICKS + 1):
            value = low + (high - low) * n / N_TICKS
            y = self.place_of(0.0, value).y()
            painter.setPen(QPen(QColor(LINE), 1.0))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(QUIET))
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, LEFT - 5, 16), side, f"{value:.0f}")
        end = f"{self.curve.along_mm[-1]:.0f} mm"
        below = QRectF(area.left(), area.bottom() + 4, area.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, end)
        painter.drawText(QRectF(4, 3, self.width() - 8, 14), Qt.AlignmentFlag.AlignLeft, self.curve.title)

    def _paint_line(self, painter: QPainter, values: np.ndarray, pen: QPen) -> None:
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        known = np.isfinite(values)
        # A gap in the values is a gap in the line.
        for piece in np.split(np.arange(len(values)), np.flatnonzero(np.diff(known.astype(int))) + 1):
            if len(piece) and known[piece[0]]:
                places = [self.place_of(float(self.curve.along_mm[k]), float(values[k])) for k in piece]
                painter.drawPolyline(QPolygonF(places))

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)

    def _range(self) -> tuple[float, float]:
        """The values from 0 to so many round steps above the largest."""
        parts = [self.curve.values] if self.curve.other is None else [self.curve.values, self.curve.other]
        highest = max(float(np.nanmax(part)) for part in parts)
        least = 1.15 * max(highest, 1e-3) / N_TICKS
        ten = 10.0 ** np.floor(np.log10(least))
        return 0.0, float(
            N_TICKS * next(step * ten for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * ten >= least)
        )

    def _seek(self, event: QMouseEvent | None) -> None:
        if event is None or not len(self.curve.points_mm) or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        area = self._area()
        share = min(max((event.position().x() - area.left()) / max(area.width(), 1.0), 0.0), 1.0)
        place = int(np.abs(self.curve.along_mm - share * self.curve.along_mm[-1]).argmin())
        self.sought.emit(self.curve.points_mm[place])

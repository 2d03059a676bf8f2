"""The curve of C-arm positions that see the annulus edge-on, with the views that are usual among them."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from app.views.theme import ACCENT, GROUND, LINE, QUIET, TEXT, WARNING
from core.errors import PlannerError
from plan.clinical.aortic_root import edge_on_cranial_deg

MOST_LAO_DEG = 90.0
MOST_CRANIAL_DEG = 60.0
GRID_DEG = 30
NAME_SIDE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SCurve(QWidget):
    """Draws cranial over LAO angle; a legend names the marked views."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("s_curve")
        self.setMinimumSize(QSize(220, 190))
        self.setAccessibleName("Edge-on views of the annulus")
        self.points: np.ndarray = np.zeros((0, 2))
        self.views: dict[str, tuple[float, float]] = {}
        self.why_not = ""

    def show_plane(self, normal: np.ndarray | None, views: dict[str, tuple[float, float]]) -> None:
        """Show the curve of a plane with unit normal (3,), and named views as (LAO, cranial) degrees."""
        self.points, self.why_not = np.zeros((0, 2)), ""
        self.views = views if normal is not None else {}
        if normal is not None:
            lao = np.arange(-MOST_LAO_DEG, MOST_LAO_DEG + 0.5, 1.0)
            try:
                self.points = np.column_stack([lao, edge_on_cranial_deg(normal, lao)])
            except PlannerError as refusal:
                self.why_not = refusal.why
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint grid, curve and marks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(GROUND))
        area = QRectF(self.rect()).adjusted(34, 20, -14, -22)
        self._paint_grid(painter, area)
        painter.setClipRect(area)
        painter.setPen(QPen(QColor(ACCENT), 2.0))
        painter.drawPolyline(QPolygonF([_at(area, *point) for point in self.points.tolist()]))
        painter.setClipping(False)
        for row, (colour, (name, view)) in enumerate(zip((TEXT, WARNING), self.views.items(), strict=False)):
            painter.setPen(QPen(QColor(colour), 1.5))
            painter.setBrush(QColor(colour))
            painter.drawEllipse(_at(area, *view), 4.0, 4.0)
            y = area.bottom() - 38 + 18 * row
            painter.drawEllipse(QPointF(area.left() + 44, y), 3.0, 3.0)
            painter.drawText(QRectF(area.left() + 52, y - 8, area.width() - 52, 16), NAME_SIDE, name)
        if self.why_not:
            painter.setPen(QColor(QUIET))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.why_not)
        painter.end()

    def _paint_grid(self, painter: QPainter, area: QRectF) -> None:
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        for lao in range(-int(MOST_LAO_DEG), int(MOST_LAO_DEG) + 1, GRID_DEG):
            x = _at(area, lao, 0.0).x()
            painter.setPen(QPen(QColor(LINE), 2.0 if lao == 0 else 1.0))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(QColor(QUIET))
            painter.drawText(
                QRectF(x - 20, area.bottom() + 3, 40, 14), Qt.AlignmentFlag.AlignHCenter, str(abs(lao))
            )
        for tilt in range(-int(MOST_CRANIAL_DEG), int(MOST_CRANIAL_DEG) + 1, GRID_DEG):
            y = _at(area, 0.0, tilt).y()
            painter.setPen(QPen(QColor(LINE), 2.0 if tilt == 0 else 1.0))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(QUIET))
            painter.drawText(QRectF(2, y - 7, 28, 14), Qt.AlignmentFlag.AlignRight, str(abs(tilt)))
        painter.drawText(QRectF(area.left(), 3, area.width(), 14), Qt.AlignmentFlag.AlignLeft, "RAO")
        painter.drawText(QRectF(area.left(), 3, area.width(), 14), Qt.AlignmentFlag.AlignRight, "LAO")
        painter.drawText(QRectF(area.left() + 4, area.top() + 2, 60, 14), Qt.AlignmentFlag.AlignLeft, "CRA")
        painter.drawText(QRectF(area.left() + 4, area.bottom() - 16, 60, 14), Qt.AlignmentFlag.AlignLeft, "CAU")

    def sizeHint(self) -> QSize:
        """A little wider than high."""
        return QSize(320, 220)


def _at(area: QRectF, lao_deg: float, cranial_deg: float) -> QPointF:
    across = (lao_deg + MOST_LAO_DEG) / (2.0 * MOST_LAO_DEG)
    up = (cranial_deg + MOST_CRANIAL_DEG) / (2.0 * MOST_CRANIAL_DEG)
    return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

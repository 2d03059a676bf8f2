"""The pattern of a patch as it will be printed: the rim, the line to cut along, and where the head is."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from app.views.theme import ACCENT, GROUND, QUIET, TEXT, WARNING
from plan.clinical.patch import PatchPattern

BAR_MM = 10.0


class PatternView(QWidget):
    """Draws the pattern to fit, with a bar of ten millimetres."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sheet_pattern")
        self.setAccessibleName("Pattern of the patch")
        self.setMinimumSize(QSize(220, 160))
        self.pattern: PatchPattern | None = None

    def show_pattern(self, pattern: PatchPattern | None) -> None:
        """Show this pattern, or what is missing."""
        self.pattern = pattern
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint lines, marks and bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(GROUND))
        if self.pattern is None:
            painter.setPen(QColor(QUIET))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Draw the rim of the defect")
        else:
            self._paint(painter, self.pattern)
        painter.end()

    def _paint(self, painter: QPainter, pattern: PatchPattern) -> None:
        area = QRectF(self.rect()).adjusted(24, 24, -24, -34)
        low, high = pattern.cut_mm.min(axis=0), pattern.cut_mm.max(axis=0)
        scale = float(min(area.width() / (high - low)[0], area.height() / (high - low)[1]))
        middle = (low + high) / 2.0

        def place(at: np.ndarray) -> QPointF:
            x, y = (at - middle) * scale
            return QPointF(area.center().x() + float(x), area.center().y() - float(y))

        for line, pen in (
            (pattern.cut_mm, QPen(QColor(TEXT), 2.0)),
            (pattern.rim_mm, QPen(QColor(ACCENT), 1.5, Qt.PenStyle.DashLine)),
        ):
            painter.setPen(pen)
            painter.drawPolygon(QPolygonF([place(at) for at in line]))
        painter.setPen(QPen(QColor(WARNING), 1.5))
        for letter, at in pattern.marks.items():
            painter.drawEllipse(place(at), 3.0, 3.0)
            inwards = place(at) + (area.center() - place(at)) * 0.15
            painter.drawText(
                QRectF(inwards.x() - 8, inwards.y() - 8, 16, 16), Qt.AlignmentFlag.AlignCenter, letter
            )
        painter.setPen(QPen(QColor(QUIET), 2.0))
        y = self.height() - 12.0
        painter.drawLine(QPointF(12.0, y), QPointF(12.0 + BAR_MM * scale, y))
        painter.drawText(QRectF(16.0 + BAR_MM * scale, y - 8, 80, 16), Qt.AlignmentFlag.AlignVCenter, "10 mm")

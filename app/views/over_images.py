"""Text over images: on a dark plate, because an X-ray or fat in MR can be as bright as any letter."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter

PLATE = QColor(8, 10, 13, 165)
MARGIN_PX = (4.0, 1.0)


def paint_text(painter: QPainter, area: QRectF, side: Qt.AlignmentFlag, text: str, colour: QColor) -> None:
    """Write a text, of one line or several, at one side of an area; nothing for an empty one."""
    if not text:
        return
    _paint_plate(painter, painter.boundingRect(area, side, text))
    painter.setPen(colour)
    painter.drawText(area, side, text)


def paint_text_at(painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
    """Write one line whose baseline begins at a point."""
    _paint_plate(painter, QFontMetricsF(painter.font()).boundingRect(text).translated(at))
    painter.setPen(colour)
    painter.drawText(at, text)


def _paint_plate(painter: QPainter, text_area: QRectF) -> None:
    across, down = MARGIN_PX
    painter.fillRect(text_area.adjusted(-across, -down, across, down), PLATE)

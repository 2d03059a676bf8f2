"""The camera's picture while it is calibrated: what was seen, where it was seen before, how to hold the board next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from app.views.theme import ACCENT, GOOD, GROUND, QUIET, WARNING

if TYPE_CHECKING:
    from app.ar.calibrating import Judged

COVERED_ALPHA = 70
INVITATION = "Choose camera and board, then start. Hold the board as the outline shows."


class CalibrationPicture(QWidget):
    """Draws one judged picture; never mirrored, so that left is the camera's left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(320, 240)
        self.judged: Judged | None = None

    def show_judged(self, judged: Judged | None) -> None:
        """Draw this one from now on."""
        self.judged = judged
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(GROUND))
        judged = self.judged
        if judged is None or judged.image is None or judged.silence:
            painter.setPen(QColor(WARNING if judged is not None and judged.silence else QUIET))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, judged.silence if judged and judged.silence else INVITATION)
            return
        height, width = judged.image.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        box = QRectF(0, 0, width * scale, height * scale)
        box.moveCenter(QRectF(self.rect()).center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        image = QImage(
            np.ascontiguousarray(judged.image).tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888
        )
        painter.drawImage(box, image)
        painter.translate(box.topLeft())
        if judged.advice is not None:
            self._draw_coverage(painter, judged.advice.coverage, box)
            # Pixel (0, 0) is the middle of the first pixel.
            self._draw_points(painter, (judged.advice.points_px + 0.5) * scale, judged.is_kept)
            if judged.advice.wanted is not None:
                self._draw_wanted(painter, (judged.advice.wanted.outline_px + 0.5) * scale)

    def _draw_coverage(self, painter: QPainter, coverage: np.ndarray, box: QRectF) -> None:
        rows, columns = coverage.shape
        colour = QColor(GOOD)
        for row in range(rows):
            for column in range(columns):
                share = min(float(coverage[row, column]) / 10.0, 1.0)
                colour.setAlpha(round(COVERED_ALPHA * share))
                width, height = box.width() / columns, box.height() / rows
                painter.fillRect(QRectF(column * width, row * height, width - 1, height - 1), colour)

    def _draw_points(self, painter: QPainter, points: np.ndarray, is_kept: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(GOOD if is_kept else ACCENT))
        for x, y in points.tolist():
            painter.drawEllipse(QPointF(x, y), 2.5, 2.5)

    def _draw_wanted(self, painter: QPainter, outline: np.ndarray) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        polygon = QPolygonF([QPointF(x, y) for x, y in outline.tolist()])
        for colour, width in (("#000000", 5.0), (WARNING, 2.5)):
            painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.DashLine))
            painter.drawPolygon(polygon)

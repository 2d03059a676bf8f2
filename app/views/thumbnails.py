"""Thumbnails made one after the other, while nothing that the user asked for is at work."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PyQt6.QtCore import QObject, QPointF, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QPainter, QPen, QPixmap, QPolygonF

from app.describe import WITHOUT_PICTURES
from app.jobs import JobRunner
from app.views.theme import ACCENT, GROUND, QUIET, WARNING
from core.errors import PlannerError
from core.progress import Progress
from core.study import ScanResult, Series, SeriesKind

WORDS = {
    SeriesKind.SEGMENTATION: "SEG",
    SeriesKind.CONTOURS: "RT",
    SeriesKind.SURFACE: "STL",
    SeriesKind.REPORT: "SR",
}


def placeholder(kind: SeriesKind, size: int) -> QPixmap:
    """What stands before a series until its picture is there, or instead of one."""
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.black)
    if kind in WORDS:
        painter = QPainter(picture)
        painter.setPen(QColor(QUIET))
        painter.drawText(QRectF(0, 0, size, size), Qt.AlignmentFlag.AlignCenter, WORDS[kind])
        painter.end()
    return picture


def mark_finding(picture: QPixmap) -> None:
    """Paint a small triangle into the lower right corner."""
    width, height = picture.width(), picture.height()
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(GROUND), 2.0))
    painter.setBrush(QColor(WARNING))
    tip, side = QPointF(width - 9.5, height - 18), 8.5
    corners = [tip, QPointF(tip.x() + side, height - 2), QPointF(tip.x() - side, height - 2)]
    painter.drawPolygon(QPolygonF(corners))
    font = QFont(painter.font())
    font.setPixelSize(12)
    font.setBold(True)
    painter.setFont(font)
    painter.drawText(QRectF(tip.x() - 8, height - 16, 16, 14), Qt.AlignmentFlag.AlignCenter, "!")
    painter.end()


def mark_open(picture: QPixmap) -> None:
    """Paint a frame round the picture of the series that is open."""
    painter = QPainter(picture)
    painter.setPen(QPen(QColor(ACCENT), 4.0))
    painter.drawRect(1, 1, picture.width() - 2, picture.height() - 2)
    painter.end()


class Thumbnails(QObject):
    """Makes the thumbnails of a scan; emits each as it is ready."""

    made = pyqtSignal(str, object)

    def __init__(self, size: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self._jobs = JobRunner(self)
        self._waiting: Iterator[Series] = iter(())
        self._before_us: list[JobRunner] = []

    @property
    def is_busy(self) -> bool:
        """True while one is being made."""
        return self._jobs.is_busy

    def yield_to(self, runner: JobRunner) -> None:
        """Wait while this runner works: what the user asked for does not compete with pictures for a list."""
        self._before_us.append(runner)
        # After the others had their turn: what follows a job, such as the next phase, is then under way.
        runner.ended.connect(lambda: QTimer.singleShot(0, self._next))

    def make(self, scan: ScanResult | None) -> None:
        """Make those of this scan, and no others any more."""
        self._jobs.cancel()
        self._waiting = iter(scan.series if scan else ())
        self._next()

    def close(self, timeout_s: float) -> bool:
        """Stop; True when no thread is left."""
        self._waiting = iter(())
        return self._jobs.close(timeout_s)

    def _next(self) -> None:
        if self.is_busy or any(runner.is_busy for runner in self._before_us):
            return
        series = next((series for series in self._waiting if series.kind not in WITHOUT_PICTURES), None)
        if series is None:
            return

        def work(progress: Progress) -> np.ndarray | None:
            from imaging.pictures.thumbnail import thumbnail

            try:
                return thumbnail(series, self._size)
            except PlannerError:
                return None  # The series says itself why it cannot be read when it is opened.

        self._jobs.start("Thumbnail", work, lambda grey: self._show(series, grey), lambda _: self._next())

    def _show(self, series: Series, grey: np.ndarray | None) -> None:
        if grey is not None:
            self.made.emit(series.series_uid, grey)
        self._next()

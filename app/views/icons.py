"""The icons, drawn as lines on a 24 x 24 grid, so that they follow the text colour at any size."""

from __future__ import annotations

from functools import lru_cache

from PyQt6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from app.views.shades import ACCENT, FAINT, TEXT

_PATHS = {
    "folder": "M3 7.5v10.5h18v-9h-9l-2-2.5H3z",
    "shelf": "M4 4h4v16H4zM8 4h4v16H8zM13.5 5l3.800-1 3.700 15-3.800 1zM4 16h8",
    "save": "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
    "undo": "M9 6L4.5 10.5L9 15M4.5 10.5H15a4.5 4.5 0 0 1 0 9h-3",
    "redo": "M15 6l4.5 4.5L15 15M19.5 10.5H9a4.5 4.5 0 0 0 0 9h3",
    "bin": "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 10.5v6M13.5 10.5v6",
    "cursor": "M6 4l12 8.5-5.5 1L9.5 19z",
    "ruler": "M4 15L15 4l5 5L9 20zM8 11l2 2M11 8l2 2M14 5l2 2",
    "angle": "M20 19H4L15 5M10.5 19a7 7 0 0 0-2.2-5.4",
    "pin": "M12 21s-6-6.2-6-11a6 6 0 0 1 12 0c0 4.8-6 11-6 11zM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
    "more": "M7 6l6 6-6 6M13 6l6 6-6 6",
    "polyline": "M4 18l5-9 5 5 6-10M4 18h.01M9 9h.01M14 14h.01M20 4h.01",
    "contour": "M12 4c5 0 8 3 8 7s-3 9-9 9-7-4-7-8 3-8 8-8zM12 4h.01M20 11h.01M11 20h.01M4 12h.01",
    "valve": "M12 12V3.5M12 12l7 4.5M12 12l-7 4.5M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z",
    "plane_points": "M4 17l7-10 9 7zM4 17h.01M11 7h.01M20 14h.01M11 3v2M4 21h16",
    "cut_curve": "M12 5c5 0 8 2 8 5.500s-4 5-8 5-8-1-8-5S7 5 12 5zM4 20l16-16",
    "box": "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
    "snap": "M5 19l9-9M14 5v5h5M5 5h4M5 5v4M19 19h-4M19 19v-4",
    "geodesic": "M3 18c4-12 14-12 18 0M3 18h.01M21 18h.01M3 21h18",
    "gap": "M4 5c5 2 5 12 0 14M20 5c-5 2-5 12 0 14M9 12h6M11 10l-2 2 2 2M13 10l2 2-2 2",
    "ball": "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM4 12c3 3 13 3 16 0",
    "volume": "M7 3h10M9 3v7L5 19a1.500 1.500 0 0 0 1.500 2h11a1.500 1.500 0 0 0 1.500-2L15 10V3M7 15h10",
    "resect": "M4 9c5-5 11-5 16 0M4 9v8c5 4 11 4 16 0V9M9 7c0 4 6 4 6 0",
    "wall": "M3 12a9 9 0 0 1 18 0M8 12a4 4 0 0 1 8 0M3 12h5M16 12h5M3 16h5M5 14.5v3M16 16h5M18 14.5v3",
    "plane": "M3 15l8-9h10l-8 9zM12 15v6M9.5 18.5L12 21l2.5-2.5",
    "heart": (
        "M12 20S4 14.5 4 9a4 4 0 0 1 8-1.5A4 4 0 0 1 20 9c0 5.5-8 11-8 11z"
        "M7.5 11.5h2.5l1.5-2.5 1.5 4 1.2-1.5h2.300"
    ),
    "brush": "M20 4l-9 9M9.500 11.500a3.500 3.500 0 0 0-3.500 3.500c0 2-1 3.500-3 4 4 1.500 9 .500 9.500-4.500z",
    "eraser": "M8 19l-4.500-4.500L13 5l6 6-8 8zM9 9.500l6 6M8 19h12",
    "lasso": "M12 4c5 0 8.500 2.500 8.500 6s-3.500 6-8.500 6S3.500 13.500 3.500 10 7 4 12 4zM8 15.500c-1.500 1-2 3-1 4",
    "pull": "M4 20c1-7 4-6 6-9M20 20c-1-7-4-6-6-9M12 12V3M9 6l3-3 3 3",
    "fit": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 12h6M12 9v6",
    "eye": (
        "M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"
    ),
    "eye_off": "M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM5 19L19 5",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    "unlock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.5-1.8",
    "play": "M8 5l11 7-11 7z",
    "stop": "M6 6h12v12H6z",
    "pause": "M8 5v14M16 5v14",
    "next": "M7 5l9 7-9 7zM18 5v14",
    "previous": "M17 5l-9 7 9 7zM6 5v14",
    "loop": "M17 3l3 3-3 3M20 6H8a4 4 0 0 0-4 4v1M7 21l-3-3 3-3M4 18h12a4 4 0 0 0 4-4v-1",
    "search": "M10.5 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500L21 21",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
}


def icon(name: str) -> QIcon:
    """The icon of this name: sharp at any scale, in the colours of the theme, quieter when it is not available."""
    return QIcon(_LineIcon(name))


class _LineIcon(QIconEngine):
    """Draws the lines when they are wanted, so that theme and scale may change meanwhile."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def clone(self) -> QIconEngine:
        return _LineIcon(self._name)

    def paint(self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if painter is not None:
            shade = FAINT if mode is QIcon.Mode.Disabled else ACCENT if state is QIcon.State.On else TEXT
            _lines(self._name, shade.name()).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap


@lru_cache(maxsize=1024)
def _lines(name: str, colour: str) -> QSvgRenderer:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="none" stroke-width="1.6" '
        f'stroke-linecap="round" stroke-linejoin="round" stroke="{colour}" d="{_PATHS[name]}"/></svg>'
    )
    return QSvgRenderer(QByteArray(svg.encode()))

"""How the things over a slice are drawn; what they are and where is worked out in `app.slices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from app.slice_marks import Mark
from app.slice_outlines import Outline
from app.slices import Frame
from app.state import State
from app.views.over_images import paint_text, paint_text_at
from app.views.slices.crosshair import paint_crosshair
from app.views.theme import ORIENTATION_COLOURS, QUIET, TEXT

if TYPE_CHECKING:
    from app.views.slices.view import SliceView

GAP_PX = 14.0
LEAST_FOR_GREY_PX = 240.0


def paint_slice(
    painter: QPainter,
    view: SliceView,
    frame: Frame,
    state: State,
    lines: tuple[Outline, ...],
    plan_marks: tuple[Mark, ...],
) -> None:
    """Paint contours, marks, crosshair, letters and texts over a slice that is already there."""
    ratio = view.devicePixelRatioF()
    paint_findings(painter, lines, plan_marks, ratio, state.selected_id)
    paint_crosshair(painter, view, frame)
    _paint_placed(painter, frame, state, ratio)
    _paint_texts(painter, view, frame, state)


def paint_findings(
    painter: QPainter,
    lines: tuple[Outline, ...],
    plan_marks: tuple[Mark, ...],
    ratio: float,
    selected_id: str | None = None,
) -> None:
    """Paint what was found and planned: outlines of structures and marks of the plan, in pixels over `ratio`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for outline in lines:
        pen = QPen(QColor.fromRgbF(*outline.colour), 1.6)
        if outline.is_dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for line in outline.lines:
            painter.drawPolyline(QPolygonF(_points(line, ratio)))
    for mark in plan_marks:
        _paint_mark(painter, mark, ratio, mark.item_id == selected_id)


def _points(pixels: np.ndarray, ratio: float) -> list[QPointF]:
    # A pixel's centre at an integer lies half a pixel inside the widget's coordinates.
    return [QPointF(x, y) for x, y in (pixels + 0.5) / ratio]


def _paint_balls(painter: QPainter, points: list[QPointF], colour: QColor) -> None:
    painter.setBrush(colour)
    for point in points:
        painter.drawEllipse(point, 3.0, 3.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_diamonds(painter: QPainter, points: list[QPointF]) -> None:
    """Hollow, so that the place itself stays seen."""
    for point in points:
        sides = [QPointF(0, -5.5), QPointF(5.5, 0), QPointF(0, 5.5), QPointF(-5.5, 0)]
        painter.drawPolygon(QPolygonF([point + side for side in sides]))


def _paint_mark(painter: QPainter, mark: Mark, ratio: float, is_selected: bool) -> None:
    colour = QColor.fromRgbF(*mark.colour)
    pen = QPen(colour, 2.4 if is_selected else 1.6)
    if mark.is_dashed:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    points = _points(mark.pixels, ratio)
    if len(points) > 1:
        painter.drawPolyline(QPolygonF(points))
    if mark.is_found:
        _paint_diamonds(painter, points)
    elif mark.has_balls and not mark.is_dashed:
        _paint_balls(painter, points, colour)
    if mark.text:
        at = points[1] if len(points) == 3 else (points[0] + points[-1]) / 2.0
        paint_text_at(painter, at + QPointF(8, -8), mark.text, colour)


def _paint_placed(painter: QPainter, frame: Frame, state: State, ratio: float) -> None:
    if not state.placed_mm:
        return
    points = _points(frame.to_px(np.array(state.placed_mm)), ratio)
    painter.setPen(QPen(QColor(TEXT), 1.6, Qt.PenStyle.DotLine))
    painter.drawPolyline(QPolygonF(points))
    _paint_balls(painter, points, QColor(TEXT))


def _paint_texts(painter: QPainter, view: SliceView, frame: Frame, state: State) -> None:
    from render.slice_plane import orientation_letters

    area = QRectF(view.rect()).adjusted(8, 5, -8, -5)
    flags = Qt.AlignmentFlag
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    left, right, top, bottom = orientation_letters(frame.plane) if state.is_in_patient else ("",) * 4
    for text, side in (
        (left, flags.AlignLeft | flags.AlignVCenter),
        (right, flags.AlignRight | flags.AlignVCenter),
        (top, flags.AlignTop | flags.AlignHCenter),
        (bottom, flags.AlignBottom | flags.AlignHCenter),
    ):
        paint_text(painter, area, side, text, QColor(TEXT))
    colour = QColor(ORIENTATION_COLOURS[view.orientation])
    width = painter.fontMetrics().horizontalAdvance
    title_px, line_px = width(view.title), painter.fontMetrics().height() + 4
    # In a narrow view a long title goes below the letters and the words about grey give way to it.
    is_below = title_px + width(top) / 2.0 + GAP_PX > area.width() / 2.0
    place = area.adjusted(0, line_px if is_below else 0, 0, 0)
    paint_text(painter, place, flags.AlignLeft | flags.AlignTop, view.title, colour)
    font.setBold(False)
    painter.setFont(font)
    if state.window is not None and area.width() > LEAST_FOR_GREY_PX:
        grey = f"L {state.window.level:.0f}  W {state.window.width:.0f}"
        paint_text(painter, area, flags.AlignRight | flags.AlignTop, grey, QColor(QUIET))
    paint_text(painter, area, flags.AlignLeft | flags.AlignBottom, view.readout(), QColor(QUIET))

"""The board on paper: true-scale A4, with a ruler that shows whether the printer kept the size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ar.board.draw import sheet_bounds_mm
from ar.board.model import Board, MarkerBody
from ar.board.printed import black_quads_mm
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE

RULER_MM = 100.0
_BOTTOM_MM = 24.0
_EDGE_MM = 8.0


def write_pdf(board: Board, path: Path) -> None:
    """Write one A4 page for each body, at true scale. Raises PlannerError when a body is larger than the page."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.setTitle("Auricle marker board")
    for body in board.bodies:
        _draw_body(canvas, board, body)
        _draw_ruler(canvas, board, body)
        canvas.showPage()
    try:
        canvas.save()
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write {Path(path).name}", reason, "choose another folder") from error


def _draw_body(canvas: Canvas, board: Board, body: MarkerBody) -> None:
    page = np.array(A4) / mm
    low, high = sheet_bounds_mm(board, body, margin_mm=0.0)
    room = page - (2 * _EDGE_MM, _EDGE_MM + _BOTTOM_MM)
    if ((high - low) > room).any():
        size = " x ".join(f"{length:.0f}" for length in high - low)
        raise PlannerError("the board does not fit on A4", f"it is {size} mm", "use fewer or smaller markers")
    left = (page[0] - (high - low)[0]) / 2.0
    top = page[1] - _EDGE_MM - (room - (high - low))[1] / 2.0
    canvas.setFillGray(0.0)
    for quad in black_quads_mm(board, body)[..., :2]:
        x, y = left + quad[:, 0] - low[0], top - (quad[:, 1] - low[1])
        outline = canvas.beginPath()
        outline.moveTo(x[0] * mm, y[0] * mm)
        for px, py in zip(x[1:], y[1:], strict=True):
            outline.lineTo(px * mm, py * mm)
        outline.close()
        # A hairline of ink closes the seams that viewers leave between touching cells; 0.01 mm at the rim.
        canvas.setLineWidth(0.02 * mm)
        canvas.drawPath(outline, stroke=1, fill=1)


def _draw_ruler(canvas: Canvas, board: Board, body: MarkerBody) -> None:
    left, base = (A4[0] / mm - RULER_MM) / 2.0, 16.0
    canvas.setLineWidth(0.2 * mm)
    canvas.line(left * mm, base * mm, (left + RULER_MM) * mm, base * mm)
    for tick in range(0, int(RULER_MM) + 1, 10):
        height = 3.0 if tick % 50 == 0 else 2.0
        canvas.line((left + tick) * mm, base * mm, (left + tick) * mm, (base + height) * mm)
    canvas.setFont("Helvetica", 7.5)
    canvas.drawCentredString(
        A4[0] / 2,
        12.5 * mm,
        "Print at 100 %. This ruler must measure 100.0 mm; otherwise do not use the sheet.",
    )
    side = body.markers[0].side_mm
    squares = ""
    if board.charuco is not None and body is board.bodies[0]:
        squares = f", squares {board.charuco.square_mm:g} mm"
    name = f"{body.name}: {body.dictionary}, markers {side:g} mm{squares}. Glue it to something flat and stiff."
    canvas.drawCentredString(A4[0] / 2, 9.3 * mm, name)
    canvas.drawCentredString(A4[0] / 2, 6.1 * mm, f"Auricle. {RESEARCH_NOTICE}")

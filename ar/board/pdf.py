"""The board on paper: true scale on A4 or Letter, with a ruler that shows whether the printer kept the size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ar.board.custom_dictionary import label_of
from ar.board.draw import sheet_bounds_mm
from ar.board.model import Board, MarkerBody
from ar.board.nets import draw_lines, face_quads_mm, net_bounds_mm, nets_of_body
from ar.board.printed import black_quads_mm
from ar.board.solids import Net
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE

PAPERS = {"A4": A4, "Letter": LETTER}
RULER_MM = 100.0
_BOTTOM_MM = 24.0
_EDGE_MM = 8.0


def write_pdf(board: Board, path: Path, paper: str = "A4") -> None:
    """Write a page for each body, or for each part of a net, at true scale on "A4" or "Letter".

    Raises PlannerError when a body is larger than the page, or the place cannot be written.
    """
    if paper not in PAPERS:
        raise PlannerError(f"cannot print on {paper!r}", "the paper is not known", "use A4 or Letter")
    canvas = Canvas(str(path), pagesize=PAPERS[paper], invariant=1)
    canvas.setTitle("Auricle marker board")
    for body in board.bodies:
        nets = nets_of_body(body)
        for net in nets:
            _draw_solid(canvas, body, net, paper)
            _finish_page(canvas, board, body, paper)
        if not nets:
            _draw_body(canvas, board, body, paper)
            _finish_page(canvas, board, body, paper)
    try:
        canvas.save()
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write {Path(path).name}", reason, "choose another folder") from error


def _draw_body(canvas: Canvas, board: Board, body: MarkerBody, paper: str) -> None:
    low, high = sheet_bounds_mm(board, body, margin_mm=0.0)
    left, top = _place(low, high, paper)
    canvas.setFillGray(0.0)
    for quad in black_quads_mm(board, body)[..., :2]:
        _ink(canvas, np.stack([left + quad[:, 0], top - quad[:, 1]], axis=1))


def _draw_solid(canvas: Canvas, body: MarkerBody, net: Net, paper: str) -> None:
    low, high = net_bounds_mm(net)
    left, top = _place(low, high, paper)
    # The sheet's y is down, the page's is up.
    page_from_sheet = np.array([[1.0, 0.0, left], [0.0, -1.0, top], [0.0, 0.0, 1.0]])
    draw_lines(canvas, net, page_from_sheet)
    canvas.setDash()
    canvas.setFillGray(0.0)
    canvas.setStrokeGray(0.0)
    for number, sheet_from_face in net.sheet_from_face.items():
        for quad in face_quads_mm(body, number):
            flat = np.column_stack([quad, np.ones(4)]) @ (page_from_sheet @ sheet_from_face).T
            _ink(canvas, flat[:, :2])


def _place(low: np.ndarray, high: np.ndarray, paper: str) -> tuple[float, float]:
    """Where x = 0 and y = 0 of a print with these bounds lie on the page, mm. Raises PlannerError: too large."""
    page = np.array(PAPERS[paper]) / mm
    room = page - (2 * _EDGE_MM, _EDGE_MM + _BOTTOM_MM)
    if ((high - low) > room).any():
        size = " x ".join(f"{length:.0f}" for length in high - low)
        raise PlannerError(
            f"the board does not fit on {paper}",
            f"it is {size} mm",
            "use fewer or smaller markers, or other paper",
        )
    left = (page[0] - (high - low)[0]) / 2.0
    top = page[1] - _EDGE_MM - (room - (high - low))[1] / 2.0
    return float(left - low[0]), float(top + low[1])


def _ink(canvas: Canvas, quad: np.ndarray) -> None:
    """Fill a black quad (4, 2) in page mm."""
    outline = canvas.beginPath()
    outline.moveTo(quad[0, 0] * mm, quad[0, 1] * mm)
    for x, y in quad[1:]:
        outline.lineTo(x * mm, y * mm)
    outline.close()
    # A hairline of ink closes the seams that viewers leave between touching cells; 0.01 mm at the rim.
    canvas.setLineWidth(0.02 * mm)
    canvas.drawPath(outline, stroke=1, fill=1)


def _finish_page(canvas: Canvas, board: Board, body: MarkerBody, paper: str) -> None:
    _draw_ruler(canvas, board, body, paper)
    canvas.showPage()


def _draw_ruler(canvas: Canvas, board: Board, body: MarkerBody, paper: str) -> None:
    middle = PAPERS[paper][0] / 2
    left, base = (middle * 2 / mm - RULER_MM) / 2.0, 16.0
    canvas.setLineWidth(0.2 * mm)
    canvas.line(left * mm, base * mm, (left + RULER_MM) * mm, base * mm)
    for tick in range(0, int(RULER_MM) + 1, 10):
        height = 3.0 if tick % 50 == 0 else 2.0
        canvas.line((left + tick) * mm, base * mm, (left + tick) * mm, (base + height) * mm)
    canvas.setFont("Helvetica", 7.5)
    canvas.drawCentredString(
        middle,
        12.5 * mm,
        "Print at 100 %. This ruler must measure 100.0 mm; otherwise do not use the sheet.",
    )
    side = body.markers[0].side_mm
    squares = ""
    if board.charuco is not None and body is board.bodies[0]:
        squares = f", squares {board.charuco.square_mm:g} mm"
    how = "Cut, fold and glue it." if body.solid else "Glue it to something flat and stiff."
    name = f"{body.name}: {label_of(body.dictionary)}, markers {side:g} mm{squares}. {how}"
    canvas.drawCentredString(middle, 9.3 * mm, name)
    canvas.drawCentredString(middle, 6.1 * mm, f"Auricle. {RESEARCH_NOTICE}")

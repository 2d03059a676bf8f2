"""The pattern of a patch on paper, at its true size, with a bar that shows whether the printer kept it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE
from plan.clinical.patch import PatchPattern
from plan.formula import Reading

BAR_MM = 100.0
EDGE_MM, FOOT_MM, HEAD_MM = 12.0, 62.0, 36.0
LINE_MM = 5.0
N_ROWS = 7


def write_pattern(pattern: PatchPattern, name: str, readings: tuple[Reading, ...], path: Path) -> None:
    """Write one A4 page at true scale.

    Raises:
        PlannerError: the patch is larger than the page, or the file cannot be written.
    """
    page = np.array(A4) / mm
    width, height = pattern.size_mm
    room = page - (2.0 * EDGE_MM, FOOT_MM + HEAD_MM)
    if width > room[0] or height > room[1]:
        raise PlannerError(
            "the pattern does not fit on A4", f"it is {width:.0f} x {height:.0f} mm", "take a smaller margin"
        )
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.setTitle("Auricle patch pattern")
    middle = (pattern.cut_mm.min(axis=0) + pattern.cut_mm.max(axis=0)) / 2.0
    centre = np.array([page[0] / 2.0, FOOT_MM + room[1] / 2.0])
    _draw_lines(canvas, pattern, centre - middle)
    _draw_bar(canvas, page[0])
    _draw_texts(canvas, pattern, name, readings, page)
    canvas.showPage()
    try:
        canvas.save()
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write {path.name}", reason, "choose another folder") from error


def _draw_lines(canvas: Canvas, pattern: PatchPattern, shift_mm: np.ndarray) -> None:
    for line, dashes in ((pattern.cut_mm, ()), (pattern.rim_mm, (2.0 * mm, 1.5 * mm))):
        path = canvas.beginPath()
        places = (line + shift_mm) * mm
        path.moveTo(*places[0])
        for place in places[1:]:
            path.lineTo(*place)
        path.close()
        canvas.setLineWidth(0.25 * mm)
        canvas.setDash(*dashes) if dashes else canvas.setDash()
        canvas.drawPath(path, stroke=1, fill=0)
    canvas.setDash()
    canvas.setFont("Helvetica-Bold", 9)
    middle = pattern.rim_mm.mean(axis=0)
    for letter, at in pattern.marks.items():
        x, y = (at + shift_mm) * mm
        canvas.circle(x, y, 0.6 * mm, stroke=0, fill=1)
        x, y = (at + 0.18 * (middle - at) + shift_mm) * mm
        canvas.drawCentredString(x, y - 1.0 * mm, letter)


def _draw_bar(canvas: Canvas, page_width_mm: float) -> None:
    left, y = (page_width_mm - BAR_MM) / 2.0, FOOT_MM - 12.0
    canvas.setLineWidth(0.3 * mm)
    canvas.line(left * mm, y * mm, (left + BAR_MM) * mm, y * mm)
    for step in range(11):
        x = left + step * BAR_MM / 10.0
        canvas.line(x * mm, y * mm, x * mm, (y + (4.0 if step % 5 == 0 else 2.0)) * mm)
    canvas.setFont("Helvetica", 8)
    text = (
        "100 mm. Print at 100 %, without fitting to the page, and check this bar with a ruler before you cut."
    )
    canvas.drawCentredString(page_width_mm / 2.0 * mm, (y - 5.0) * mm, text)


def _draw_texts(
    canvas: Canvas, pattern: PatchPattern, name: str, readings: tuple[Reading, ...], page_mm: np.ndarray
) -> None:
    canvas.setFont("Helvetica-Bold", 13)
    # The standard fonts of PDF know Latin letters only.
    canvas.drawString(
        EDGE_MM * mm, (page_mm[1] - 16.0) * mm, name.encode("latin-1", "replace").decode("latin-1")
    )
    canvas.setFont("Helvetica", 8)
    shape = "laid onto the surface" if pattern.is_draped else "the smoothest skin within the rim"
    lines = [
        f"Solid: cut here, {pattern.margin_mm:g} mm beyond the rim. Dashed: rim of the defect. {shape.capitalize()}.",
        f"Laid flat, lengths differ by at most {pattern.flat.most_percent:.1f} %, by {pattern.flat.mean_percent:.1f} % "
        "on average.",
        f"Seen from the patient's {pattern.seen_from}. H, L, A: the places of the rim nearest to head, left and front.",
    ]
    y = page_mm[1] - 22.0
    for line in lines:
        canvas.drawString(EDGE_MM * mm, y * mm, line)
        y -= LINE_MM
    known = [one for one in readings if one.value is not None]
    for n, reading in enumerate(known[: 2 * N_ROWS]):
        column, row = divmod(n, N_ROWS)
        x = EDGE_MM + column * (page_mm[0] - 2.0 * EDGE_MM) / 2.0
        canvas.drawString(x * mm, (FOOT_MM - 24.0 - 3.8 * row) * mm, f"{reading.title}: {reading.text}")
    canvas.setFont("Helvetica-Oblique", 8)
    canvas.drawCentredString(page_mm[0] / 2.0 * mm, 6.0 * mm, RESEARCH_NOTICE)

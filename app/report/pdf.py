"""The report on paper: A4 pages by Qt's own writer of PDF, the notice of research use on every one of them."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from PyQt6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFont, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument

from app.report.content import Part, Picture, Report, StructureRow, source_titles
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE
from core.staging import staged

DPI = 300
EDGE_MM, HEAD_MM, FOOT_MM = 16.0, 14.0, 16.0
PICTURE_PX = 328
"""Width of a picture in the document's own pixels, 96 to the inch; two stand beside each other."""
MOST_KEPT = 20
"""An item with more values than this may go on on the next page."""
STYLE = """
body { font-family: 'DejaVu Sans', 'Segoe UI', 'Helvetica Neue', sans-serif; font-size: 9pt; color: #15181c; }
h1 { font-size: 19pt; } h2 { font-size: 12.5pt; color: #1d4e79; }
td, th { padding: 2px 6px 2px 0; } th { text-align: left; color: #54606c; }
.quiet { color: #54606c; } .warn { color: #9a4a00; }
"""


def write_report(report: Report, path: Path) -> int:
    """Write the report; returns the number of its pages. A `QGuiApplication` must exist, for its fonts.

    Raises:
        PlannerError: the file cannot be written; what was at `path` is still there.
    """
    with staged(path) as stage:
        writer = QPdfWriter(str(stage))
        writer.setTitle("Auricle report")
        writer.setCreator("Auricle")
        writer.setResolution(DPI)
        edges = QMarginsF(0, 0, 0, 0)
        writer.setPageLayout(
            QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, edges)
        )
        painter = QPainter()
        if not painter.begin(writer):
            raise PlannerError(
                f"cannot write {path.name}", "its place cannot be written", "choose another folder"
            )
        n_pages = _paint(painter, writer, report)
        if not painter.end():
            raise PlannerError(f"cannot write {path.name}", "it was not written whole", "free some space")
    return n_pages


def _paint(painter: QPainter, writer: QPdfWriter, report: Report) -> int:
    document = QTextDocument()
    layout = document.documentLayout()
    assert layout is not None
    layout.setPaintDevice(writer)
    document.setDefaultStyleSheet(STYLE)
    document.setDocumentMargin(0.0)
    page = QSizeF(writer.width(), writer.height())
    edge, head, foot = (_px(mm) for mm in (EDGE_MM, HEAD_MM, FOOT_MM))
    body = QSizeF(page.width() - 2.0 * edge, page.height() - head - foot)
    document.setPageSize(body)
    document.setHtml(_html(report))
    n_pages = document.pageCount()
    for number in range(n_pages):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(edge, head - number * body.height())
        document.drawContents(painter, QRectF(0, number * body.height(), body.width(), body.height()))
        painter.restore()
        _paint_frame(painter, page, report, number + 1, n_pages)
    return n_pages


def _paint_frame(painter: QPainter, page: QSizeF, report: Report, number: int, n_pages: int) -> None:
    """What stands on every page: the notice, the program, the number of the page."""
    edge = _px(EDGE_MM)
    font = QFont("DejaVu Sans")
    font.setPointSizeF(7.5)
    painter.setFont(font)
    flags = Qt.AlignmentFlag
    across = page.width() - 2.0 * edge
    bottom = QRectF(edge, page.height() - _px(11.0), across, _px(6.0))
    painter.setPen(QColor("#54606c"))
    painter.drawText(bottom, flags.AlignLeft | flags.AlignVCenter, report.software)
    painter.drawText(bottom, flags.AlignRight | flags.AlignVCenter, f"Page {number} of {n_pages}")
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor("#9a4a00"))
    top = QRectF(edge, _px(4.0), across, _px(6.0))
    painter.drawText(top, flags.AlignHCenter | flags.AlignVCenter, RESEARCH_NOTICE)


def _px(mm: float) -> float:
    return mm / 25.4 * DPI


def _html(report: Report) -> str:
    parts = [
        "<h1>Planning report</h1>",
        f"<p class='warn'><b>{escape(RESEARCH_NOTICE)}</b></p>",
        _pairs((("Patient", report.patient), ("Made by", report.software), *report.facts)),
        _pictures(report.views),
    ]
    if report.notes:
        parts.append(f"<h2>Notes</h2><p>{_lines(report.notes)}</p>")
    if report.parts:
        parts.append("<h2>Measures</h2>" + "".join(_part(part) for part in report.parts))
        meaning = "<br>".join(escape(text) for text in source_titles(report.parts))
        parts.append(f"<p class='quiet'>{meaning}</p>")
    if report.structures:
        parts.append(_kept("<h2>Structures</h2>" + _structures(report.structures)))
    if report.slices:
        first, rest = report.slices[:2], report.slices[2:]
        parts.append(_kept("<h2>Slices through the measures</h2>" + _pictures(first)) + _pictures(rest))
    found = report.findings or ("Nothing was found that limits the numbers beyond the method below.",)
    parts.append(_kept("<h2>Findings and limits</h2>" + _list(found)))
    parts.append(_kept("<h2>Method</h2>" + _list((*report.method, report.software))))
    return f"<html><body>{''.join(parts)}</body></html>"


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(
        f"<tr><td class='quiet'>{escape(key)}</td><td>{escape(value)}</td></tr>" for key, value in pairs
    )
    return f"<table>{rows}</table>"


def _part(part: Part) -> str:
    rows = "".join(
        f"<tr><td width='52%'>{escape(row.title)}</td><td width='34%'><b>{escape(row.value)}</b>"
        f"{_reason(row.why_not)}</td><td width='6%' class='quiet'>{row.source}</td></tr>"
        for row in part.rows
    )
    head = f"<tr><td colspan='3'><b>{escape(part.title)}</b> <span class='quiet'>{escape(part.kind)}</span></td></tr>"
    table = f"<table width='100%'>{head}{rows}</table>"
    return f"{_kept(table) if len(part.rows) <= MOST_KEPT else table}<p></p>"


def _kept(html: str) -> str:
    """In one cell of a table: Qt moves it to the next page whole, so that no heading stands alone."""
    return f"<table width='100%' cellspacing='0' cellpadding='0'><tr><td>{html}</td></tr></table>"


def _reason(why_not: str) -> str:
    return f" <span class='quiet'>({escape(why_not)})</span>" if why_not else ""


def _structures(rows: tuple[StructureRow, ...]) -> str:
    body = "".join(
        f"<tr><td>{escape(row.title)}</td><td><b>{escape(row.volume)}</b></td><td>{escape(row.spread)}</td>"
        f"<td class='quiet'>{escape(row.remark)}</td></tr>"
        for row in rows
    )
    head = "<tr><th>Structure</th><th>Volume</th><th>Spread of its surface</th><th></th></tr>"
    return f"<table width='100%'>{head}{body}</table>"


def _pictures(pictures: tuple[Picture, ...]) -> str:
    cells = [
        f"<td><img width='{PICTURE_PX}' src='{_data_url(picture.rgb)}'><br>"
        f"<span class='quiet'>{escape(picture.caption)}</span></td>"
        for picture in pictures
    ]
    rows = ["".join(cells[n : n + 2]) for n in range(0, len(cells), 2)]
    return "".join(f"<table><tr>{row}</tr></table>" for row in rows)


def _list(texts: tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())


def _data_url(rgb: np.ndarray) -> str:
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

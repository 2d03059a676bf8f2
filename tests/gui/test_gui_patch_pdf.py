"""The pattern of a patch keeps its millimetres on paper, checked by a PDF library that did not write it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtPdf import QPdfDocument
from PyQt6.QtWidgets import QApplication

from app.sheets.patch_pdf import write_pattern
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE
from plan.clinical.patch import PatchPattern, formulas, pattern
from plan.formula import points_of, read
from plan.items import SeptalPatch, as_point

PX_PER_MM = 10.0
T = 2 * np.pi * np.arange(24) / 24


def _pattern(long: float, short: float, margin_mm: float) -> tuple[SeptalPatch, PatchPattern]:
    rim = np.stack([long / 2 * np.cos(T), np.zeros(24), short / 2 * np.sin(T)], axis=1)
    patch = SeptalPatch("Défaut α", tuple(as_point(point) for point in rim), margin_mm)
    return patch, pattern(patch)


def _page(path: Path) -> tuple[np.ndarray, str]:
    """The page as grey values (rows, columns) and its text, by Qt's reader."""
    document = QPdfDocument(None)
    assert document.load(str(path)) == QPdfDocument.Error.None_
    size = document.pagePointSize(0)
    assert document.pageCount() == 1
    assert (size.width(), size.height()) == pytest.approx((595.28, 841.89), abs=0.1)
    wanted = QSize(round(size.width() / 72 * 25.4 * PX_PER_MM), round(size.height() / 72 * 25.4 * PX_PER_MM))
    paper = QImage(wanted, QImage.Format.Format_Grayscale8)
    paper.fill(255)
    painter = QPainter(paper)
    painter.drawImage(0, 0, document.render(0, wanted))
    painter.end()
    rows = np.frombuffer(paper.constBits().asstring(paper.sizeInBytes()), dtype=np.uint8)
    picture = rows.reshape(paper.height(), paper.bytesPerLine())[:, : paper.width()]
    text = document.getAllText(0).text()
    document.close()
    return picture, text


def test_the_line_to_cut_along_has_its_true_size_on_paper(tmp_path: Path, qapp: QApplication) -> None:
    patch, made = _pattern(40.0, 25.0, 4.0)
    write_pattern(made, patch.name, read(formulas(patch), points_of(patch), 0.75), tmp_path / "patch.pdf")
    picture, text = _page(tmp_path / "patch.pdf")
    dark = (picture < 128).astype(np.uint8)
    contours, _ = cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)[:, 0, :]
    # The outer edge of a line of 0.25 mm lies half of that beyond it.
    size_mm = (np.ptp(outline, axis=0) + 1.0) / PX_PER_MM - 0.25
    assert size_mm == pytest.approx((48.0, 33.0), abs=0.15)
    assert "100 mm" in text
    assert RESEARCH_NOTICE in text
    assert "at most 0.0 %" in text
    assert "patient's front" in text
    assert "Rim, largest diameter: 40.0" in text


def test_the_bar_is_a_hundred_millimetres_long(tmp_path: Path, qapp: QApplication) -> None:
    patch, made = _pattern(20.0, 20.0, 2.0)
    write_pattern(made, patch.name, (), tmp_path / "patch.pdf")
    picture, _ = _page(tmp_path / "patch.pdf")
    runs = [np.flatnonzero(row < 128) for row in picture]
    longest = max((np.ptp(run) + 1 for run in runs if len(run) and np.all(np.diff(run) == 1)), default=0)
    assert longest / PX_PER_MM == pytest.approx(100.0, abs=0.45)


def test_the_head_is_up_and_the_left_is_right_on_the_page() -> None:
    _, made = _pattern(40.0, 25.0, 4.0)
    assert made.marks["H"][1] == made.rim_mm[:, 1].max()
    assert made.marks["L"][0] == made.rim_mm[:, 0].max()


def test_a_patch_larger_than_the_page_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    patch, made = _pattern(230.0, 60.0, 5.0)
    with pytest.raises(PlannerError, match="does not fit on A4"):
        write_pattern(made, patch.name, (), tmp_path / "patch.pdf")
    patch, made = _pattern(20.0, 20.0, 2.0)
    with pytest.raises(PlannerError, match="cannot write"):
        write_pattern(made, patch.name, (), tmp_path / "nowhere" / "patch.pdf")

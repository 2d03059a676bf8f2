from __future__ import annotations

import base64
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from ar.board import Board, grid_board, write_board, write_pdf
from ar.opencv import cv2
from core.errors import PlannerError
from core.resources import ASSETS

POINTS_PER_MM = 72.0 / 25.4


def _page_commands(path: Path) -> str:
    stream = re.search(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.DOTALL)
    assert stream is not None
    return zlib.decompress(base64.a85decode(b"<~" + stream[1].strip(), adobe=True)).decode("latin-1")


@pytest.fixture
def pdf(charuco: Board, tmp_path: Path) -> Path:
    write_pdf(charuco, tmp_path / "board.pdf")
    return tmp_path / "board.pdf"


def test_the_page_is_a4(pdf: Path) -> None:
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf.read_bytes())
    assert box is not None
    size_mm = np.array([float(box[1]), float(box[2])]) / POINTS_PER_MM
    np.testing.assert_allclose(size_mm, (210.0, 297.0), atol=0.01)


def test_the_ink_and_the_ruler_have_their_true_size(pdf: Path) -> None:
    commands = _page_commands(pdf)
    ink = re.findall(r"n ([\d.]+) ([\d.]+) m ((?:[\d.]+ [\d.]+ l ){3})h", commands)
    corners = np.array([[float(v) for v in re.findall(r"[\d.]+", " ".join(quad))] for quad in ink]).reshape(
        -1, 2
    )
    np.testing.assert_allclose(np.ptp(corners, axis=0) / POINTS_PER_MM, (160.0, 256.0), atol=0.01)
    lines = np.array(re.findall(r"n ([\d.]+) ([\d.]+) m ([\d.]+) ([\d.]+) l S", commands), dtype=float)
    lengths_mm = np.abs(lines[:, 2] - lines[:, 0]) / POINTS_PER_MM
    assert lengths_mm.max() == pytest.approx(100.0, abs=0.01)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is not installed")
def test_a_print_of_the_page_measures_what_the_description_says(pdf: Path, charuco: Board) -> None:
    subprocess.run(
        ["pdftoppm", "-r", "254", "-gray", "-singlefile", str(pdf), str(pdf.with_suffix(""))], check=True
    )
    page = cv2.imread(str(pdf.with_suffix(".pgm")), cv2.IMREAD_GRAYSCALE)
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    corners, ids, _ = cv2.aruco.ArucoDetector(dictionary, parameters).detectMarkers(page)
    assert len(ids) == 20
    seen_mm = np.concatenate([c.reshape(4, 2) for c in corners]) / 10.0
    said_mm = np.concatenate([charuco.bodies[0].by_id[int(i)].corners_mm[:, :2] for i in np.ravel(ids)])
    shift = (seen_mm - said_mm).mean(axis=0)
    assert np.abs(seen_mm - said_mm - shift).max() < 0.15


def test_the_page_carries_the_research_notice(pdf: Path) -> None:
    assert "not for clinical decisions" in _page_commands(pdf)


def test_a_board_larger_than_the_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="does not fit on A4"):
        write_pdf(grid_board((5, 5), 50.0, 10.0), tmp_path / "board.pdf")


def test_the_sheet_that_ships_is_the_default_board(charuco: Board, pdf: Path) -> None:
    write_board(charuco, pdf.with_suffix(".json"))
    for name in ("board.json", "board.pdf"):
        assert (ASSETS / "markers" / name).read_bytes() == (pdf.parent / name).read_bytes()

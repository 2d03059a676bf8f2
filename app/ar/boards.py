"""Boards made in the window: the print, its description, and the size that the printer really gave it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ar.board import Board, write_board, write_pdf
from ar.board.kinds import joined, make_board, scaled
from core.errors import PlannerError

RULER_MM = 100.0
# A printer that is further off than this has been told to fit the page.
MOST_OFF = 0.1


def save_boards(
    kinds: Sequence[str], paper: str, pdf: Path, measured_mm: float = RULER_MM
) -> tuple[Board, Path]:
    """Write the PDF of these kinds, and beside it board.json at the measured size; returns it and where it is.

    Args:
        measured_mm: the length of the printed ruler of 100 mm.

    Raises:
        PlannerError: nothing was chosen, the kinds cannot be joined, the size is not plausible, or the place cannot
            be written.
    """
    if not kinds:
        raise PlannerError("nothing to print", "no board is chosen", "choose one or more kinds")
    if pdf.suffix.lower() != ".pdf":
        raise PlannerError(f"cannot write {pdf.name}", "the board is a PDF", "end the name in .pdf")
    board = joined([make_board(kind) for kind in kinds])
    as_printed = at_measured_size(board, measured_mm)
    write_pdf(board, pdf, paper)
    description = pdf.with_suffix(".json")
    write_board(as_printed, description)
    return as_printed, description


def at_measured_size(board: Board, measured_mm: float) -> Board:
    """The board as its printed 100 mm ruler measures. Raises PlannerError when that is not plausible."""
    factor = measured_mm / RULER_MM
    if not abs(factor - 1.0) <= MOST_OFF:
        raise PlannerError(
            "cannot take the measured size",
            f"{measured_mm:g} mm is far from {RULER_MM:g} mm",
            "measure the printed 100 mm ruler, and print at 100 %",
        )
    return board if factor == 1.0 else scaled(board, factor)

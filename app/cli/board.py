"""`auricle board`: the sheet to print, and board.json that tells the tracker what is on it."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import say
from core.errors import PlannerError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the PDF goes."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="board.pdf; board.json goes beside it"
    )


def run(options: argparse.Namespace) -> None:
    """Write the PDF and the JSON. Raises PlannerError when they cannot be written."""
    from ar.board import default_board, write_board, write_pdf

    pdf: Path = options.out
    if pdf.suffix.lower() != ".pdf":
        raise PlannerError(f"cannot write {pdf.name}", "the board is a PDF", "end the name in .pdf")
    try:
        pdf.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlannerError(f"cannot write {pdf.name}", str(error.strerror), "choose another folder") from error
    board = default_board()
    write_pdf(board, pdf)
    write_board(board, pdf.with_suffix(".json"))
    say(f"wrote {pdf} and {pdf.with_suffix('.json')}")
    say("print at 100 %, check the 100 mm ruler, and glue the sheet to something flat and stiff")

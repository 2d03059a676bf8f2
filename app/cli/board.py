"""`auricle board`: something to print that the camera can follow, and board.json that tells the tracker what it is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.console import say
from core.errors import PlannerError

if TYPE_CHECKING:
    from ar.board import Board

RULER_MM = 100.0
DICTIONARY_FILES = (".yml", ".yaml", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is printed, on what, and where it goes."""
    parser.add_argument(
        "--kind", action="append", metavar="KIND",
        help="charuco (the default), grid, patch, cube, dodecahedron, pointer or wand; give several to join them",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="board.pdf; not needed with --measured-mm")
    parser.add_argument("--json", type=Path, metavar="FILE", help="board.json; beside the PDF without")
    parser.add_argument("--paper", default="A4", choices=("A4", "Letter"))
    parser.add_argument(
        "--dictionary",
        metavar="NAME",
        help="such as DICT_5X5_100, or OpenCV's file of a custom one (.yml, .yaml, .json); AprilTag 36h11 without",
    )
    parser.add_argument(
        "--first-id", type=int, metavar="N", help="the first marker's id, for a second of a kind"
    )
    parser.add_argument(
        "--from", type=Path, metavar="FILE", dest="source", help="print or rescale this board.json"
    )
    parser.add_argument(
        "--measured-mm",
        type=float,
        metavar="MM",
        help=f"the printed ruler's length; {RULER_MM:g} when it is true",
    )


def run(options: argparse.Namespace) -> None:
    """Write the PDF and the JSON. Raises PlannerError when they cannot be made or written."""
    from app.ar.boards import at_measured_size
    from ar.board import write_board, write_pdf

    pdf: Path | None = options.out
    description: Path | None = options.json or (pdf.with_suffix(".json") if pdf else None)
    if description is None:
        raise PlannerError("nothing to write", "no file is named", "give --out board.pdf, or --json board.json")
    if pdf is not None and pdf.suffix.lower() != ".pdf":
        raise PlannerError(f"cannot write {pdf.name}", "the board is a PDF", "end the name in .pdf")
    board = _board(options)
    for path in (pdf, description):
        if path is not None:
            _make_folder(path)
    if pdf is not None:
        write_pdf(board, pdf, options.paper)
        say(f"wrote {pdf}")
    if options.measured_mm is not None:
        board = at_measured_size(board, options.measured_mm)
        say(f"scaled by {options.measured_mm / RULER_MM:.4f}, as measured on the print")
    write_board(board, description)
    say(f"wrote {description}")
    if pdf is not None:
        say("print at 100 %, measure the 100 mm ruler, and glue the sheet to something flat and stiff")
        say("a ruler that is not 100.0 mm: call again with --measured-mm and its length")


def _board(options: argparse.Namespace) -> Board:
    from ar.board import read_board
    from ar.board.kinds import joined, make_board

    if options.source is not None:
        if options.kind or options.dictionary or options.first_id is not None:
            raise PlannerError(
                "two boards are named", "--from has its own kind and ids", "leave the others out"
            )
        return read_board(options.source)
    kinds = options.kind or ["charuco"]
    dictionary = _dictionary(options.dictionary)
    return joined([make_board(kind, dictionary, options.first_id) for kind in kinds])


def _dictionary(named: str | None) -> str | None:
    from ar.board.custom_dictionary import read_dictionary

    is_file = named is not None and Path(named).suffix.lower() in DICTIONARY_FILES
    return read_dictionary(Path(named)) if named is not None and is_file else named


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlannerError(f"cannot write {path.name}", str(error.strerror), "choose another folder") from error

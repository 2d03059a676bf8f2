"""Marker boards: what is printed, how it is described in board.json, and how it is drawn."""

from ar.board.draw import draw_board, sheet_bounds_mm
from ar.board.json_file import read_board, write_board
from ar.board.model import Board, CharucoGrid, Marker, MarkerBody
from ar.board.pdf import write_pdf
from ar.board.standard import charuco_board, default_board, grid_board

__all__ = [
    "Board",
    "CharucoGrid",
    "Marker",
    "MarkerBody",
    "charuco_board",
    "default_board",
    "draw_board",
    "grid_board",
    "read_board",
    "sheet_bounds_mm",
    "write_board",
    "write_pdf",
]

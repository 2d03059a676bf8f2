"""Every board that Auricle prints: sheets, a patch for the chest, bodies in space to fold, and hand tools.

Each kind has marker ids of its own, so that all of them can be seen in one picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ar.board.custom_dictionary import label_of
from ar.board.model import Board, Marker, MarkerBody, dictionary_named
from ar.board.solids import cube_faces, dodecahedron_faces
from ar.board.standard import default_board, grid_board
from core.errors import PlannerError

APRILTAG = "DICT_APRILTAG_36h11"


@dataclass(frozen=True)
class Kind:
    """One kind of board: what it is, its first marker id, how many ids it uses, and how it is made."""

    text: str
    first_id: int
    n_ids: int
    make: Callable[[str, int], Board]


def make_board(kind: str, dictionary: str | None = None, first_id: int | None = None) -> Board:
    """A board of a kind. Raises PlannerError for unknown kinds, dictionaries, or ids that the dictionary lacks.

    Args:
        dictionary: one of OpenCV's; AprilTag 36h11 without (the ChArUco sheet has its own).
        first_id: in place of the kind's own, where two of a kind are needed.
    """
    if kind not in KINDS:
        raise PlannerError(
            f"no board is called {kind!r}", "it is not known", f"choose one of {', '.join(KINDS)}"
        )
    if kind == "charuco" and (dictionary is not None or first_id is not None):
        raise PlannerError(
            "cannot change the ChArUco sheet", "its ids and its dictionary are fixed", "choose another kind"
        )
    chosen, first = KINDS[kind], KINDS[kind].first_id if first_id is None else first_id
    name = dictionary or APRILTAG
    try:
        n_known = len(dictionary_named(name).bytesList)
    except ValueError as error:
        raise PlannerError("cannot make the board", str(error), "use a name such as DICT_4X4_50") from error
    if first_id is None and dictionary is not None and first + chosen.n_ids > n_known:
        first = 0
    if first < 0 or first + chosen.n_ids > n_known:
        raise PlannerError(
            "cannot make the board",
            f"it needs the ids {first} to {first + chosen.n_ids - 1}, {label_of(name)} ends at {n_known - 1}",
            "choose a smaller first id or another dictionary",
        )
    return chosen.make(name, first)


def scaled(board: Board, factor: float) -> Board:
    """The board as it came out of the printer: everything `factor` times as large."""
    bodies = tuple(body.scaled(factor) for body in board.bodies)
    return Board(bodies, None if board.charuco is None else board.charuco.scaled(factor))


def joined(boards: list[Board]) -> Board:
    """Boards that are seen together as one. Raises PlannerError when names or ids meet, or a chessboard comes later."""
    bodies = tuple(body for board in boards for body in board.bodies)
    if any(board.charuco is not None for board in boards[1:]):
        raise PlannerError("cannot join the boards", "a ChArUco board must come first", "change their order")
    try:
        return Board(bodies, boards[0].charuco)
    except ValueError as error:
        raise PlannerError("cannot join the boards", str(error), "give one of them another first id") from error


def _charuco(dictionary: str, first_id: int) -> Board:
    return default_board()


def _grid(dictionary: str, first_id: int) -> Board:
    return grid_board((4, 5), 36.0, 9.0, dictionary, first_id)


def _patch(dictionary: str, first_id: int) -> Board:
    return grid_board((3, 3), 16.0, 4.0, dictionary, first_id, "patch")


def _cube(dictionary: str, first_id: int) -> Board:
    return _solid("cube", cube_faces(50.0), 38.0, dictionary, first_id)


def _dodecahedron(dictionary: str, first_id: int) -> Board:
    return _solid("dodecahedron", dodecahedron_faces(34.0), 26.0, dictionary, first_id)


def _pointer(dictionary: str, first_id: int) -> Board:
    """A card of four markers; its tip is where the lower edge's stick ends, to be found by turning it."""
    body = grid_board((2, 2), 24.0, 6.0, dictionary, first_id, "pointer").bodies[0]
    return Board((MarkerBody(body.name, dictionary, body.markers, tip_mm=(27.0, 160.0, 0.0)),))


def _wand(dictionary: str, first_id: int) -> Board:
    """A long card of markers: it *is* the cutting plane; what lies behind the print is hidden."""
    body = grid_board((4, 2), 24.0, 6.0, dictionary, first_id, "wand").bodies[0]
    plane = ((57.0, 27.0, 0.0), (0.0, 0.0, 1.0))
    return Board((MarkerBody(body.name, dictionary, body.markers, plane_mm=plane),))


def _solid(name: str, faces: list[np.ndarray], marker_mm: float, dictionary: str, first_id: int) -> Board:
    square = (np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]) - (0.5, 0.5, 0.0)) * marker_mm
    markers = tuple(Marker(first_id + i, square @ face[:3, :3].T + face[:3, 3]) for i, face in enumerate(faces))
    return Board((MarkerBody(name, dictionary, markers, solid=name),))


KINDS: dict[str, Kind] = {
    "charuco": Kind("chessboard with markers on A4, also to calibrate with", 0, 20, _charuco),
    "grid": Kind("20 AprilTags on A4 or Letter", 0, 20, _grid),
    "patch": Kind("9 small tags for the chest, 56 mm", 20, 9, _patch),
    "cube": Kind("a cube of 50 mm to fold, 6 tags", 30, 6, _cube),
    "dodecahedron": Kind("a dodecahedron with edges of 34 mm to fold, 12 tags", 40, 12, _dodecahedron),
    "pointer": Kind("a card of 4 tags for a stick with a tip", 60, 4, _pointer),
    "wand": Kind("a card of 8 tags that is a cutting plane", 70, 8, _wand),
}

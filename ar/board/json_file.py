"""board.json: the door between a printed board and the tracker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ar.board.charuco import chessboard_of
from ar.board.model import Board, CharucoGrid, Marker, MarkerBody, Point
from core.errors import PlannerError


def write_board(board: Board, path: Path) -> None:
    """Write board.json. Raises PlannerError when the place cannot be written."""
    content: dict[str, Any] = {"unit": "mm", "bodies": [_body_to_json(body) for body in board.bodies]}
    if board.charuco is not None:
        grid = board.charuco
        content["charuco"] = {
            "squares": list(grid.squares),
            "square_mm": grid.square_mm,
            "marker_mm": grid.marker_mm,
        }
    try:
        Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write {Path(path).name}", reason, "choose another folder") from error


def read_board(path: Path) -> Board:
    """Read board.json. Raises PlannerError naming what is missing or contradictory."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["unit"] != "mm":
            raise ValueError(f"the unit is {content['unit']!r}, not mm")
        bodies = tuple(_body_from_json(body) for body in content["bodies"])
        board = Board(bodies, _charuco_from_json(content))
        chessboard_of(board)
        return board
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(
            f"cannot read {Path(path).name}", reason, "give the board.json of the print"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise PlannerError(
            f"{Path(path).name} does not describe a board", reason, "write one with `auricle board`"
        ) from error


def _body_to_json(body: MarkerBody) -> dict[str, Any]:
    markers = [{"id": marker.marker_id, "corners": marker.corners_mm.tolist()} for marker in body.markers]
    content: dict[str, Any] = {"name": body.name, "dictionary": body.dictionary, "markers": markers}
    if body.tip_mm is not None:
        content["tip_mm"] = list(body.tip_mm)
    if body.plane_mm is not None:
        content["plane"] = {"origin_mm": list(body.plane_mm[0]), "normal": list(body.plane_mm[1])}
    if body.solid is not None:
        content["solid"] = body.solid
    return content


def _body_from_json(content: dict[str, Any]) -> MarkerBody:
    markers = tuple(
        Marker(int(marker["id"]), np.array(marker["corners"], dtype=np.float64))
        for marker in content["markers"]
    )
    tip, plane, solid = (content.get(key) for key in ("tip_mm", "plane", "solid"))
    return MarkerBody(
        str(content["name"]),
        str(content["dictionary"]),
        markers,
        None if tip is None else _point(tip),
        None if plane is None else (_point(plane["origin_mm"]), _point(plane["normal"])),
        None if solid is None else str(solid),
    )


def _point(numbers: Any) -> Point:
    x, y, z = (float(n) for n in numbers)
    return x, y, z


def _charuco_from_json(content: dict[str, Any]) -> CharucoGrid | None:
    grid = content.get("charuco", content["bodies"][0].get("charuco"))
    if grid is None:
        return None
    columns, rows = (int(n) for n in grid["squares"])
    return CharucoGrid((columns, rows), float(grid["square_mm"]), float(grid["marker_mm"]))

"""What is drawn before anything is registered: anatomy on the table, or the board's own outline."""

from __future__ import annotations

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.registration import Registration, place_on_table
from core.anatomy import Anatomy
from core.frames import PATIENT, Transform
from render.scene import Polyline, Scene

CLEARANCE_MM = 10.0
OUTLINE_COLOUR = (0.35, 0.95, 0.75)


def place_over(anatomy: Anatomy, body: MarkerBody) -> Registration:
    """The anatomy over the middle of a flat body, its back 10 mm above the sheet; nothing is registered.

    Raises ValueError when the anatomy has no surfaces.
    """
    low, high = anatomy.bounds_mm
    position = body.centre_mm.copy()
    # LPS y points to the patient's back and z of a board into the table: the front looks up.
    position[2] -= (high[1] - low[1]) / 2.0 + CLEARANCE_MM
    return place_on_table((low + high) / 2.0, body.name, position)


def board_outline(board: Board) -> tuple[Scene, Registration]:
    """The markers' outlines of the first body as a scene in its own frame: shows how well the tracking holds."""
    body = board.bodies[0]
    lines = tuple(
        Polyline(
            f"marker {marker.marker_id}",
            tuple((float(x), float(y), float(z)) for x, y, z in marker.corners_mm[[0, 1, 2, 3, 0]]),
            OUTLINE_COLOUR,
            2.0,
        )
        for marker in body.markers
    )
    own_frame = Transform(body.name, PATIENT, np.eye(4))
    return Scene(polylines=lines), Registration(
        own_frame, None, False, "Outline of the board; no anatomy is placed."
    )

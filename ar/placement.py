"""What is drawn before anything is registered: anatomy on the table, or the board's own outline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.registration import Registration, place_on_table, read_registration
from core.anatomy import Anatomy
from core.errors import PlannerError
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


def registration_on(board: Board, path: Path, frame_of_reference_uid: str) -> Registration:
    """A registration from its file, for one of the board's bodies and an anatomy of this patient space.

    Raises:
        PlannerError: it cannot be read, is of a body that the board lacks, or of another patient space.
    """
    registration = read_registration(path)
    body = registration.body_from_patient.to_frame
    if body not in [own.name for own in board.bodies]:
        raise PlannerError(
            "cannot use this registration", f"the board has no body {body!r}", "give the board it was made with"
        )
    registration.check_space(frame_of_reference_uid)
    return registration


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

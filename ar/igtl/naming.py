"""What poses are called on the wire, so that 3D Slicer and PLUS read the direction off the name."""

from __future__ import annotations

import numpy as np

from ar.igtl.message import MAX_NAME
from core.errors import PlannerError
from core.frames import PATIENT, Transform

# OpenIGTLink leaves the patient's axes open; Slicer means RAS, Auricle LPS. The name says which was sent.
RAS = "Ras"
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def device_name(from_frame: str, to_frame: str) -> str:
    """``PointerToCamera`` for camera_from_pointer.

    Raises:
        PlannerError: it is longer than the protocol allows, or not plain letters.
    """
    parts = [
        "".join(word[:1].upper() + word[1:] for word in f.replace("-", " ").split())
        for f in (from_frame, to_frame)
    ]
    name = "To".join(parts)
    if len(name) > MAX_NAME or not name.isascii() or not name.isalnum():
        raise PlannerError(
            f"cannot send the pose of {from_frame!r}",
            f"its name becomes {name!r}; OpenIGTLink allows {MAX_NAME} plain letters",
            "give the body a shorter name in board.json",
        )
    return name


def on_the_wire(transform: Transform) -> tuple[str, np.ndarray]:
    """A transform's device name and matrix (4, 4), mm; the patient's axes are turned to RAS, as the name says."""
    if transform.from_frame != PATIENT:
        return device_name(transform.from_frame, transform.to_frame), transform.matrix
    return device_name(RAS, transform.to_frame), transform.matrix @ LPS_FROM_RAS

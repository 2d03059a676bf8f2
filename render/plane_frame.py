"""The shape of a cut plane's frame and handle, one for drawing it and for finding it under the pointer."""

from __future__ import annotations

import numpy as np

from render.scene import PlaneWidget

ARROW_OF_SIZE = 0.2
BALL_OF_SIZE = 0.015


def in_plane_axes(normal: np.ndarray) -> np.ndarray:
    """Two unit directions (2, 3) at right angles to each other and to the unit `normal`."""
    normal = np.asarray(normal, dtype=np.float64)
    helper = np.eye(3)[int(np.argmin(np.abs(normal)))]
    first = np.cross(normal, helper)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(normal, first)])


def frame_points_mm(widget: PlaneWidget) -> np.ndarray:
    """Corners of the square (5, 3) in LPS mm, the first repeated at the end."""
    first, second = in_plane_axes(np.array(widget.normal)) * widget.size_mm / 2.0
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)], dtype=np.float64)
    return np.array(widget.origin_mm) + signs @ np.stack([first, second])


def arrow_mm(widget: PlaneWidget) -> np.ndarray:
    """Foot and tip (2, 3) in LPS mm of the arrow towards what is cut away."""
    foot = np.array(widget.origin_mm)
    return np.stack([foot, foot + ARROW_OF_SIZE * widget.size_mm * np.array(widget.normal)])

"""Lines of constant width: core OpenGL draws thin ones only, so each segment becomes two triangles."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ar.overlay.gl import GL, glVertexAttribPointer
from ar.overlay.program import Program
from ar.overlay.shaders import LINE_FRAGMENT, LINE_VERTEX
from core.frames import apply_affine


class LinePass:
    """Draws polylines with a width in window pixels."""

    def __init__(self) -> None:
        self._program = Program(LINE_VERTEX, LINE_FRAGMENT)
        self._array = int(GL.glGenVertexArrays(1))
        self._buffer = int(GL.glGenBuffers(1))
        GL.glBindVertexArray(self._array)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffer)
        GL.glEnableVertexAttribArray(0)
        glVertexAttribPointer(0, 4, GL.GL_FLOAT, GL.GL_FALSE, 16, None)
        GL.glBindVertexArray(0)

    def draw(self, triangles: np.ndarray, colour: np.ndarray) -> None:
        """Draw triangles (n, 4) in clip space, from `ribbon`, in one colour (4,)."""
        if not len(triangles):
            return
        data = np.ascontiguousarray(triangles, dtype=np.float32)
        self._program.use()
        self._program.set("colour", colour)
        GL.glBindVertexArray(self._array)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffer)
        GL.glBufferData(GL.GL_ARRAY_BUFFER, data.nbytes, data, GL.GL_STREAM_DRAW)
        GL.glDrawArrays(GL.GL_TRIANGLES, 0, len(data))

    def delete(self) -> None:
        """Free what it holds; its context must be current."""
        self._program.delete()
        GL.glDeleteVertexArrays(1, [self._array])
        GL.glDeleteBuffers(1, [self._buffer])


def ribbon(
    points_camera: np.ndarray,
    clip_from_camera: np.ndarray,
    near_mm: float,
    window: tuple[int, int],
    width_px: float,
) -> np.ndarray:
    """Triangles (6 (n - 1), 4) in clip space along camera-frame points (n, 3), `width_px` wide in the window.

    What lies nearer than `near_mm` is cut off first, because behind the camera a projection turns over.
    """
    triangles = []
    for start, end in pairwise(points_camera):
        segment = _before(start, end, near_mm)
        if segment is None:
            continue
        clip = np.concatenate([segment, np.ones((2, 1))], axis=1) @ clip_from_camera.T
        pixels = clip[:, :2] / clip[:, 3:] * window / 2.0
        along = pixels[1] - pixels[0]
        length = float(np.linalg.norm(along))
        if length < 1e-6:
            continue
        half = np.array([-along[1], along[0]]) / length * width_px / np.array(window, dtype=np.float64)
        shift = np.zeros((2, 4))
        shift[:, :2] = half * clip[:, 3:]
        a, b, c, d = clip[0] - shift[0], clip[0] + shift[0], clip[1] - shift[1], clip[1] + shift[1]
        triangles += [a, b, c, c, b, d]
    return np.array(triangles).reshape(-1, 4)


def _before(start: np.ndarray, end: np.ndarray, near_mm: float) -> np.ndarray | None:
    if max(start[2], end[2]) <= near_mm:
        return None
    ends = [start, end]
    for i, (here, there) in enumerate(((start, end), (end, start))):
        if here[2] < near_mm:
            share = (near_mm - here[2]) / (there[2] - here[2])
            ends[i] = here + share * (there - here)
    return np.stack(ends)


def line_in_camera(points_mm: np.ndarray, camera_from_scene: np.ndarray) -> np.ndarray:
    """Scene points (n, 3) in the camera frame, mm."""
    return apply_affine(camera_from_scene, np.asarray(points_mm, dtype=np.float64).reshape(-1, 3))

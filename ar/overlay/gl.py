"""The one import of PyOpenGL.

EGL looks up the functions whether Qt made the context (GLX or EGL) or the overlay itself did, so that one process
may draw in a window and to files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")

from OpenGL import EGL, GL
from OpenGL.error import GLError

# PyOpenGL's own wrapper of this one asks which context is current, and knows EGL's only.
from OpenGL.raw.GL.VERSION.GL_2_0 import glVertexAttribPointer

from core.errors import PlannerError

__all__ = ["EGL", "GL", "GLError", "drawing", "glVertexAttribPointer"]


@contextmanager
def drawing() -> Iterator[None]:
    """Turn what OpenGL refuses inside into a PlannerError."""
    try:
        yield
    except GLError as error:
        call = getattr(error.baseOperation, "__name__", "a call")
        raise PlannerError(
            "cannot draw the overlay", f"OpenGL refuses {call} with {error.err}", "update the graphics driver"
        ) from error

"""Pictures on the graphics card."""

from __future__ import annotations

import numpy as np

from ar.overlay.gl import GL

_FORMATS = {3: (GL.GL_RGB8, GL.GL_RGB), 4: (GL.GL_RGBA8, GL.GL_RGBA)}


class Texture:
    """A picture of the current context, uint8 (height, width, 3 or 4), first row at t = 0."""

    def __init__(self) -> None:
        self._texture = int(GL.glGenTextures(1))
        self._shape: tuple[int, ...] = ()

    def upload(self, image: np.ndarray) -> None:
        """Replace the picture."""
        inner, outer = _FORMATS[image.shape[2]]
        height, width = image.shape[:2]
        self.bind()
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        data = np.ascontiguousarray(image)
        if image.shape == self._shape:
            GL.glTexSubImage2D(GL.GL_TEXTURE_2D, 0, 0, 0, width, height, outer, GL.GL_UNSIGNED_BYTE, data)
            return
        GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, inner, width, height, 0, outer, GL.GL_UNSIGNED_BYTE, data)
        for name in (GL.GL_TEXTURE_MIN_FILTER, GL.GL_TEXTURE_MAG_FILTER):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, name, GL.GL_LINEAR)
        for name in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, name, GL.GL_CLAMP_TO_EDGE)
        self._shape = image.shape

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._shape[1], self._shape[0]

    def bind(self) -> None:
        """Sample from it on the first texture unit."""
        GL.glActiveTexture(GL.GL_TEXTURE0)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self._texture)

    def delete(self) -> None:
        """Free it; its context must be current."""
        GL.glDeleteTextures(1, [self._texture])

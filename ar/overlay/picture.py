"""The camera picture as background, freed of the lens's distortion while it is drawn."""

from __future__ import annotations

import numpy as np

from ar.overlay.gl import GL
from ar.overlay.program import Program
from ar.overlay.shaders import PICTURE_FRAGMENT, PICTURE_VERTEX
from ar.overlay.texture import Texture
from core.lens import FISHEYE
from core.projection import CameraModel


class PicturePass:
    """Draws a distorted picture undistorted over the whole viewport."""

    def __init__(self) -> None:
        self._program = Program(PICTURE_VERTEX, PICTURE_FRAGMENT)
        self._texture = Texture()
        self._empty = int(GL.glGenVertexArrays(1))

    def draw(self, image: np.ndarray, camera: CameraModel) -> None:
        """Draw one picture, uint8 (height, width, 3) rgb, of this camera."""
        k = camera.camera_matrix
        is_fisheye = camera.lens == FISHEYE
        bends = np.pad(camera.distortion, (0, 8 - len(camera.distortion)))
        self._texture.upload(image)
        self._program.use()
        self._program.set("size", np.array([camera.width, camera.height]))
        self._program.set("focal", np.array([k[0, 0], k[1, 1]]))
        self._program.set("centre", np.array([k[0, 2], k[1, 2]]))
        self._program.set("skew", float(k[0, 1]))
        self._program.set("radial", bends[[0, 1, 4]])
        self._program.set("lower", bends[5:])
        self._program.set("tangential", bends[2:4])
        self._program.set("angular", bends[:4])
        self._program.set("is_fisheye", int(is_fisheye))
        GL.glDisable(GL.GL_DEPTH_TEST)
        GL.glDisable(GL.GL_BLEND)
        GL.glBindVertexArray(self._empty)
        GL.glDrawArrays(GL.GL_TRIANGLES, 0, 3)

    def delete(self) -> None:
        """Free what it holds; its context must be current."""
        self._program.delete()
        self._texture.delete()
        GL.glDeleteVertexArrays(1, [self._empty])

"""Words in the overlay: drawn once as small pictures, then placed in window pixels."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache

import numpy as np

from ar.opencv import cv2
from ar.overlay.gl import GL
from ar.overlay.program import Program
from ar.overlay.shaders import TEXT_FRAGMENT, TEXT_VERTEX
from ar.overlay.texture import Texture

KEPT_TEXTS = 64
Colour = tuple[float, float, float]


@lru_cache(maxsize=1)
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")


def text_image(text: str, height_px: int, colour: Colour, halo: bool = True) -> np.ndarray:
    """A line of text, uint8 (height, width, 4) rgba, with a dark halo so that it reads on any picture."""
    pad = 3
    size = max(int(height_px * 0.72), 8)
    _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), size, 600)
    shape = (height_px + 2 * pad, max(width, 1) + 2 * pad + 2)
    ink = np.zeros(shape, dtype=np.uint8)
    base = pad + round((height_px + size * 0.72) / 2.0)
    cv2.putText(ink, text, (pad, base), 255, _font(), size, 600)
    rgba = np.empty((*shape, 4), dtype=np.uint8)
    rgba[..., :3] = np.round(ink[..., None] / 255.0 * np.array(colour) * 255.0)
    rgba[..., 3] = ink
    if halo:
        glow = cv2.GaussianBlur(cv2.dilate(ink, np.ones((3, 3), np.uint8)), (0, 0), 1.2)
        rgba[..., 3] = np.maximum(ink, (glow * 0.85).astype(np.uint8))
    return rgba


class TextPass:
    """Draws pictures with alpha at places in window pixels, origin at the top left."""

    def __init__(self) -> None:
        self._program = Program(TEXT_VERTEX, TEXT_FRAGMENT)
        self._empty = int(GL.glGenVertexArrays(1))
        self._texts: OrderedDict[tuple[str, int, Colour], Texture] = OrderedDict()
        self._once = Texture()

    def draw_text(
        self, text: str, at_px: tuple[float, float], height_px: int, colour: Colour, window: tuple[int, int]
    ) -> None:
        """Draw a line of text whose upper left corner is at `at_px`."""
        self._draw(self._texture(text, height_px, colour), at_px, window)

    def size_px(self, text: str, height_px: int, colour: Colour) -> tuple[int, int]:
        """Width and height that a line of text takes, its halo included."""
        return self._texture(text, height_px, colour).size

    def _texture(self, text: str, height_px: int, colour: Colour) -> Texture:
        key = (text, height_px, colour)
        if key not in self._texts:
            texture = Texture()
            texture.upload(text_image(text, height_px, colour))
            self._texts[key] = texture
            if len(self._texts) > KEPT_TEXTS:
                self._texts.popitem(last=False)[1].delete()
        self._texts.move_to_end(key)
        return self._texts[key]

    def draw_image(self, rgba: np.ndarray, at_px: tuple[float, float], window: tuple[int, int]) -> None:
        """Draw a picture, uint8 (height, width, 4), premultiplied, whose upper left corner is at `at_px`."""
        self._once.upload(rgba)
        self._draw(self._once, at_px, window)

    def _draw(self, texture: Texture, at_px: tuple[float, float], window: tuple[int, int]) -> None:
        GL.glDisable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        self._program.use()
        self._program.set("window", np.array(window))
        # Whole pixels, so that a picture of text is copied, not smeared.
        self._program.set("box", np.array([round(at_px[0]), round(at_px[1]), *texture.size]))
        texture.bind()
        GL.glBindVertexArray(self._empty)
        GL.glDrawArrays(GL.GL_TRIANGLE_STRIP, 0, 4)

    def delete(self) -> None:
        """Free what it holds; its context must be current."""
        self._program.delete()
        self._once.delete()
        for texture in self._texts.values():
            texture.delete()
        GL.glDeleteVertexArrays(1, [self._empty])

"""The overlay without a window: for videos, snapshots and tests."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

import numpy as np

from ar.frame import CameraFrame
from ar.overlay.context import OffscreenContext
from ar.overlay.gl import GL
from ar.overlay.painter import OverlayPainter
from ar.poses import Pose
from ar.registration import Registration
from core.errors import PlannerError
from core.projection import CameraModel
from render.scene import Scene

SAMPLES = 4


class OffscreenOverlay:
    """Draws overlay pictures of one size; close it, or use it with `with`."""

    def __init__(self, width: int, height: int, samples: int = SAMPLES) -> None:
        """Open it; `samples` per pixel smooth the edges. Raises PlannerError without OpenGL 3.3."""
        self._size = (width, height)
        self._context = OffscreenContext()
        with self._context:
            self._drawn = _Framebuffer(self._size, samples)
            self._resolved = _Framebuffer(self._size, 0)
            self._painter = OverlayPainter()

    def draw(
        self,
        scene: Scene | None,
        frame: CameraFrame,
        pose: Pose,
        camera: CameraModel,
        registration: Registration | None = None,
        milliseconds: Mapping[str, float] | None = None,
    ) -> np.ndarray:
        """One overlay picture, uint8 (height, width, 3) rgb."""
        width, height = self._size
        with self._context:
            self._drawn.bind()
            self._painter.paint(frame, camera, pose, scene, registration, milliseconds or {}, self._size)
            GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, self._drawn.name)
            GL.glBindFramebuffer(GL.GL_DRAW_FRAMEBUFFER, self._resolved.name)
            box = (0, 0, width, height)
            GL.glBlitFramebuffer(*box, *box, GL.GL_COLOR_BUFFER_BIT, GL.GL_NEAREST)
            self._resolved.bind()
            GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
            rgb = np.empty((height, width, 3), dtype=np.uint8)
            GL.glReadPixels(*box, GL.GL_RGB, GL.GL_UNSIGNED_BYTE, rgb)
        return rgb[::-1].copy()

    def close(self) -> None:
        """Free the context and all it holds."""
        with self._context:
            self._painter.delete()
            self._drawn.delete()
            self._resolved.delete()
        self._context.close()

    def __enter__(self) -> OffscreenOverlay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Framebuffer:
    """A colour and a depth buffer to draw into."""

    def __init__(self, size: tuple[int, int], samples: int) -> None:
        self.name = int(GL.glGenFramebuffers(1))
        self._buffers = [int(name) for name in np.ravel(GL.glGenRenderbuffers(2))]
        self.bind()
        forms = (
            (GL.GL_RGB8, GL.GL_COLOR_ATTACHMENT0),
            (GL.GL_DEPTH_COMPONENT24, GL.GL_DEPTH_ATTACHMENT),
        )
        for buffer, (form, place) in zip(self._buffers, forms, strict=True):
            GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
            GL.glRenderbufferStorageMultisample(GL.GL_RENDERBUFFER, samples, form, *size)
            GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, place, GL.GL_RENDERBUFFER, buffer)
        if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
            raise PlannerError(
                "cannot draw the overlay", f"no picture of {size[0]}x{size[1]} fits", "use a smaller picture"
            )

    def bind(self) -> None:
        """Draw into it from now on."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self.name)

    def delete(self) -> None:
        """Free it; its context must be current."""
        GL.glDeleteFramebuffers(1, [self.name])
        GL.glDeleteRenderbuffers(2, self._buffers)

"""One overlay picture: the undistorted frame, the anatomy at the pose of that very frame, and the strip."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ar.frame import CameraFrame
from ar.overlay.anatomy import AnatomyPass
from ar.overlay.gl import GL, drawing
from ar.overlay.picture import PicturePass
from ar.overlay.strip import strip_height_px, strip_image
from ar.overlay.text import TextPass
from ar.poses import Pose, PoseState
from ar.registration import Registration
from core.projection import CameraModel
from render.scene import Scene

STALE_ALPHA = 0.35


class OverlayPainter:
    """Draws into the framebuffer that is current: a `QOpenGLWidget`'s or an offscreen one.

    All methods, the constructor included, need the same OpenGL 3.3 core context to be current.
    """

    def __init__(self) -> None:
        self._picture = PicturePass()
        self._anatomy = AnatomyPass()
        self._text = TextPass()

    def paint(
        self,
        frame: CameraFrame,
        camera: CameraModel,
        pose: Pose,
        scene: Scene | None,
        registration: Registration | None,
        milliseconds: Mapping[str, float],
        window: tuple[int, int],
    ) -> None:
        """Draw one frame into a window of (width, height) device pixels, with black bars where it does not fit.

        Anatomy is drawn when the pose is TRACKED, faded when it is STALE, and not at all when it is LOST, when
        two poses explain the frame, or without a registration.

        Raises:
            ValueError: the pose belongs to another frame than the one shown.
        """
        if pose.frame != frame.index:
            raise ValueError(f"the pose of frame {pose.frame} cannot be drawn on frame {frame.index}")
        with drawing():
            GL.glDisable(GL.GL_SCISSOR_TEST)
            GL.glDisable(GL.GL_CULL_FACE)
            GL.glColorMask(True, True, True, True)
            GL.glDepthMask(True)
            GL.glViewport(0, 0, *window)
            GL.glClearColor(0.0, 0.0, 0.0, 1.0)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT)
            x, y, width, height = fitted(window, (camera.width, camera.height))
            GL.glViewport(x, y, width, height)
            self._picture.draw(frame.image, camera)
            matrix = camera_from_scene(pose, registration)
            if scene is not None and matrix is not None:
                alpha = 1.0 if pose.state is PoseState.TRACKED else STALE_ALPHA
                self._anatomy.draw(scene, camera, matrix, (width, height), alpha)
            GL.glViewport(0, 0, *window)
            strip = strip_image(pose, registration, milliseconds, window)
            self._text.draw_image(strip, (0, window[1] - strip_height_px(window)), window)

    def delete(self) -> None:
        """Free what it holds on the graphics card."""
        self._picture.delete()
        self._anatomy.delete()
        self._text.delete()


def camera_from_scene(pose: Pose, registration: Registration | None) -> np.ndarray | None:
    """Where the anatomy is to be drawn, (4, 4); None when that is not known surely enough."""
    if pose.camera_from_body is None or pose.is_ambiguous or registration is None:
        return None
    return (pose.camera_from_body @ registration.body_from_patient).matrix


def fitted(window: tuple[int, int], picture: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, width, height of the largest centred rectangle of the picture's shape in the window, pixels."""
    scale = min(window[0] / picture[0], window[1] / picture[1])
    width, height = max(round(picture[0] * scale), 1), max(round(picture[1] * scale), 1)
    return (window[0] - width) // 2, (window[1] - height) // 2, width, height

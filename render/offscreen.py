"""Pictures of a scene without a window: for files, reports and tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import vtkmodules.vtkRenderingFreeType  # noqa: F401  (registers how VTK draws text)
from vtkmodules import vtkRenderingOpenGL2
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from core.frames import Transform
from core.projection import CameraModel
from render.camera import apply_calibrated, apply_view, fit
from render.palette import BACKGROUND, Colour
from render.scene import CameraView, Scene
from render.stage import Stage


def render_image(
    scene: Scene,
    width: int,
    height: int,
    camera: CameraView | None = None,
    background: Colour = BACKGROUND,
) -> np.ndarray:
    """Draw a scene: uint8 RGB (height, width, 3).

    Args:
        camera: None takes the scene's own camera, and without one the view from the front.
    """
    renderer = vtkRenderer()
    Stage(renderer).show(scene)
    view = camera or scene.camera
    if view is None and scene.bounds_mm is not None:
        view = fit(scene.bounds_mm)
    if view is not None:
        apply_view(renderer.GetActiveCamera(), view)
    renderer.ResetCameraClippingRange()
    return _picture(renderer, width, height, background)


def render_image_with_camera(
    scene: Scene,
    model: CameraModel,
    camera_from_patient: Transform,
    background: Colour = (0.0, 0.0, 0.0),
) -> np.ndarray:
    """Draw what a calibrated camera sees of a scene: uint8 RGB (model.height, model.width, 3).

    The lens is taken as perfect: the picture lies over the undistorted camera picture.
    """
    renderer = vtkRenderer()
    Stage(renderer).show(scene)
    apply_calibrated(renderer.GetActiveCamera(), model, camera_from_patient, scene.bounds_mm)
    return _picture(renderer, model.width, model.height, background)


def render_views(
    scene: Scene, width: int, height: int, cameras: Sequence[CameraView], background: Colour = BACKGROUND
) -> Iterator[np.ndarray]:
    """Draw one scene from several cameras, one after the other: uint8 RGB (height, width, 3) each."""
    renderer = vtkRenderer()
    Stage(renderer).show(scene)
    with _drawn_by(renderer, width, height, background) as window:
        for camera in cameras:
            apply_view(renderer.GetActiveCamera(), camera)
            renderer.ResetCameraClippingRange()
            yield _pixels(window, width, height)


def _picture(renderer: vtkRenderer, width: int, height: int, background: Colour) -> np.ndarray:
    with _drawn_by(renderer, width, height, background) as window:
        return _pixels(window, width, height)


@contextmanager
def _drawn_by(renderer: vtkRenderer, width: int, height: int, background: Colour) -> Iterator[vtkRenderWindow]:
    """A window off the screen with one renderer; let go of at the end."""
    renderer.SetBackground(*background)
    renderer.UseFXAAOn()
    window = _window()
    window.SetOffScreenRendering(True)
    window.SetMultiSamples(0)
    window.SetAlphaBitPlanes(True)
    window.SetSize(width, height)
    window.AddRenderer(renderer)
    try:
        yield window
    finally:
        window.RemoveRenderer(renderer)
        window.Finalize()


def _pixels(window: vtkRenderWindow, width: int, height: int) -> np.ndarray:
    window.Render()
    pixels = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, width - 1, height - 1, False, pixels, 0)
    rows_from_below = vtk_to_numpy(pixels).reshape(height, width, 3)
    return np.ascontiguousarray(rows_from_below[::-1])


def _window() -> vtkRenderWindow:
    # VTK would find EGL by itself, but only after a complaint about the X server on stderr.
    if not os.environ.get("DISPLAY") and hasattr(vtkRenderingOpenGL2, "vtkEGLRenderWindow"):
        return vtkRenderingOpenGL2.vtkEGLRenderWindow()
    return vtkRenderWindow()

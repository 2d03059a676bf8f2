"""Pictures of a scene without a window: for files, reports and tests."""

from __future__ import annotations

import os

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


def _picture(renderer: vtkRenderer, width: int, height: int, background: Colour) -> np.ndarray:
    renderer.SetBackground(*background)
    renderer.UseFXAAOn()
    window = _window()
    window.SetOffScreenRendering(True)
    window.SetMultiSamples(0)
    window.SetAlphaBitPlanes(True)
    window.SetSize(width, height)
    window.AddRenderer(renderer)
    try:
        window.Render()
        pixels = vtkUnsignedCharArray()
        window.GetPixelData(0, 0, width - 1, height - 1, False, pixels, 0)
        rows_from_below = vtk_to_numpy(pixels).reshape(height, width, 3)
        return np.ascontiguousarray(rows_from_below[::-1])
    finally:
        window.RemoveRenderer(renderer)
        window.Finalize()


def _window() -> vtkRenderWindow:
    # VTK would find EGL by itself, but only after a complaint about the X server on stderr.
    if not os.environ.get("DISPLAY") and hasattr(vtkRenderingOpenGL2, "vtkEGLRenderWindow"):
        return vtkRenderingOpenGL2.vtkEGLRenderWindow()
    return vtkRenderWindow()

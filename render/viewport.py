"""Between a renderer's pixels and the patient: lines of sight and where a point appears."""

from __future__ import annotations

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from render.dragging import Ray


def ray_through(renderer: vtkRenderer, x: float, y: float) -> Ray:
    """The line of sight through VTK's display pixel (x, y), counted from the lower left corner."""
    near, far = (_world(renderer, x, y, depth) for depth in (0.0, 1.0))
    direction = far - near
    return Ray(near, direction / np.linalg.norm(direction))


def display_from_patient(renderer: vtkRenderer, points_mm: np.ndarray) -> np.ndarray:
    """Display pixels (n, 2), counted from the lower left corner, of LPS points (n, 3) in mm."""
    pixels = []
    for point in np.asarray(points_mm, dtype=np.float64):
        renderer.SetWorldPoint((*point, 1.0))
        renderer.WorldToDisplay()
        pixels.append(renderer.GetDisplayPoint()[:2])
    return np.array(pixels)


def _world(renderer: vtkRenderer, x: float, y: float, depth: float) -> np.ndarray:
    renderer.SetDisplayPoint((x, y, depth))
    renderer.DisplayToWorld()
    point = np.array(renderer.GetWorldPoint())
    return point[:3] / point[3]

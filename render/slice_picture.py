"""A slice with the outlines of surfaces on it as a finished picture: for reports, the demo and tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from core.mesh import SurfaceMesh
from core.volume import Volume
from render.palette import Colour
from render.slicing import (
    SlicePlane,
    contours,
    extract,
    fitting_spacing_mm,
    orientation_letters,
    window,
)

SMOOTHING = 2  # drawn this much larger and averaged down, so that lines have soft edges


def slice_picture(
    volume: Volume,
    plane: SlicePlane,
    surfaces: Mapping[str, SurfaceMesh],
    colours: Mapping[str, Colour],
    size_px: tuple[int, int],
    level_and_width: tuple[float, float],
) -> np.ndarray:
    """The picture uint8 RGB (height, width, 3): image, outlines in their colours, and the four letters.

    Args:
        size_px: (width, height); the whole slice fits into it.
        level_and_width: of the grey window, in the volume's unit.
    """
    large = (size_px[0] * SMOOTHING, size_px[1] * SMOOTHING)
    spacing_mm = fitting_spacing_mm(volume, plane, large)
    grey = window(extract(volume, plane, large, spacing_mm), *level_and_width)
    picture = Image.fromarray(grey).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for key, mesh in surfaces.items():
        colour = tuple(round(255 * part) for part in colours[key])
        for line in contours(mesh, plane, large, spacing_mm):
            pen.line([(float(x), float(y)) for x, y in line], fill=colour, width=2 * SMOOTHING)
    _letters(pen, plane, large)
    return np.asarray(picture.resize(size_px, Image.Resampling.BOX))


def _letters(pen: ImageDraw.ImageDraw, plane: SlicePlane, size_px: tuple[int, int]) -> None:
    width, height = size_px
    left, right, top, bottom = orientation_letters(plane)
    places = {
        (8, height / 2): (left, "lm"),
        (width - 8, height / 2): (right, "rm"),
        (width / 2, 8): (top, "mt"),
        (width / 2, height - 8): (bottom, "mb"),
    }
    for place, (letters, anchor) in places.items():
        pen.text(place, letters, fill=(255, 255, 255), anchor=anchor, font_size=16 * SMOOTHING)

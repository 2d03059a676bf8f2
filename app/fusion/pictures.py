"""Pictures of two registered images for files: the fixed one, the moving one brought over, and both blended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from app.pictures import ORIENTATIONS, SLICE_PX, WINDOWS, with_notice
from core.anatomy import HEART_BY_KEY, Anatomy
from core.volume import Volume

if TYPE_CHECKING:
    from app.fusion.inputs import FusedPair
    from render.slice_plane import SlicePlane

SHARE = 0.5
FITS = 1.02


def blended_slices(pair: FusedPair) -> np.ndarray:
    """A row for each orientation: fixed, moving in its place, both blended; with the moving structures' outlines."""
    from render.slicing import fitting_spacing_mm, orthogonal_plane

    fixed = max(pair.fixed_volumes, key=lambda volume: volume.voxels.size)
    at_mm = pair.moved.bounds_mm.mean(axis=0)
    rows = []
    for name in ORIENTATIONS:
        plane = orthogonal_plane(fixed, name, at_mm)
        spacing_mm = FITS * fitting_spacing_mm(fixed, plane, SLICE_PX)
        rows.append(_row(pair, fixed, plane, spacing_mm))
    return with_notice(np.concatenate(rows, axis=0))


def _row(pair: FusedPair, fixed: Volume, plane: SlicePlane, spacing_mm: float) -> np.ndarray:
    from render.fused_slice import blended, extract_moved, veil
    from render.slicing import extract, window

    moving = max(pair.moving_volumes, key=lambda volume: volume.voxels.size)
    grey = window(extract(fixed, plane, SLICE_PX, spacing_mm), *_window(fixed))
    moved = extract_moved(moving, pair.registration, plane, SLICE_PX, spacing_mm)
    pictures = [
        np.repeat(grey[..., None], 3, axis=2),
        blended(np.zeros_like(grey), veil(moved, *_window(moving), 1.0)),
        blended(grey, veil(moved, *_window(moving), SHARE)),
    ]
    return np.concatenate([_outlined(picture, pair.moved, plane, spacing_mm) for picture in pictures], axis=1)


def _outlined(picture: np.ndarray, anatomy: Anatomy, plane: SlicePlane, spacing_mm: float) -> np.ndarray:
    from render.slicing import contours

    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    for key, mesh in anatomy.surfaces.items():
        colour = (
            tuple(round(255 * part) for part in HEART_BY_KEY[key].colour) if key in HEART_BY_KEY else (255,) * 3
        )
        for line in contours(mesh, plane, SLICE_PX, spacing_mm):
            pen.line([(float(x), float(y)) for x, y in line], fill=colour, width=1)
    return np.asarray(image)


def _window(volume: Volume) -> tuple[float, float]:
    from render.slicing import auto_window

    return WINDOWS.get(volume.modality) or auto_window(volume)

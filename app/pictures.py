"""Pictures of a reconstruction for files: its contours on the images it was made from, the heart, the cut heart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.anatomy import HEART_BY_KEY, Anatomy
from core.resources import RESEARCH_NOTICE
from core.volume import Volume
from plan.items import as_point
from plan.plan import Plan

if TYPE_CHECKING:
    from render.slicing import Orientation, SlicePlane

SLICE_PX = (480, 480)
COLUMNS = 4
ORIENTATIONS: tuple[Orientation, ...] = ("axial", "coronal", "sagittal")
SCENE_PX = (800, 700)
WINDOWS = {"CT": (150.0, 800.0)}  # wide enough to keep contrast and fat apart; MR takes its own


def save_picture(rgb: np.ndarray, path: Path) -> None:
    """Write uint8 RGB (height, width, 3) as PNG."""
    Image.fromarray(rgb).save(path)


def slices_with_contours(volumes: Sequence[Volume], anatomy: Anatomy) -> np.ndarray:
    """One picture: a stack's axial, coronal and sagittal slice through the left ventricle, or each plane as taken."""
    from render.slice_picture import slice_picture
    from render.slicing import auto_window

    colours = {key: HEART_BY_KEY[key].colour for key in anatomy.surfaces}
    pictures = []
    for volume in volumes:
        shown = WINDOWS.get(volume.modality) or auto_window(volume)
        for plane in _planes(volume, anatomy):
            pictures.append(slice_picture(volume, plane, anatomy.surfaces, colours, SLICE_PX, shown))
    return _tiled(pictures)


def _planes(volume: Volume, anatomy: Anatomy) -> list[SlicePlane]:
    from render.slicing import SlicePlane, orthogonal_plane

    if volume.shape[0] == 1:
        right, down = as_point(volume.axes[:, 2]), as_point(volume.axes[:, 1])
        return [SlicePlane(as_point(volume.centre_mm), right, down)]
    at_mm = anatomy.surfaces["lv"].vertices.mean(axis=0) if "lv" in anatomy.surfaces else volume.centre_mm
    return [orthogonal_plane(volume, name, at_mm) for name in ORIENTATIONS]


def _tiled(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures of one size in rows of at most four, filled up with black."""
    columns = min(len(pictures), COLUMNS)
    missing = -len(pictures) % columns
    tiles = pictures + [np.zeros_like(pictures[0])] * missing
    rows = [np.concatenate(tiles[i : i + columns], axis=1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows, axis=0)


def heart(anatomy: Anatomy, plan: Plan) -> np.ndarray:
    """The anatomy from the front with what the plan cuts away and measures."""
    from render.compose import compose
    from render.offscreen import render_image
    from render.view import ViewState

    scene = compose(anatomy, plan, ViewState.default(anatomy))
    return render_image(scene, *SCENE_PX)


def with_notice(rgb: np.ndarray) -> np.ndarray:
    """The picture, uint8 RGB (height, width, 3), with the notice of research use written along its lower edge."""
    from PIL import ImageDraw, ImageFont

    picture = Image.fromarray(rgb)
    draw = ImageDraw.Draw(picture)
    size = max(12, rgb.shape[1] // 55)
    left, top, right, bottom = draw.textbbox((0, 0), RESEARCH_NOTICE, font=ImageFont.load_default(size))
    place = (rgb.shape[1] - (right - left)) // 2, rgb.shape[0] - (bottom - top) - size
    draw.rectangle((0, place[1] - size // 2, rgb.shape[1], rgb.shape[0]), fill=(0, 0, 0))
    draw.text(place, RESEARCH_NOTICE, fill=(255, 200, 90), font=ImageFont.load_default(size))
    return np.asarray(picture)

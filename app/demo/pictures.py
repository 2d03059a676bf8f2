"""The demo's pictures: slices with contours, the whole heart, the cut heart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.anatomy import HEART_BY_KEY, Anatomy
from core.volume import Volume
from plan.plan import Plan

SLICE_PX = (480, 480)
SCENE_PX = (800, 700)
WINDOWS = {"CT": (150.0, 800.0)}  # wide enough to keep contrast and fat apart; MR takes its own


def save_picture(rgb: np.ndarray, path: Path) -> None:
    """Write uint8 RGB (height, width, 3) as PNG."""
    Image.fromarray(rgb).save(path)


def slices_with_contours(volume: Volume, anatomy: Anatomy) -> np.ndarray:
    """Axial, coronal and sagittal slices side by side through the middle of the left ventricle."""
    from render.slice_picture import slice_picture
    from render.slicing import auto_window, orthogonal_plane

    at_mm = anatomy.surfaces["lv"].vertices.mean(axis=0) if "lv" in anatomy.surfaces else volume.centre_mm
    colours = {key: HEART_BY_KEY[key].colour for key in anatomy.surfaces}
    shown = WINDOWS.get(volume.modality) or auto_window(volume)
    pictures = [
        slice_picture(volume, orthogonal_plane(volume, name, at_mm), anatomy.surfaces, colours, SLICE_PX, shown)
        for name in ("axial", "coronal", "sagittal")
    ]
    return np.concatenate(pictures, axis=1)


def heart(anatomy: Anatomy, plan: Plan) -> np.ndarray:
    """The anatomy from the front with what the plan cuts away and measures."""
    from render.compose import compose
    from render.offscreen import render_image
    from render.view import ViewState

    scene = compose(anatomy, plan, ViewState.default(anatomy))
    return render_image(scene, *SCENE_PX)

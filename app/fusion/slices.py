"""What one slice view shows of the second image, worked out from the state without Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.fusion.making import shown_fusion
from app.slices import Frame
from app.state import State
from render.palette import Colour

if TYPE_CHECKING:
    from app.slice_outlines import Outline

LIGHTER = 0.45
"""How far the moving structures' colours lie on the way to white: beside the fixed ones they must be told apart."""


def moved_slice(state: State, frame: Frame) -> np.ndarray | None:
    """The moving image on this slice, float32 (height, width), NaN where it shows nothing; None for no fusion."""
    from render.fused_slice import extract_moved

    fusion = shown_fusion(state)
    if fusion is None or fusion.share == 0.0:
        return None
    return extract_moved(fusion.volume, fusion.registration, frame.plane, frame.size_px, frame.spacing_mm)


def fused_veil(state: State, moved: np.ndarray) -> np.ndarray | None:
    """The moving slice as it is laid over the fixed one: uint8 RGBA (height, width, 4); None for no fusion."""
    from render.fused_slice import veil

    fusion = shown_fusion(state)
    if fusion is None:
        return None
    return veil(moved, fusion.window.level, fusion.window.width, fusion.share)


def fused_outlines(state: State, frame: Frame) -> tuple[Outline, ...]:
    """Where the moving structures that are shown meet the slice; dashed."""
    from app.slice_outlines import Outline
    from render.slicing import contours

    fusion = shown_fusion(state)
    if fusion is None or not fusion.has_outlines:
        return ()
    found = []
    for key, mesh in fusion.surfaces.items():
        look = state.view.structure(key)
        if look.is_visible and len(mesh.faces):
            lines = contours(mesh, frame.plane, frame.size_px, frame.spacing_mm)
            found.append(Outline(lighter(look.colour), tuple(lines), is_dashed=True))
    return tuple(found)


def lighter(colour: Colour) -> Colour:
    """A colour on its way to white."""
    red, green, blue = (part + LIGHTER * (1.0 - part) for part in colour)
    return red, green, blue

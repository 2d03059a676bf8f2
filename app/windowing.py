"""The window the slices are shown with, its presets, and how a drag changes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.volume import Volume
from render.window import WINDOW_PRESETS, WindowPreset, auto_window

FITTED = "Fit to image"
NARROWEST = 1e-3


@dataclass(frozen=True)
class Window:
    """Grey from black at ``level - width / 2`` to white at ``level + width / 2``, in the volume's unit."""

    level: float
    width: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.level) and np.isfinite(self.width) and self.width > 0):
            raise ValueError("a window has a finite level and a positive width")

    def dragged(self, across: float, down: float) -> Window:
        """The window after a drag, in parts of the view: to the right widens, downwards darkens.

        The speed follows the width, so that CT and a normalised MR answer alike.
        """
        width = max(self.width * float(np.exp(1.5 * across)), NARROWEST)
        return Window(self.level + down * 2.0 * self.width, width)


def preset_names(volume: Volume) -> tuple[str, ...]:
    """Names of the windows that make sense for a volume, the one it is first shown with first."""
    return tuple(preset.name for preset in _named(volume)) or (FITTED,)


def presets(volume: Volume) -> dict[str, Window]:
    """The windows of `preset_names`. One that is fitted looks at the whole volume."""
    named = _named(volume)
    if not named:
        return {FITTED: first_window(volume)}
    return {preset.name: Window(preset.level, preset.width) for preset in named}


def first_window(volume: Volume) -> Window:
    """The window that a volume is first shown with."""
    return Window(*auto_window(volume))


def _named(volume: Volume) -> tuple[WindowPreset, ...]:
    return WINDOW_PRESETS.get(volume.modality, ()) if volume.unit == "HU" else ()

"""The window the slices are shown with, its presets, and how a drag changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.volume import Volume
from render.window import WINDOW_PRESETS, WindowPreset, auto_window

FITTED = "Fit to image"
RELATIVE: Mapping[str, tuple[float, float]] = {
    FITTED: (0.0, 1.0),
    "More contrast": (0.0, 0.5),
    "Less contrast": (0.0, 1.8),
    "Dark parts": (-0.25, 0.5),
    "Bright parts": (0.25, 0.5),
}
"""Where values mean nothing by themselves (MR, ultrasound): the level's shift and the width, in fitted widths."""
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
    return tuple(preset.name for preset in _named(volume)) or tuple(RELATIVE)


def presets(volume: Volume) -> dict[str, Window]:
    """The windows of `preset_names`. Those that are fitted look at the whole volume."""
    named = _named(volume)
    if not named:
        fitted = first_window(volume)
        return {
            name: Window(fitted.level + shift * fitted.width, part * fitted.width)
            for name, (shift, part) in RELATIVE.items()
        }
    return {preset.name: Window(preset.level, preset.width) for preset in named}


def first_window(volume: Volume) -> Window:
    """The window that a volume is first shown with."""
    return Window(*auto_window(volume))


def _named(volume: Volume) -> tuple[WindowPreset, ...]:
    return WINDOW_PRESETS.get(volume.modality, ()) if volume.unit == "HU" else ()

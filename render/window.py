"""From intensities to grey: window level and width, their presets, and a first choice for any volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.volume import Volume

SAMPLED_VOXELS = 200_000


@dataclass(frozen=True)
class WindowPreset:
    """A named window: `level` is shown mid-grey, `width` spans black to white, in the volume's unit."""

    name: str
    level: float
    width: float


# Only CT numbers mean the same on every scanner; other modalities start from `auto_window`.
WINDOW_PRESETS: Mapping[str, tuple[WindowPreset, ...]] = {
    "CT": (
        WindowPreset("Cardiac angiography", 250.0, 800.0),
        WindowPreset("Mediastinum", 40.0, 400.0),
        WindowPreset("Lung", -600.0, 1500.0),
        WindowPreset("Bone and calcium", 500.0, 2000.0),
        WindowPreset("Wide", 100.0, 1500.0),
    ),
}


def window(image: np.ndarray, level: float, width: float) -> np.ndarray:
    """Grey values uint8 of the shape of `image`; NaN (nothing measured) becomes black.

    Raises ValueError when `width` is not positive.

    Source: DICOM PS3.3 C.11.2.1.3.2, LINEAR_EXACT.
    """
    if not width > 0:
        raise ValueError("a window needs a positive width")
    grey = (np.asarray(image, dtype=np.float32) - np.float32(level)) * np.float32(255.0 / width)
    grey += np.float32(127.5)
    # Of a number and NaN the maximum is the number.
    np.fmax(grey, np.float32(0.0), out=grey)
    np.minimum(grey, np.float32(255.0), out=grey)
    return np.rint(grey, out=grey).astype(np.uint8)


def auto_window(volume: Volume) -> tuple[float, float]:
    """A first (level, width): the first preset for CT in HU, else what spans nearly all intensities."""
    presets = WINDOW_PRESETS.get(volume.modality)
    if presets and volume.unit == "HU":
        return presets[0].level, presets[0].width
    step = max(1, volume.voxels.size // SAMPLED_VOXELS)
    sample = volume.voxels.reshape(-1)[::step].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    low, high = np.percentile(sample, (1.0, 99.5)) if len(sample) else (0.0, 1.0)
    return float(low + high) / 2.0, max(float(high - low), 1e-6)

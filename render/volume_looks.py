"""What a volume rendering shows of each value: presets by modality, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.volume import Volume
from render.palette import Colour


@dataclass(frozen=True)
class VolumePreset:
    """A way to show a volume.

    Attributes:
        opacities: (value, opacity of one millimetre), rising values. colours: (value, RGB 0-1).
        is_relative: values are parts of the volume's own range from dark to bright instead of HU.
    """

    title: str
    opacities: tuple[tuple[float, float], ...]
    colours: tuple[tuple[float, Colour], ...]
    is_relative: bool = False


VOLUME_PRESETS: Mapping[str, VolumePreset] = {
    "ct_vessels": VolumePreset(
        "CT angiography",
        ((140.0, 0.0), (220.0, 0.12), (320.0, 0.35), (700.0, 0.8)),
        (
            (140.0, (0.38, 0.08, 0.06)),
            (260.0, (0.78, 0.24, 0.16)),
            (420.0, (0.95, 0.70, 0.52)),
            (900.0, (1.0, 0.98, 0.92)),
        ),
    ),
    "ct_soft": VolumePreset(
        "CT soft tissue",
        ((-60.0, 0.0), (20.0, 0.02), (60.0, 0.10), (250.0, 0.35), (600.0, 0.8)),
        (
            (-60.0, (0.80, 0.62, 0.42)),
            (50.0, (0.72, 0.36, 0.28)),
            (250.0, (0.90, 0.55, 0.45)),
            (700.0, (1.0, 0.97, 0.90)),
        ),
    ),
    "ct_bone": VolumePreset(
        "CT bone and calcium",
        ((350.0, 0.0), (500.0, 0.15), (1000.0, 0.9)),
        ((350.0, (0.75, 0.55, 0.38)), (600.0, (0.94, 0.86, 0.70)), (1200.0, (1.0, 1.0, 0.96))),
    ),
    "mr": VolumePreset(
        "MR, bright parts",
        ((0.45, 0.0), (0.62, 0.06), (0.8, 0.25), (1.0, 0.6)),
        ((0.45, (0.35, 0.12, 0.10)), (0.7, (0.80, 0.45, 0.32)), (1.0, (1.0, 0.95, 0.85))),
        is_relative=True,
    ),
}


def fits(key: str, volume: Volume) -> bool:
    """Whether a preset means something for a volume: HU for CT's, anything else for the relative one."""
    return VOLUME_PRESETS[key].is_relative == (volume.unit != "HU")

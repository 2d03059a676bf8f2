"""A slice as thick as wished: what of the tissue on the way through it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SlabMode = Literal["mean", "max", "min"]
SLAB_TITLES: Mapping[SlabMode, str] = {"mean": "Mean", "max": "MIP", "min": "MinIP"}
SLAB_SENTENCES: Mapping[SlabMode, str] = {
    "mean": "Mean of the slab",
    "max": "Maximum of the slab (MIP)",
    "min": "Minimum of the slab (MinIP)",
}
THICKNESSES_MM = (3.0, 5.0, 10.0, 20.0, 40.0)
FIRST_MM = 10.0
MOST_MM = 100.0


@dataclass(frozen=True)
class Slab:
    """A slab around the slice's plane, half of it on either side.

    Attributes:
        mode: mean, maximum or minimum along the line of sight.
        thickness_mm: along the normal; 0 is a plain slice, whatever the mode.
    """

    mode: SlabMode = "mean"
    thickness_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.mode not in SLAB_TITLES or not 0.0 <= self.thickness_mm <= MOST_MM:
            raise ValueError(f"a slab is mean, max or min of 0 to {MOST_MM:.0f} mm")

    @property
    def is_thick(self) -> bool:
        """False for a plain slice."""
        return self.thickness_mm > 0.0

    @property
    def text(self) -> str:
        """What a view says of it; empty for a plain slice."""
        return f"{SLAB_TITLES[self.mode]} {self.thickness_mm:g} mm" if self.is_thick else ""


PLAIN = Slab()

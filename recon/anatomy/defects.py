"""Holes in the septa between the ventricles or the atria: the blood on both sides meets in the middle of the hole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.shapes import tube

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Defect:
    """A round hole from a position in one cavity to a position in the other, mm in the heart's frame.

    Attributes:
        cavities: the two keys, left one first: ("lv", "rv") or ("la", "ra").
    """

    cavities: tuple[str, str]
    start: np.ndarray
    end: np.ndarray
    radius_mm: float


def opened(defect: Defect, parts: Mapping[str, torch.Tensor], points: torch.Tensor) -> dict[str, torch.Tensor]:
    """The two cavities with the hole added, and `<right cavity>_hole`, which has to cover the septum's muscle."""
    left, right = (parts[key] for key in defect.cavities)
    hole = tube(points, np.stack([defect.start, defect.end]), np.full(2, defect.radius_mm))
    middle = (left - right) / 2.0
    right_half = hole.maximum(-middle)
    key = f"{defect.cavities[1]}_hole"
    covering = parts[key].minimum(right_half) if key in parts else right_half
    return {
        defect.cavities[0]: left.minimum(hole.maximum(middle)),
        defect.cavities[1]: right.minimum(right_half),
        key: covering,
    }

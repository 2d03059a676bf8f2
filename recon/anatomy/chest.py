"""What surrounds the heart: lungs, ribs, sternum, spine, liver, stomach, airways, oesophagus and chest wall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.shapes import tube
from recon.anatomy.tissues import VALUE

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Chest:
    """Sampled sizes of the chest, mm in the heart's frame; the midline lies at `sizes["midline"]`."""

    sizes: Mapping[str, float]
    phases: np.ndarray


def sample_chest(rng: np.random.Generator) -> Chest:
    """Draw one chest. The same generator state gives the same chest."""
    sizes = {
        "midline": rng.normal(-22.0, 4.0),
        "middle_y": rng.normal(8.0, 5.0),
        "half_width": rng.uniform(125.0, 175.0),
        "half_depth": rng.uniform(88.0, 118.0),
        "skin_fat": rng.uniform(4.0, 30.0),
        "wall": rng.uniform(16.0, 26.0),
        "rib_pitch": rng.uniform(24.0, 34.0),
        "diaphragm": rng.uniform(-80.0, -50.0),
        "right_dome": rng.uniform(5.0, 45.0),
        "mediastinum": rng.uniform(22.0, 40.0),
    }
    return Chest(sizes, rng.uniform(0.0, 2.0 * np.pi, 4))


def paint_chest(
    chest: Chest, points: torch.Tensor, tissues: torch.Tensor, heart_outside_mm: torch.Tensor
) -> None:
    """Paint the chest into `tissues` (n,) uint8 at points (n, 3) of the heart's frame, in place.

    `heart_outside_mm` (n,) is the distance to the heart; what lies within the fat around it is left
    as mediastinum for the heart's own painter.
    """
    size = chest.sizes
    x = points[:, 0] - size["midline"]
    y = points[:, 1] - size["middle_y"]
    z = points[:, 2]
    inside = _inside_chest(chest, x, y)
    bony = (inside > size["skin_fat"] + 0.3 * size["wall"]) & (inside < size["skin_fat"] + 0.85 * size["wall"])
    cavity = inside > size["skin_fat"] + size["wall"]
    tissues[inside > 0] = VALUE["skin_fat"]
    tissues[inside > size["skin_fat"]] = VALUE["muscle"]
    ribs = ((z - 0.35 * y.abs() + 0.3 * y) * (2 * np.pi / size["rib_pitch"]) + chest.phases[0]).sin() > 0.25
    tissues[bony & ribs] = VALUE["bone"]
    tissues[bony & (x.abs() < 16) & (y < 0)] = VALUE["marrow"]
    above = _above_diaphragm(chest, x, y, z)
    tissues[cavity & (above > 0)] = VALUE["lung"]
    tissues[cavity & (above <= 0)] = VALUE["liver"]
    tissues[cavity & (above <= -4) & (x > 30) & (y > -60)] = VALUE["stomach"]
    middle = cavity & (x.abs() < size["mediastinum"]) & (above > 0)
    tissues[middle & ((y > 8) | (z > 70))] = VALUE["mediastinum"]
    _paint_columns(chest, points, tissues)
    tissues[(heart_outside_mm < 0) & cavity] = VALUE["mediastinum"]


def _inside_chest(chest: Chest, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    width, depth = chest.sizes["half_width"], chest.sizes["half_depth"]
    k = ((x / width).abs() ** 2.4 + (y / depth).abs() ** 2.4) ** (1 / 2.4)
    return (1.0 - k) * min(width, depth)


def _above_diaphragm(chest: Chest, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    size = chest.sizes
    right = (-(((x + 80.0) / 55.0) ** 2) - ((y - 0.0) / 70.0) ** 2).exp() * size["right_dome"]
    left = (-(((x - 75.0) / 50.0) ** 2) - ((y - 10.0) / 65.0) ** 2).exp() * 0.7 * size["right_dome"]
    back = 35.0 * ((y - 30.0).clamp_min(0.0) / 70.0) ** 2
    return z - (size["diaphragm"] + right + left - back)


def _paint_columns(chest: Chest, points: torch.Tensor, tissues: torch.Tensor) -> None:
    middle, back = chest.sizes["midline"], chest.sizes["middle_y"]
    depth = chest.sizes["half_depth"] - chest.sizes["skin_fat"] - chest.sizes["wall"]
    spine_y = max(back + depth - 8.0, 70.0)
    x, y, z = points[:, 0] - middle, points[:, 1] - spine_y, points[:, 2]
    around = (x * x + y * y).sqrt()
    disc = ((z * (2 * np.pi / 28.0) + chest.phases[1]).cos()) > 0.75
    tissues[around < 26.0] = VALUE["muscle"]
    tissues[(around < 20.0) & ~disc] = VALUE["bone"]
    tissues[(around < 17.5) & ~disc] = VALUE["marrow"]
    gullet = np.array([(middle + 8, 46, -120), (middle + 8, 42, 0), (middle + 3, 44, 80), (middle, 44, 160)])
    tissues[tube(points, gullet, np.array([7.0, 7.0, 6.0, 6.0])) < 0] = VALUE["oesophagus"]
    fork = np.array((middle + 1.0, 22.0, 68.0))
    airways = [
        (np.stack([fork, fork + (0, -6, 90)]), 9.0),
        (np.stack([fork, fork + (-22, 6, -16), fork + (-50, 10, -30)]), 6.5),
        (np.stack([fork, fork + (24, 8, -14), fork + (55, 14, -26)]), 6.0),
    ]
    for line, radius in airways:
        distance = tube(points, line, np.full(len(line), radius))
        tissues[distance < 1.5] = VALUE["mediastinum"]
        tissues[distance < 0] = VALUE["airway"]

"""What surrounds the heart: lungs, ribs, sternum, spine, liver, stomach, airways, oesophagus and chest wall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.layers import Layer
from recon.anatomy.shapes import MARGIN_MM, indices_where, tube

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
        "stomach_gas": rng.uniform(-60.0, 20.0),
        "pleural_fluid": max(0.0, rng.uniform(-120.0, 40.0)),
    }
    return Chest(sizes, rng.uniform(0.0, 2.0 * np.pi, 4))


def chest_layers(chest: Chest, points: torch.Tensor, sac: torch.Tensor) -> Iterator[Layer]:
    """The chest's layers at points (n, 3) of the heart's frame, lowest first.

    `sac` (n,) is the distance to the heart in its fat; there only mediastinum is left for the heart to cover.
    """
    size = chest.sizes
    x = points[:, 0] - size["midline"]
    y = points[:, 1] - size["middle_y"]
    z = points[:, 2]
    skin = -_inside_chest(chest, x, y)
    wall = skin + size["skin_fat"]
    cavity = wall + size["wall"]
    bony = (wall + 0.3 * size["wall"]).maximum(-(wall + 0.85 * size["wall"]))
    ribs = 0.25 - ((z - 0.35 * y.abs() + 0.3 * y) * (2 * np.pi / size["rib_pitch"]) + chest.phases[0]).sin()
    above = _above_diaphragm(chest, x, y, z)
    yield Layer("skin_fat", skin)
    yield Layer("muscle", wall)
    yield Layer("bone", bony.maximum(ribs))
    yield Layer("cartilage", bony.maximum(ribs).maximum(x.abs() - 75.0).maximum(y + 0.5 * size["half_depth"]))
    yield Layer("marrow", bony.maximum(x.abs() - 16.0).maximum(y))
    lung = cavity.maximum(-above)
    yield Layer("lung", lung)
    yield Layer("lung_vessel", branching(lung, points, chest.phases, 26.0, 0.30 - 0.0022 * x.abs()))
    yield Layer("pleural_effusion", lung.maximum(size["half_depth"] - size["pleural_fluid"] - y))
    liver = cavity.maximum(above)
    yield Layer("liver", liver)
    yield Layer("liver_vessel", branching(liver, points, chest.phases, 45.0, 0.16))
    stomach = cavity.maximum(above + 4.0).maximum(30.0 - x).maximum(-60.0 - y)
    yield Layer("stomach", stomach)
    yield Layer("stomach_gas", stomach.maximum(y - size["stomach_gas"]))
    yield Layer("spleen", stomach.maximum(70.0 - x).maximum(20.0 - y))
    yield Layer("diaphragm", cavity.maximum(above.abs() - 1.6))
    middle = cavity.maximum(x.abs() - size["mediastinum"]).maximum(-above)
    yield Layer("mediastinum", middle.maximum((8.0 - y).minimum(70.0 - z)))
    yield from _columns(chest, points)
    yield Layer("mediastinum", sac.maximum(cavity))


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


def _columns(chest: Chest, points: torch.Tensor) -> Iterator[Layer]:
    middle, back = chest.sizes["midline"], chest.sizes["middle_y"]
    depth = chest.sizes["half_depth"] - chest.sizes["skin_fat"] - chest.sizes["wall"]
    spine_y = max(back + depth - 8.0, 70.0)
    x, y, z = points[:, 0] - middle, points[:, 1] - spine_y, points[:, 2]
    around = distance_to_axis(x, y)
    disc = ((z * (2 * np.pi / 28.0) + chest.phases[1]).cos()) - 0.75
    yield Layer("muscle", around - 26.0)
    yield Layer("bone", (around - 20.0).maximum(disc))
    yield Layer("marrow", (around - 17.5).maximum(disc))
    yield Layer("bone", (distance_to_axis(x, y - 28.0) - 13.0).maximum(disc))
    yield Layer("spinal_canal", distance_to_axis(x, y - 27.0) - 9.0)
    gullet = np.array([(middle + 8, 46, -120), (middle + 8, 42, 0), (middle + 3, 44, 80), (middle, 44, 160)])
    yield Layer("oesophagus", tube(points, gullet, np.array([7.0, 7.0, 6.0, 6.0])))
    fork = np.array((middle + 1.0, 22.0, 68.0))
    airways = [
        (np.stack([fork, fork + (0, -6, 90)]), 9.0),
        (np.stack([fork, fork + (-22, 6, -16), fork + (-50, 10, -30)]), 6.5),
        (np.stack([fork, fork + (24, 8, -14), fork + (55, 14, -26)]), 6.0),
    ]
    for line, radius in airways:
        distance = tube(points, line, np.full(len(line), radius))
        yield Layer("mediastinum", distance - 1.5)
        yield Layer("airway", distance)


def distance_to_axis(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Distance (n,) to an upright line."""
    return (x * x + y * y).sqrt()


def branching(
    organ: torch.Tensor, points: torch.Tensor, phases: np.ndarray, wave_mm: float, width: torch.Tensor | float
) -> torch.Tensor:
    """A net of vessels (n,) within an organ: where two sums of waves are both near zero, relative `width` wide."""
    result = organ.new_full((len(organ),), MARGIN_MM)
    near = indices_where(organ < -3.0)
    if len(near):
        x, y, z = (points[near] * (2.0 * np.pi / wave_mm)).T
        a, b, c, d = (float(phase) for phase in phases)
        first = (x + 0.4 * z + a).sin() + (0.6 * y - z + b).sin()
        second = (y + 0.5 * x + c).sin() + (z - 0.3 * y + d).sin()
        wide = width[near] if not isinstance(width, float) else width
        result[near] = (organ[near] + 3.0).maximum((first * first + second * second).sqrt() - wide)
    return result

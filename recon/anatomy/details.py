"""The small parts of a heart that images show but nobody asks to label: valve leaflets and trabeculae."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.shapes import MARGIN_MM, distance_to, indices_where, within

if TYPE_CHECKING:
    import torch

ATRIOVENTRICULAR = {"mitral": "lv", "tricuspid": "rv"}
ARTERIAL = {"aortic": "aorta", "pulmonary": "pulmonary_artery"}
VALVES = (*ATRIOVENTRICULAR, *ARTERIAL)
_WAVE_MM = 9.0
_THRESHOLD = 0.35


def sample_details(rng: np.random.Generator, contraction: float) -> dict[str, float]:
    """How far the valves stand open, how thick leaflets and trabeculae are; mm, openings 0-1.

    In systole (contraction above a half) the arterial valves may be open, in diastole the others.
    """
    is_systole = contraction > 0.5
    return {
        "atrioventricular_opening": 0.0 if is_systole else rng.uniform(0.0, 1.0),
        "arterial_opening": rng.uniform(0.0, 1.0) if is_systole else 0.0,
        "leaflet": rng.uniform(0.8, 1.8),
        "trabeculae": rng.uniform(1.5, 5.5),
        "texture": rng.uniform(0.0, 2.0 * np.pi),
    }


def details(
    points: torch.Tensor,
    parts: Mapping[str, torch.Tensor],
    at: Mapping[str, np.ndarray],
    radii_mm: Mapping[str, float],
    sizes: Mapping[str, float],
) -> dict[str, torch.Tensor]:
    """Leaflets of the four valves and trabeculae of both ventricles, distances (n,), each within its cavity.

    Args:
        parts: distances of the cavities at the points (n, 3).
        at, radii_mm: `<valve>` centre, `<valve>_normal`, and radius of each valve.
        sizes: what `sample_details` draws.
    """
    found = {}
    opening = sizes["atrioventricular_opening"]
    for valve, cavity in ATRIOVENTRICULAR.items():
        tip = (radii_mm[valve] * (0.06 + 0.6 * opening), radii_mm[valve] * (0.25 + 0.7 * opening))
        found[f"{valve}_leaflet"] = _cone(points, at, valve, radii_mm[valve], tip, sizes).maximum(parts[cavity])
    opening = sizes["arterial_opening"]
    for valve, cavity in ARTERIAL.items():
        tip = (radii_mm[valve] * (0.04 + 0.8 * opening), radii_mm[valve] * (0.45 + 0.6 * opening))
        found[f"{valve}_leaflet"] = _cone(points, at, valve, radii_mm[valve], tip, sizes).maximum(parts[cavity])
    for cavity, depth in (("lv", sizes["trabeculae"]), ("rv", 1.3 * sizes["trabeculae"])):
        found[f"{cavity}_trabeculae"] = _trabeculae(
            points, parts[cavity], depth, sizes["texture"], at, radii_mm
        )
    return found


def _cone(
    points: torch.Tensor,
    at: Mapping[str, np.ndarray],
    valve: str,
    radius_mm: float,
    tip: tuple[float, float],
    sizes: Mapping[str, float],
) -> torch.Tensor:
    """A sheet from the ring to a tip (distance from the axis, height downstream), all around the valve's axis."""

    def sheet(near: torch.Tensor) -> torch.Tensor:
        offset = near - near.new_tensor(at[valve].astype(np.float32))
        height = offset @ near.new_tensor(at[f"{valve}_normal"].astype(np.float32))
        out = (offset.square().sum(dim=1) - height.square()).clamp_min(0.0).sqrt()
        step = (tip[0] - radius_mm, tip[1])
        along = ((out - radius_mm) * step[0] + height * step[1]) / (step[0] ** 2 + step[1] ** 2)
        along = along.clamp(0.0, 1.0)
        away = (out - radius_mm - along * step[0]).square() + (height - along * step[1]).square()
        return away.sqrt() - 0.5 * sizes["leaflet"]

    return within(points, at[valve], 1.5 * radius_mm, sheet)


def _trabeculae(
    points: torch.Tensor,
    cavity: torch.Tensor,
    depth_mm: float,
    phase: float,
    at: Mapping[str, np.ndarray],
    radii_mm: Mapping[str, float],
) -> torch.Tensor:
    """Ridges in the shell under the endocardium, away from the valves, where a sum of waves passes a threshold."""
    result = cavity.new_full((len(cavity),), MARGIN_MM)
    near = indices_where((cavity < 0) & (cavity > -depth_mm))
    if len(near):
        x, y, z = (points[near] * (2.0 * np.pi / _WAVE_MM)).T
        waves = (x + 0.7 * y + phase).sin() + (y - 0.6 * z + 2.0 * phase).sin() + (z + 0.5 * x).sin()
        shell = -depth_mm - cavity[near]
        ridges = shell.maximum(cavity[near]).maximum(_THRESHOLD - waves)
        for valve in VALVES:
            ridges = ridges.maximum(1.3 * radii_mm[valve] - distance_to(points[near], at[valve]))
        result[near] = ridges
    return result

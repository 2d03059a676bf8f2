"""The order in which a heart's parts cover each other, the same for procedural and label-map hearts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from recon.anatomy.layers import Layer

if TYPE_CHECKING:
    import torch


def sac_of(parts: Mapping[str, torch.Tensor], fat_mm: float) -> torch.Tensor:
    """Distance (n,) to the inside of the pericardium: the heart and the roots of its vessels in their fat."""
    sac = parts["lv_epicardium"].minimum(parts["rv_outer"]).minimum(parts["ra"]).minimum(parts["la"])
    vessels = parts["pulmonary_artery"].minimum(parts["aorta"]) - 2.0
    return sac.minimum(parts["appendage"]).minimum(vessels) - fat_mm


def heart_layers(
    parts: Mapping[str, torch.Tensor], sizes: Mapping[str, float], sac: torch.Tensor
) -> Iterator[Layer]:
    """A heart's layers, lowest first, from the distances of its parts."""
    wall, atrial = sizes["vessel_wall"], sizes["atrial_wall"]
    la, ra, appendage = parts["la"], parts["ra"], parts["appendage"]
    rv, muscle = parts["rv"], parts["lv_epicardium"]
    yield Layer("heart_fat", sac)
    yield Layer("atrial_wall", la.minimum(ra).minimum(appendage) - atrial)
    for vein in ("svc", "ivc", "pulmonary_vein"):
        yield Layer("vessel_wall", parts[vein] - 1.0)
        yield Layer(vein, parts[vein])
    yield Layer("la_appendage", appendage)
    yield Layer("la", la)
    yield Layer("ra", ra)
    yield Layer("rv_wall", parts["rv_outer"].maximum(-la).maximum(-ra))
    yield Layer("rv", rv)
    yield Layer("lv_myocardium", muscle)
    for right in ("ra", "rv"):
        if f"{right}_hole" in parts:
            yield Layer(right, parts[f"{right}_hole"])
    yield from _great_vessels(parts, wall)
    yield Layer("lv", parts["lv"])
    yield Layer("papillary", parts["papillary"].maximum(parts["lv"]))


def _great_vessels(parts: Mapping[str, torch.Tensor], wall_mm: float) -> Iterator[Layer]:
    aorta, pulmonary = parts["aorta"], parts["pulmonary_artery"]
    outside_lv = -parts["lv_epicardium"]
    yield Layer("arch_branch", parts["arch_branch"])
    yield Layer("vessel_wall", (pulmonary - wall_mm).maximum(outside_lv).maximum(-parts["rv"]))
    yield Layer("vessel_wall", (aorta - wall_mm).maximum(outside_lv))
    yield Layer("pulmonary_artery", pulmonary.maximum(wall_mm - aorta))
    yield Layer("aorta", aorta)

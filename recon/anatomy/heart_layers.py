"""The order in which a heart's parts cover each other, the same for procedural and label-map hearts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from recon.anatomy.layers import Layer
from recon.anatomy.shapes import smooth_union

if TYPE_CHECKING:
    import torch

_PERICARDIUM_MM = 1.3


def sac_of(parts: Mapping[str, torch.Tensor], sizes: Mapping[str, float]) -> torch.Tensor:
    """Distance (n,) to the heart and the roots of its vessels in their fat, thick in the grooves, thin on the left."""
    fat = sizes["fat"]
    right = smooth_union(parts["rv_outer"] - fat, parts["ra"].minimum(parts["la"]) - 0.7 * fat, 10.0)
    sac = smooth_union(parts["lv_epicardium"] - 0.4 * fat, right, 10.0)
    vessels = parts["pulmonary_artery"].minimum(parts["aorta"]) - 2.0 - 0.5 * fat
    return sac.minimum(parts["appendage"] - 0.7 * fat).minimum(vessels)


def heart_layers(
    parts: Mapping[str, torch.Tensor], sizes: Mapping[str, float], sac: torch.Tensor
) -> Iterator[Layer]:
    """A heart's layers, lowest first, from the distances of its parts."""
    wall, atrial = sizes["vessel_wall"], sizes["atrial_wall"]
    la, ra, appendage = parts["la"], parts["ra"], parts["appendage"]
    rv, muscle = parts["rv"], parts["lv_epicardium"]
    yield Layer("pericardium", sac - sizes["effusion"] - _PERICARDIUM_MM)
    yield Layer("effusion", sac - sizes["effusion"])
    yield Layer("heart_fat", sac)
    # In the fat; whatever they come too close to covers them, so that no structure is changed by them.
    yield Layer("coronary_vein", parts["coronary_vein"].maximum(sac))
    yield Layer("coronary_artery", parts["coronary_artery"])
    yield Layer("atrial_wall", la.minimum(ra).minimum(appendage) - atrial)
    yield Layer("coronary_vein", parts["coronary_vein"].maximum(ra - atrial))  # the sinus opens through it
    for vein in ("svc", "ivc", "pulmonary_vein"):
        yield Layer("vessel_wall", parts[vein] - 1.0)
        yield Layer(vein, parts[vein])
    yield Layer("la_appendage", appendage)
    yield Layer("la", la)
    yield Layer("ra", ra)
    rv_wall = parts["rv_outer"].maximum(-la).maximum(-ra)
    yield Layer("rv_wall", rv_wall)
    # The right sinus lies against the outflow's wall, so the artery leaves it there.
    yield Layer("coronary_artery", parts["coronary_artery"].maximum(rv_wall).maximum(-parts["lv_epicardium"]))
    yield Layer("rv", rv)
    yield from _details(parts, "rv_trabeculae", "tricuspid_leaflet")
    yield Layer("lv_myocardium", muscle)
    for right in ("ra", "rv"):
        if f"{right}_hole" in parts:
            yield Layer(right, parts[f"{right}_hole"])
    yield from _great_vessels(parts, wall)
    yield Layer("lv", parts["lv"])
    yield Layer("papillary", parts["papillary"].maximum(parts["lv"]))
    yield from _details(parts, "lv_trabeculae", "mitral_leaflet")


def _great_vessels(parts: Mapping[str, torch.Tensor], wall_mm: float) -> Iterator[Layer]:
    aorta, pulmonary = parts["aorta"], parts["pulmonary_artery"]
    outside_lv = -parts["lv_epicardium"]
    yield Layer("arch_branch", parts["arch_branch"])
    yield Layer("vessel_wall", (pulmonary - wall_mm).maximum(outside_lv).maximum(-parts["rv"]))
    aortic_wall = (aorta - wall_mm).maximum(outside_lv)
    yield Layer("vessel_wall", aortic_wall)
    yield Layer("coronary_artery", parts["coronary_artery"].maximum(aortic_wall))  # the ostia pass through it
    yield Layer("pulmonary_artery", pulmonary.maximum(wall_mm - aorta))
    yield Layer("pulmonary_leaflet", parts["pulmonary_leaflet"].maximum(wall_mm - aorta))
    yield Layer("aorta", aorta)
    yield from _details(parts, "aortic_leaflet")


def _details(parts: Mapping[str, torch.Tensor], *names: str) -> Iterator[Layer]:
    """What lies within the cavity painted just before; it must not cover what is painted over that cavity later."""
    for name in names:
        yield Layer(name, parts[name])

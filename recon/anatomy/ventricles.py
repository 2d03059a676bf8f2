"""The ventricles: a truncated egg wrapped in muscle, and a crescent swept around its septum from inflow to outflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.shapes import (
    distance_to,
    egg,
    frame_along,
    half_space,
    smooth_intersection,
    smooth_union,
    tube,
    within,
)

if TYPE_CHECKING:
    import torch

    from recon.anatomy.heart import Heart

Distances = dict[str, "torch.Tensor"]
_ANEURYSM_WALL_MM = 3.0
_THINNEST_SEPTUM_MM = 3.5


def ventricle_axes(heart: Heart) -> np.ndarray:
    """Rows: towards the apex, towards the septum, and towards the diaphragm (inferior); unit vectors (3, 3)."""
    return frame_along(heart.points["long_axis"], heart.points["septal"])


def left_ventricle(heart: Heart, points: torch.Tensor) -> Distances:
    """Cavity, epicardium (cavity and muscle together) and papillary muscles, distances (n,) in the heart's frame."""
    at, size = heart.points, heart.sizes
    reach = size["lv_length"] * 0.75 + size["lv_wall"]
    middle = at["base"] + 0.42 * size["lv_length"] * at["long_axis"]
    return {
        "lv": within(points, middle, reach, lambda p: _lv_cavity(heart, p)),
        "lv_epicardium": within(points, middle, reach, lambda p: _lv_epicardium(heart, p)),
        "papillary": papillary_muscles(
            points,
            ventricle_axes(heart),
            at["base"] + size["lv_widest"] * size["lv_length"] * at["long_axis"],
            (1.0 - size["lv_widest"]) * size["lv_length"],
            size["lv_radius"],
            size["papillary_radius"],
        ),
    }


def _lv_egg(heart: Heart, points: torch.Tensor, wall_mm: float, apical_wall_mm: float) -> torch.Tensor:
    size = heart.sizes
    length, radius = size["lv_length"], size["lv_radius"]
    centre = heart.points["base"] + size["lv_widest"] * length * heart.points["long_axis"]
    across = np.array((radius, radius)) * (1.0, size["lv_roundness"]) + wall_mm
    septum = across[0] - size["septal_flattening"] - (0.0 if wall_mm else size["septal_bulk"])
    toward_apex = (1.0 - size["lv_widest"]) * length + apical_wall_mm
    low = np.array((0.62 * length + wall_mm, across[0], across[1]))
    high = np.array((toward_apex, septum, across[1]))
    return egg(points, centre, ventricle_axes(heart), low, high, size["lv_exponent"])


def _outflow(heart: Heart, points: torch.Tensor, valve: str, thicker_mm: float = 0.0) -> torch.Tensor:
    """The way from the cavity to an arterial valve, beside the mitral valve and never through its ring."""
    at, size = heart.points, heart.sizes
    start = at["base"] + 16.0 * at["long_axis"]
    wide = size[f"{valve}_radius"]
    line = np.stack([start, at[valve], at[valve] + 3.0 * at[f"{valve}_normal"]])
    way = tube(points, line, np.array([0.5 * size["lv_radius"], wide, wide]))
    beyond_mitral = -half_space(points, at["mitral"], at["mitral_normal"])
    beside = beyond_ring(points, at["mitral"], 0.7 * size["mitral_radius"], 11.0)
    return (way - thicker_mm).maximum(beyond_mitral - 18.0 * beside)


def _bulge(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    """An aneurysm beside the apex, distance (n,)."""
    size, axes = heart.sizes, ventricle_axes(heart)
    middle = heart.points["base"] + 0.88 * size["lv_length"] * axes[0] + 0.3 * size["lv_radius"] * axes[2]
    return distance_to(points, middle) - size["aneurysm_radius"]


def _lv_cavity(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    at = heart.points
    cavity = _lv_egg(heart, points, 0.0, 0.0).maximum(-_mitral_side(heart, points))
    if heart.sizes["aneurysm_radius"] > 0:
        cavity = smooth_union(cavity, _bulge(heart, points), 6.0)
    for valve in heart.lv_exits:
        cavity = smooth_union(cavity, _outflow(heart, points, valve), 4.0)
        cavity = cavity.maximum(half_space(points, at[valve], at[f"{valve}_normal"]))
    return cavity


def _lv_epicardium(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    at, size = heart.points, heart.sizes
    wall = size["lv_wall"]
    above_base = -half_space(points, at["mitral"], at["mitral_normal"])
    outer = smooth_intersection(_lv_egg(heart, points, wall, size["apical_wall"]), above_base, 8.0)
    if size["aneurysm_radius"] > 0:
        outer = smooth_union(outer, _bulge(heart, points) - _ANEURYSM_WALL_MM, 6.0)
    for valve in heart.lv_exits:
        below = half_space(points, at[valve], at[f"{valve}_normal"]) - 0.5
        outer = smooth_union(outer, _outflow(heart, points, valve, 0.4 * wall).maximum(below), 3.0)
    return outer


def papillary_muscles(
    points: torch.Tensor, axes: np.ndarray, centre: np.ndarray, long_mm: float, wide_mm: float, radius_mm: float
) -> torch.Tensor:
    """Distance (n,) to the two papillary muscles of a left ventricle.

    Args:
        axes: rows towards apex, septum and diaphragm; `centre` is where the cavity is widest.
        long_mm, wide_mm: from there to the cavity's apex and to its side wall.
    """
    muscles = None
    for angle_deg, thick in ((115.0, 1.1), (235.0, 1.0)):
        turn = np.radians(angle_deg)
        out = (np.cos(turn) * axes[1] + np.sin(turn) * axes[2]) * wide_mm
        foot = centre + 0.5 * long_mm * axes[0] + 0.80 * out
        tip = centre - 0.02 * long_mm * axes[0] + 0.56 * out
        muscle = tube(points, np.stack([foot, tip]), thick * radius_mm * np.array([1.2, 0.8]))
        muscles = muscle if muscles is None else muscles.minimum(muscle)
    assert muscles is not None
    return muscles


def right_ventricle(heart: Heart, points: torch.Tensor, lv_epicardium: torch.Tensor) -> Distances:
    """Cavity, and the outer border of cavity and free wall together, distances (n,) in the heart's frame."""
    size, at = heart.sizes, heart.points
    middle = at["rv_middle"] + 0.15 * size["lv_length"] * heart.points["long_axis"]
    whole = within(points, middle, 0.75 * size["lv_length"] + 20.0, lambda p: _rv_hull(heart, p))
    return {"rv": whole.maximum(-lv_epicardium), "rv_outer": whole - size["rv_wall"]}


def septum_closed(found: Distances) -> Distances:
    """`rv` and `lv_epicardium` with muscle between the two cavities everywhere, also below the aortic valve."""
    beside_lv = found["lv"] - _THINNEST_SEPTUM_MM
    return {
        "rv": found["rv"].maximum(-beside_lv),
        "lv_epicardium": found["lv_epicardium"].minimum(beside_lv.maximum(found["rv_outer"])),
    }


def _rv_hull(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    at, size = heart.points, heart.sizes
    axes = frame_along(at["rv_axis"], at["septal"])
    middle, length = at["rv_middle"], size["lv_length"]
    low = np.array((0.5 * length, 0.9 * size["rv_depth"], size["rv_anterior"]))
    high = np.array((size["rv_reach"] * length, size["rv_depth"], size["rv_inferior"]))
    body = egg(points, middle, axes, low, high, size["rv_exponent"])
    inlet = tube(
        points,
        np.stack([at["tricuspid"] - 4.0 * at["tricuspid_normal"], middle + 0.2 * length * axes[0]]),
        np.array([size["tricuspid_radius"] + 1.0, 0.8 * size["rv_depth"]]),
    )
    body = smooth_union(body, inlet, 8.0).maximum(-tricuspid_side(heart, points))
    start = (
        middle
        + 0.12 * length * axes[0]
        + 0.3 * size["rv_depth"] * axes[1]
        - 0.45 * size["rv_anterior"] * axes[2]
    )
    for valve in heart.rv_exits:
        end, normal, wide = at[valve], at[f"{valve}_normal"], size[f"{valve}_radius"]
        line = np.stack([start, end - 14 * normal, end])
        outflow = tube(points, line, np.array([0.65 * size["rv_depth"], 1.2 * wide, wide]))
        body = smooth_union(body, outflow.maximum(half_space(points, end, normal)), 8.0)
        body = body.maximum(half_space(points, end, normal))
    return body


def tricuspid_side(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    """Distance (n,) past the border of right atrium and ventricle, positive in the ventricle.

    A plane within the valve's ring; outside of it the ventricle's base bulges back over the groove.
    """
    at, size = heart.points, heart.sizes
    plane = half_space(points, at["tricuspid"], at["tricuspid_normal"])
    return plane + size["rv_bulge"] * beyond_ring(points, at["tricuspid"], size["tricuspid_radius"], 14.0)


def _mitral_side(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    """Distance (n,) past the mitral valve; outside of its ring muscle closes the ventricle's base."""
    at, size = heart.points, heart.sizes
    plane = half_space(points, at["mitral"], at["mitral_normal"])
    return plane - 0.6 * size["lv_wall"] * beyond_ring(points, at["mitral"], size["mitral_radius"], 6.0)


def beyond_ring(points: torch.Tensor, centre: np.ndarray, radius_mm: float, soft_mm: float) -> torch.Tensor:
    """0 (n,) within a valve's ring, rising smoothly to 1 over `soft_mm` outside of it."""
    beyond = ((distance_to(points, centre) - radius_mm) / soft_mm).clamp(0.0, 1.0)
    return beyond * beyond * (3.0 - 2.0 * beyond)

"""The atria with their appendages, parted by the septum between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.shapes import egg, half_space, smooth_union, tube, within
from recon.anatomy.ventricles import Distances, beyond_ring, tricuspid_side

if TYPE_CHECKING:
    import torch

    from recon.anatomy.heart import Heart


def atria(heart: Heart, points: torch.Tensor) -> Distances:
    """Left and right atrium and the left appendage, distances (n,) in the heart's frame."""
    at, size = heart.points, heart.sizes
    half_wall = 0.5 * size["atrial_wall"]
    reach = 1.15 * size["la_width"] + size["mitral_radius"]
    la = within(points, 0.6 * at["la"] + 0.4 * at["mitral"], reach, lambda p: _left(heart, p))
    reach = 1.3 * size["ra_height"] + size["tricuspid_radius"]
    ra = within(points, 0.7 * at["ra"] + 0.3 * at["tricuspid"], reach, lambda p: _right(heart, p))
    septum = (la - ra) / 2.0
    appendage = tube(points, *heart.lines["appendage"])
    return {
        "la": la.maximum(septum + half_wall),
        "ra": ra.maximum(-septum + half_wall),
        "appendage": appendage.maximum(-half_space(points, at["appendage"], at["appendage_normal"])),
    }


def _left(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    at, size = heart.points, heart.sizes
    radii = np.array([size["la_width"], size["la_depth"], size["la_height"]])
    body = egg(points, at["la"], np.eye(3), radii, radii, size["la_exponent"])
    inlet = tube(points, np.stack([at["mitral"], at["la"]]), np.array([size["mitral_radius"], 15.0]))
    joined = smooth_union(body, inlet, 8.0)
    return joined.maximum(half_space(points, at["mitral"], at["mitral_normal"]))


def _right(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    at, size = heart.points, heart.sizes
    radii = np.array([size["ra_width"], size["ra_depth"], size["ra_height"]])
    body = egg(points, at["ra"], np.eye(3), radii, radii, size["ra_exponent"])
    inlet = tube(
        points,
        np.stack([at["tricuspid"], at["ra"]]),
        np.array([size["tricuspid_radius"], 0.8 * size["ra_width"]]),
    )
    auricle = tube(points, *heart.lines["right_appendage"])
    joined = smooth_union(smooth_union(body, inlet, 8.0), auricle, 6.0)
    groove = 3.0 * beyond_ring(points, at["tricuspid"], size["tricuspid_radius"], 6.0)
    return joined.maximum(tricuspid_side(heart, points) + groove)

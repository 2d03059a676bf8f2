"""The great vessels: aorta with its sinuses, arch and branches, pulmonary trunk and arteries, and the veins."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.shapes import half_space, smooth_union, tube
from recon.anatomy.ventricles import Distances

if TYPE_CHECKING:
    import torch

    from recon.anatomy.heart import Heart

VEINS = ("right_upper_vein", "right_lower_vein", "left_upper_vein", "left_lower_vein")
BRANCHES = ("branch_1", "branch_2", "branch_3")


def great_vessels(heart: Heart, points: torch.Tensor) -> Distances:
    """Lumens of the great vessels, distances (n,) in the heart's frame."""
    at = heart.points

    def joined(*names: str) -> torch.Tensor:
        return reduce(lambda a, b: a.minimum(b), (tube(points, *heart.lines[name]) for name in names))

    below_aortic = -half_space(points, at["aortic"], at["aortic_normal"])
    below_pulmonary = -half_space(points, at["pulmonary"], at["pulmonary_normal"])
    root = smooth_union(tube(points, *heart.lines["root"]), _sinuses(heart, points), 3.0)
    trunk = tube(points, *heart.lines["trunk"])
    aorta = smooth_union(root.maximum(below_aortic), tube(points, *heart.lines["aorta"]), 3.0)
    pulmonary = smooth_union(trunk.maximum(below_pulmonary), joined("right_pa", "left_pa"), 4.0)
    return {
        "aorta": aorta,
        "pulmonary_artery": pulmonary.maximum(below_pulmonary - 12.0),
        "svc": joined("svc"),
        "ivc": joined("ivc"),
        "pulmonary_vein": joined(*VEINS),
        "arch_branch": joined(*BRANCHES),
    }


def _sinuses(heart: Heart, points: torch.Tensor) -> torch.Tensor:
    """Three bulbs above the hinge points, joined by the root's own tube."""
    at, size = heart.points, heart.sizes
    wide = size["sinus_radius"]
    bulbs = None
    for name in ("left_hinge", "right_hinge", "non_coronary_hinge"):
        out = at[name] - at["aortic"]
        out = out / np.linalg.norm(out)
        foot = at["aortic"] + 0.55 * wide * at["aortic_normal"] + 0.42 * wide * out
        line = np.stack([foot, foot + 0.35 * wide * at["aortic_normal"]])
        bulb = tube(points, line, np.full(2, 0.6 * wide))
        bulbs = bulb if bulbs is None else bulbs.minimum(bulb)
    assert bulbs is not None
    return bulbs

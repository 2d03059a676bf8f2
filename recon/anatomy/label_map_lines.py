"""Vessels that go on where a label map ends: each begins inside the map's own stump, with its radius and direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.heart_lines import Line, line

if TYPE_CHECKING:
    from recon.anatomy.label_map_prepare import PreparedHeart

# Where the veins run to, far from the heart; mm in the heart's frame.
_VEINS_GO = {
    "right_upper_vein": (-88.0, 16.0, 46.0),
    "right_lower_vein": (-88.0, 38.0, 8.0),
    "left_upper_vein": (52.0, 26.0, 52.0),
    "left_lower_vein": (52.0, 46.0, 14.0),
}


def sample_extensions(prepared: PreparedHeart, rng: np.random.Generator) -> dict[str, Line]:
    """Aorta with its branches, pulmonary trunk and arteries, veins and the left appendage, in the map's frame."""
    at, radii = prepared.points, prepared.radii
    return _arteries(at, radii, rng) | _veins(at, radii, rng)


def _arteries(at: dict[str, np.ndarray], radii: dict[str, float], rng: np.random.Generator) -> dict[str, Line]:
    end, out, r = at["aorta_end"], at["aorta_out"], radii["aorta_end"]
    descending = rng.uniform(0.68, 0.85) * r
    knots = [
        end - 4.0 * out,
        end + 6.0 * out,
        (-27, -20, 76),
        (-18, -4, 90),
        (-5, 18, 90),
        (3, 38, 74),
        (4, 46, 45),
    ]
    knots += [(5, 48, 0), (3, 46, -45), (-4, 46, -95), (-8, 46, -150)]
    arch = [0.98 * r, r, 0.98 * r, 0.92 * r, 0.85 * r] + [descending] * 6
    stump, up, r_pa = at["pulmonary_artery_end"], at["pulmonary_artery_out"], radii["pulmonary_artery_end"]
    fork = 0.5 * (stump + 14.0 * up) + 0.5 * np.array((2.0, -26.0, 56.0)) + rng.normal(0.0, 1.5, 3)
    right = [fork, (-16, -6, 57), (-42, 0, 54), (-68, 4, 47)]
    left = [fork, (12, -6, 62), (28, 10, 62), (44, 26, 54)]
    return {
        "aorta": line(rng, knots, arch, 26, 2.0),
        "branch_1": line(rng, [(-22, -8, 94), (-34, -14, 118), (-44, -16, 150)], [6.5, 6, 5], 4, 2.0),
        "branch_2": line(rng, [(-14, 4, 97), (-14, 2, 120), (-10, 0, 150)], [4, 3.8, 3.5], 4, 2.0),
        "branch_3": line(rng, [(-4, 16, 95), (0, 16, 120), (10, 14, 150)], [5, 4.8, 4.5], 4, 2.0),
        "trunk": line(
            rng, [stump - 3.0 * up, stump + 5.0 * up, fork], [0.97 * r_pa, r_pa, 0.95 * r_pa], 6, 1.0
        ),
        "right_pa": line(rng, right, [0.85 * r_pa, 0.75 * r_pa, 0.7 * r_pa, 0.5 * r_pa], 8, 1.5),
        "left_pa": line(rng, left, [0.88 * r_pa, 0.78 * r_pa, 0.7 * r_pa, 0.5 * r_pa], 8, 1.5),
    }


def _veins(at: dict[str, np.ndarray], radii: dict[str, float], rng: np.random.Generator) -> dict[str, Line]:
    found = {}
    for name, far in _VEINS_GO.items():
        r = float(np.clip(radii[name], 4.0, 9.0))
        start, out = at[name], at[f"{name}_out"]
        end = 0.6 * np.array(far) + 0.4 * (start + 40.0 * out)
        found[name] = line(rng, [start - 4.0 * out, start + 8.0 * out, end], [r, r, 0.65 * r], 6, 2.0)
    svc, ivc = at["svc"], at["ivc"]
    r_svc, r_ivc = (float(np.clip(radii[name], 7.0, 13.0)) for name in ("svc", "ivc"))
    up = [svc - (0, 0, 4), svc + (0, -4, 22), (-46, -24, 85), (-44, -26, 130)]
    down = [ivc + (0, 0, 4), ivc + (-1, 3, -14), (-52, 6, -62), (-44, 12, -150)]
    found["svc"] = line(rng, up, [r_svc, 0.95 * r_svc, 0.9 * r_svc, 0.85 * r_svc], 8, 1.5)
    found["ivc"] = line(rng, down, [r_ivc, r_ivc, 1.05 * r_ivc, r_ivc], 8, 1.5)
    start, out, r = at["appendage"], at["appendage_out"], float(np.clip(radii["appendage"], 6.0, 12.0))
    tip = start + 10.0 * out + (10, -22, -8)
    found["appendage"] = line(rng, [start - 3.0 * out, start + 8.0 * out, tip], [r, r, 0.45 * r], 6, 2.0)
    return found

"""Hinge points and coronary ostia of an aortic root, by the rule that all normal roots follow.

The commissure between the right and the left coronary cusp faces the pulmonary valve; the non-coronary cusp lies
opposite of it, towards the septum between the atria. Each coronary artery leaves the middle of its sinus.
Source: Anderson, Clin Anat 2000 (the surgical anatomy of the aortic root).
"""

from __future__ import annotations

import numpy as np

from recon.anatomy.shapes import frame_along

_FROM_PULMONARY_DEG = {"right_hinge": 60.0, "left_hinge": -60.0, "non_coronary_hinge": 180.0}


def root_points(
    centre: np.ndarray,
    normal: np.ndarray,
    pulmonary: np.ndarray,
    tricuspid: np.ndarray,
    radius_mm: float,
    sinus_mm: float,
    ostium_heights_mm: tuple[float, float],
    twist_deg: float,
) -> dict[str, np.ndarray]:
    """Three hinge points and two coronary ostia (3,), mm, in the frame of the centres given.

    Args:
        centre, normal, radius_mm: the aortic ring, its normal with the blood.
        pulmonary, tricuspid: the other valves' centres; the right cusp lies on the tricuspid's side.
        sinus_mm: radius of the sinuses; the ostia lie on their wall.
        ostium_heights_mm: of the left and the right ostium above the ring.
    """
    up, front, side = frame_along(normal, pulmonary - centre)
    turn = 1.0 if side @ (tricuspid - centre) > 0 else -1.0
    outward = {}
    for name, angle_deg in _FROM_PULMONARY_DEG.items():
        angle = np.radians(turn * angle_deg + twist_deg)
        outward[name] = np.cos(angle) * front + np.sin(angle) * side
    found = {name: centre + radius_mm * out for name, out in outward.items()}
    for side_name, height in zip(("left", "right"), ostium_heights_mm, strict=True):
        out = outward[f"{side_name}_hinge"]
        found[f"{side_name}_coronary_ostium"] = centre + height * up + sinus_mm * out
    return found

"""Coronary arteries and veins on the surface of any heart: they enhance with contrast, and lie where edges are traced.

Widths: about 4.5 mm for the left main stem and 3.9 mm for the right artery of adults, after Dodge et al., Circulation
1992; branches share their parent's width by Murray's law (cubes of the radii add up). The pattern is the commonest one:
the right artery gives the posterior descending branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.grooves import Place, Solids, outer_surfaces, pushed_out, settled
from recon.anatomy.heart_lines import Line
from recon.anatomy.shapes import MARGIN_MM, frame_along, indices_where, spline, tube
from recon.anatomy.ventricles import Distances

if TYPE_CHECKING:
    import torch

ARTERIES = ("left_main", "descending", "diagonal", "circumflex", "marginal", "right", "right_marginal")
VEINS = ("great_vein", "middle_vein")
_TIP_MM = 0.5
_STEM_MM, _RIGHT_MM, _SINUS_MM = 2.2, 1.95, 4.5
_GAP_MM = 0.5
_SURFACE_MM = (-5.0, 9.0)  # no coronary vessel lies deeper in the heart or farther from it


@dataclass(frozen=True, eq=False)
class CoronaryFrame:
    """What coronary vessels find their way by, mm in the heart's frame.

    Attributes:
        at: `mitral`, `tricuspid`, `aortic` with their `_normal`, `lv_apex`, `septal`, both `..._coronary_ostium`.
        lv_outer_mm, mitral_mm, tricuspid_mm: radii of the left ventricle with its wall and of the two rings.
    """

    at: Mapping[str, np.ndarray]
    lv_outer_mm: float
    mitral_mm: float
    tricuspid_mm: float

    def on_wall(
        self, level: float, angle_deg: float, surfaces: tuple[str, str], gaps_mm: tuple[float, float]
    ) -> Place:
        """On the ventricles at a level between mitral valve (0) and apex (1); the angle from the septum downwards."""
        mitral, apex = self.at["mitral"], self.at["lv_apex"]
        axes = frame_along(apex - mitral, self.at["septal"])
        out = _around(axes[1], axes[2], angle_deg)
        wide = self.lv_outer_mm * (1.0 - 0.75 * level**2)
        return Place(mitral + level * (apex - mitral) + wide * out, axes[0], surfaces, gaps_mm)

    def on_ring(
        self, valve: str, angle_deg: float, surfaces: tuple[str, str], gaps_mm: tuple[float, float]
    ) -> Place:
        """In the groove around an atrioventricular valve; the angle from the septum's side downwards."""
        axes = frame_along(self.at[f"{valve}_normal"], self.at["septal"])
        out = _around(axes[1], axes[2], angle_deg)
        radius = self.mitral_mm if valve == "mitral" else self.tricuspid_mm
        return Place(self.at[valve] + (radius + 7.0) * out, np.cross(axes[0], out), surfaces, gaps_mm)


def coronary_lines(
    solids: Solids, sizes: Mapping[str, float], frame: CoronaryFrame, rng: np.random.Generator
) -> dict[str, Line]:
    """Centre lines and radii of `ARTERIES` and `VEINS`, mm in the heart's frame.

    Args:
        solids: distances of the heart's parts at points (n, 3).
        sizes: `vessel_wall` and `atrial_wall`, mm.
    """
    scale = float(np.clip(np.exp(rng.normal(0.0, 0.12)), 0.75, 1.3))
    places = _places(frame, rng.normal(0.0, 4.0, 3))
    found = settled(solids, sizes, [place for group in places.values() for place in group])
    ends = np.cumsum([len(group) for group in places.values()])[:-1]
    knots = dict(zip(places, np.split(found, ends), strict=True))
    lines = _arteries(frame, knots, scale, rng.uniform(0.5, 0.6)) | _veins(frame, knots, scale)
    at = np.concatenate([line for line, _ in lines.values()])
    radii = np.concatenate([radius for _, radius in lines.values()])
    at = pushed_out(solids, sizes, at, radii, np.concatenate([_movable(name, lines[name]) for name in lines]))
    ends = np.cumsum([len(radius) for _, radius in lines.values()])[:-1]
    moved = np.split(at, ends)
    return {name: (line, lines[name][1]) for name, line in zip(lines, moved, strict=True)}


def _around(first: np.ndarray, second: np.ndarray, angle_deg: float) -> np.ndarray:
    return np.cos(np.radians(angle_deg)) * first + np.sin(np.radians(angle_deg)) * second


def _places(frame: CoronaryFrame, turn_deg: np.ndarray) -> dict[str, list[Place]]:
    near = (_GAP_MM + 1.5, _GAP_MM + 1.5)
    lv, both, left, right = ("lv", "lv"), ("lv", "rv"), ("lv", "la"), ("rv", "ra")
    beside, behind = (_GAP_MM + 1.5, _GAP_MM + 5.0), (_GAP_MM + 6.0, _GAP_MM + 3.0)
    front, side, back = turn_deg
    right_wall = [
        Place(start, frame.at["mitral_normal"], ("rv", "rv"), near)
        for start in _towards_apex(frame, frame.on_ring("tricuspid", 40.0, right, near).start)
    ]
    return {
        "descending": [frame.on_wall(h, front - 62.0, both, near) for h in (0.12, 0.3, 0.48, 0.66, 0.84)],
        "diagonal": [frame.on_wall(h, front - a, lv, near) for h, a in ((0.42, 88.0), (0.6, 105.0))],
        "circumflex": [frame.on_ring("mitral", a, left, near) for a in (255.0, 225.0, 195.0, 165.0, 140.0)],
        "marginal": [frame.on_wall(h, side + 193.0, lv, near) for h in (0.28, 0.46, 0.62)],
        "right": [frame.on_ring("tricuspid", a, right, near) for a in (-75.0, -40.0, 0.0, 40.0, 75.0, 105.0)],
        "posterior": [frame.on_wall(h, back + 62.0, both, near) for h in (0.14, 0.32, 0.5, 0.66)],
        "right_marginal": right_wall,
        "great_vein": [frame.on_wall(h, front - 72.0, both, beside) for h in (0.64, 0.4, 0.18)],
        "sinus": [frame.on_ring("mitral", a, left, behind) for a in (245.0, 215.0, 185.0, 155.0, 125.0, 95.0)],
        "middle_vein": [frame.on_wall(h, back + 74.0, both, beside) for h in (0.64, 0.42, 0.2)],
    }


def _towards_apex(frame: CoronaryFrame, start: np.ndarray) -> list[np.ndarray]:
    return [start + share * (frame.at["lv_apex"] - start) for share in (0.2, 0.4, 0.6)]


def _arteries(
    frame: CoronaryFrame, knots: Mapping[str, np.ndarray], scale: float, share: float
) -> dict[str, Line]:
    stem, right = _STEM_MM * scale, _RIGHT_MM * scale
    descending, circumflex = stem * share ** (1 / 3), stem * (1.0 - share) ** (1 / 3)
    left_mouth, right_mouth = (_mouth(frame, f"{side}_coronary_ostium") for side in ("left", "right"))
    fork = left_mouth[-1] + 0.4 * (knots["descending"][0] - left_mouth[-1])
    main = np.stack([*left_mouth, fork])
    whole_right = np.concatenate([right_mouth, knots["right"], knots["posterior"]])
    return {
        "left_main": _line(main, [stem, stem], 6),
        "descending": _line(np.stack([fork, *knots["descending"]]), [descending, _TIP_MM * 1.4], 12),
        "diagonal": _branch(knots["descending"][1], knots["diagonal"], 0.62 * descending),
        "circumflex": _line(np.stack([fork, *knots["circumflex"]]), [circumflex, _TIP_MM * 1.4], 12),
        "marginal": _branch(knots["circumflex"][2], knots["marginal"], 0.62 * circumflex),
        "right": _line(whole_right, [right, right, 0.85 * right, 0.7 * right, _TIP_MM], 24),
        "right_marginal": _branch(knots["right"][3], knots["right_marginal"], 0.5 * right),
    }


def _veins(frame: CoronaryFrame, knots: Mapping[str, np.ndarray], scale: float) -> dict[str, Line]:
    """The great vein runs up beside the descending artery and on as the coronary sinus into the right atrium."""
    wide = _SINUS_MM * scale
    axes = frame_along(frame.at["tricuspid_normal"], frame.at["septal"])
    inside = frame.at["tricuspid"] - 9.0 * axes[0] + 0.6 * frame.tricuspid_mm * _around(axes[1], axes[2], 125.0)
    whole = np.concatenate([knots["great_vein"], knots["sinus"], inside[None]])
    middle = np.concatenate([knots["middle_vein"], knots["sinus"][-1:]])
    return {
        "great_vein": _line(whole, [0.22 * wide, 0.4 * wide, 0.55 * wide, wide, wide], 20),
        "middle_vein": _line(middle, [0.22 * wide, 0.4 * wide], 8),
    }


def _mouth(frame: CoronaryFrame, ostium: str) -> list[np.ndarray]:
    """From within the sinus through the ostium and a little on, square to the root's axis."""
    at = frame.at[ostium]
    axis = frame.at["aortic_normal"]
    spoke = at - frame.at["aortic"]
    out = spoke - (spoke @ axis) * axis
    out = out / np.linalg.norm(out)
    return [at - 2.5 * out, at, at + 4.0 * out]


def _branch(start: np.ndarray, knots: np.ndarray, radius_mm: float) -> Line:
    return _line(np.stack([start, *knots]), [max(radius_mm, _TIP_MM), _TIP_MM], 7)


def _line(knots: np.ndarray, radii_mm: list[float], n: int) -> Line:
    return spline(knots, n), np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(radii_mm)), radii_mm)


def _movable(name: str, line: Line) -> np.ndarray:
    """0 (k,) where a vessel opens into the root or the atrium and has to pass the wall, 1 elsewhere."""
    free = np.ones(len(line[1]))
    if name in ("left_main", "right"):
        free[:3] = 0.0
    if name == "great_vein":
        free[-3:] = 0.0
    return free


def coronaries(
    lines: Mapping[str, Line], parts: Distances, sizes: Mapping[str, float], points: torch.Tensor
) -> Distances:
    """`coronary_artery` and `coronary_vein`, distances (n,) at points (n, 3), exact near the heart's surface only."""
    surfaces = outer_surfaces(parts, sizes)
    nearest = reduce(lambda a, b: a.minimum(b), surfaces.values())
    near = indices_where((nearest < _SURFACE_MM[1]) & (nearest > _SURFACE_MM[0]))
    here = points[near]
    found = {}
    for tissue, names in (("coronary_artery", ARTERIES), ("coronary_vein", VEINS)):
        distance = points.new_full((len(points),), MARGIN_MM)
        if len(near):
            distance[near] = reduce(lambda a, b: a.minimum(b), (tube(here, *lines[name]) for name in names))
        found[tissue] = distance
    return found

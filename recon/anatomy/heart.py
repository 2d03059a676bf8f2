"""A procedural adult heart with its great vessels, in a frame of its own, as signed distances per tissue.

The heart's frame is parallel to LPS with the mitral valve's centre as origin, in millimetres. Mean positions
of valves, chambers and vessels follow the means over a published virtual cohort of adult hearts (Rodero et al.,
PLOS Comput Biol 2021); the spreads are widened to cover dilated, thickened and tilted hearts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from core.frames import rotation_from_vector
from recon.anatomy.shapes import ellipsoid, frame_along, half_space, smooth_union, spline, tube

if TYPE_CHECKING:
    import torch

Distances = dict[str, "torch.Tensor"]


@dataclass(frozen=True, eq=False)
class Heart:
    """Sampled landmarks, sizes and centre lines, all mm in the heart's frame.

    Attributes:
        points: name -> position or direction (3,).
        sizes: name -> radius, length or thickness in mm.
        lines: vessel name -> (centre line (k, 3), radii (k,)).
    """

    points: Mapping[str, np.ndarray]
    sizes: Mapping[str, float]
    lines: Mapping[str, tuple[np.ndarray, np.ndarray]]


def sample_heart(rng: np.random.Generator) -> Heart:
    """Draw one heart. The same generator state gives the same heart."""
    sizes = _sample_sizes(rng)
    points = _sample_points(rng, sizes)
    return Heart(points, sizes, _sample_lines(rng, points, sizes))


def _sample_sizes(rng: np.random.Generator) -> dict[str, float]:
    def around(mean: float, spread: float, low: float, high: float) -> float:
        return float(np.clip(rng.normal(mean, spread), low, high))

    contraction = rng.beta(1.2, 1.6)  # 0 end-diastole, 1 end-systole
    thick = 5.0 * rng.beta(1.0, 4.0) * 2.0  # hypertrophy is a tail, not a second population
    lv_radius = around(25.0, 2.5, 19.0, 33.0) * (1.0 - 0.24 * contraction)
    return {
        "lv_length": around(86.0, 6.0, 70.0, 104.0) * (1.0 - 0.10 * contraction),
        "lv_radius": lv_radius,
        "lv_wall": around(8.5, 1.2, 6.0, 11.0) + thick + 3.0 * contraction,
        "rv_length": around(50.0, 3.5, 40.0, 60.0),
        "rv_depth": around(30.0, 3.5, 20.0, 42.0) * (1.0 - 0.20 * contraction),
        "rv_height": around(41.0, 3.0, 32.0, 50.0),
        "rv_wall": around(3.3, 0.6, 2.2, 5.5),
        "la_width": around(32.0, 3.0, 24.0, 42.0) * (0.95 + 0.1 * contraction),
        "la_depth": around(21.0, 2.6, 15.0, 30.0),
        "la_height": around(26.0, 2.6, 19.0, 35.0),
        "ra_radius": around(28.0, 2.6, 21.0, 38.0),
        "atrial_wall": around(2.2, 0.4, 1.4, 3.2),
        "mitral_radius": around(15.5, 1.5, 12.0, 20.0),
        "tricuspid_radius": around(17.0, 1.7, 13.0, 22.0),
        "aortic_radius": around(11.8, 1.0, 9.0, 15.0),
        "pulmonary_radius": around(12.5, 1.3, 9.5, 16.0),
        "ascending_radius": around(15.3, 2.2, 11.0, 23.0),
        "descending_radius": around(11.5, 1.3, 8.5, 16.0),
        "vessel_wall": around(1.6, 0.3, 1.0, 2.4),
        "fat": around(4.5, 1.8, 1.5, 10.0),
    }


def _sample_points(rng: np.random.Generator, sizes: Mapping[str, float]) -> dict[str, np.ndarray]:
    def near(mean: tuple[float, float, float], spread: float) -> np.ndarray:
        return np.array(mean) + rng.normal(0.0, spread, 3)

    def towards(mean: tuple[float, float, float], spread_deg: float) -> np.ndarray:
        turn = rotation_from_vector(np.radians(rng.normal(0.0, spread_deg, 3)))
        return turn @ (np.array(mean) / np.linalg.norm(mean))

    long_axis = towards((0.50, -0.52, -0.68), 4.0)
    base = near((-1.0, -6.0, 2.0), 1.0)
    epicardial = sizes["lv_radius"] + sizes["lv_wall"]
    septal = np.array((-20.0, -26.0, -6.0)) / 33.3
    septal = septal - long_axis * np.dot(septal, long_axis)
    septal = septal / np.linalg.norm(septal)
    lv_middle = base + 0.44 * sizes["lv_length"] * long_axis
    return {
        "mitral": np.zeros(3),
        "mitral_normal": towards((0.56, -0.49, -0.67), 4.0),
        "aortic": near((-13.0, -21.0, 13.0), 1.5),
        "aortic_normal": towards((-0.50, -0.33, 0.80), 5.0),
        "tricuspid": near((-36.0, -28.0, -14.0), 2.0),
        "tricuspid_normal": towards((0.60, -0.62, -0.50), 5.0),
        "pulmonary": near((2.0, -49.0, 27.0), 2.0),
        "pulmonary_normal": towards((-0.05, 0.28, 0.95), 6.0),
        "base": base,
        "long_axis": long_axis,
        "septal": septal,
        "rv_middle": lv_middle + septal * (epicardial - 1.0) + rng.normal(0.0, 2.0, 3) - 4.0 * long_axis,
        "rv_axis": towards((0.66, -0.46, -0.52), 5.0),
        "la": near((-14.0, 15.0, 20.0), 2.0),
        "ra": near((-49.0, -17.0, 1.0), 2.5),
    }


def _sample_lines(
    rng: np.random.Generator, at: Mapping[str, np.ndarray], sizes: Mapping[str, float]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    def line(knots: list, radii: list[float], n: int, jitter_mm: float) -> tuple[np.ndarray, np.ndarray]:
        moved = np.array(knots, dtype=np.float64)
        moved[1:] += rng.normal(0.0, jitter_mm, moved[1:].shape)
        fine_radii = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(radii)), radii)
        return spline(moved, n), fine_radii

    ao, pa = at["aortic"], at["pulmonary"]
    up_ao, up_pa = at["aortic_normal"], at["pulmonary_normal"]
    r_ao, r_asc, r_desc = sizes["aortic_radius"], sizes["ascending_radius"], sizes["descending_radius"]
    r_pa = sizes["pulmonary_radius"]
    sinus = max(1.28 * r_ao, 0.95 * r_asc)
    stj = ao + 20.0 * up_ao
    arch = [stj, (-31, -33, 48), (-32, -26, 70), (-20, -6, 88), (-5, 18, 88), (3, 38, 72), (4, 46, 45)]
    down = [(5, 48, 0), (3, 46, -45), (-4, 46, -95), (-8, 46, -150)]
    bifurcation = np.array((3.0, -24.0, 55.0)) + rng.normal(0.0, 2.0, 3)
    la, ra = at["la"], at["ra"]
    wide, high = sizes["la_width"], sizes["la_height"]
    return {
        "root": (
            np.stack([ao, ao + 5 * up_ao, ao + 11 * up_ao, stj]),
            np.array([r_ao, 0.5 * (r_ao + sinus), sinus, max(1.02 * r_ao, 0.85 * r_asc)]),
        ),
        "aorta": line(
            arch + down,
            [max(1.02 * r_ao, 0.85 * r_asc), r_asc, r_asc, 0.93 * r_asc, 0.86 * r_asc, r_desc, r_desc]
            + [r_desc, r_desc, 0.95 * r_desc, 0.9 * r_desc],
            26,
            2.5,
        ),
        "trunk": line([pa, pa + 16 * up_pa, bifurcation], [r_pa, 1.08 * r_pa, 0.95 * r_pa], 6, 1.5),
        "right_pa": line(
            [bifurcation, (-16, -6, 57), (-42, 0, 54), (-68, 4, 47)],
            [0.85 * r_pa, 0.72 * r_pa, 0.68 * r_pa, 0.5 * r_pa],
            8,
            1.5,
        ),
        "left_pa": line(
            [bifurcation, (12, -6, 62), (28, 10, 62), (44, 26, 54)],
            [0.88 * r_pa, 0.75 * r_pa, 0.68 * r_pa, 0.5 * r_pa],
            8,
            1.5,
        ),
        "svc": line([ra + (2, 3, 20), (-47, -18, 50), (-46, -24, 80), (-44, -26, 130)], [9.5, 9, 9, 8], 8, 2.0),
        "ivc": line(
            [ra + (-3, 10, -14), (-54, 6, -30), (-50, 8, -62), (-44, 12, -150)], [11, 12, 12, 11], 8, 2.0
        ),
        "appendage": line([la + (20, -12, 8), la + (31, -24, 10), la + (36, -38, 4)], [10, 9, 5], 5, 2.5),
        "right_upper_vein": line(
            [la + (-0.7 * wide, 3, 0.4 * high), (-62, 22, 37), (-88, 18, 44)], [8, 7, 5], 5, 2.5
        ),
        "right_lower_vein": line(
            [la + (-0.7 * wide, 6, -0.3 * high), (-60, 31, 8), (-88, 38, 2)], [8, 7, 5], 5, 2.5
        ),
        "left_upper_vein": line(
            [la + (0.75 * wide, 4, 0.4 * high), (34, 22, 38), (58, 28, 46)], [8, 7, 5], 5, 2.5
        ),
        "left_lower_vein": line(
            [la + (0.75 * wide, 7, -0.2 * high), (34, 34, 12), (58, 44, 6)], [8, 7, 5], 5, 2.5
        ),
        "branch_1": line([(-24, -10, 92), (-34, -14, 118), (-44, -16, 150)], [6.5, 6, 5], 4, 2.0),
        "branch_2": line([(-14, 4, 95), (-14, 2, 120), (-10, 0, 150)], [4, 3.8, 3.5], 4, 2.0),
        "branch_3": line([(-4, 16, 93), (0, 16, 120), (10, 14, 150)], [5, 4.8, 4.5], 4, 2.0),
    }


def heart_distances(heart: Heart, points: torch.Tensor) -> Distances:
    """Signed distances (n,) in mm of every part of the heart at points (n, 3) of the heart's frame.

    Neighbouring cavities may overlap; `recon.anatomy.patient` settles who owns a point.
    """
    parts = _left_ventricle(heart, points)
    parts |= _right_ventricle(heart, points, parts["lv_epicardium"])
    parts |= _atria(heart, points)
    parts |= _vessels(heart, points)
    return parts


def _left_ventricle(heart: Heart, points: torch.Tensor) -> Distances:
    at, size = heart.points, heart.sizes
    axis, base, length, radius = at["long_axis"], at["base"], size["lv_length"], size["lv_radius"]
    axes = frame_along(axis, at["septal"])
    centre = base + 0.34 * length * axis
    endo_radii = np.array([0.66 * length, radius, radius * 1.03])
    wall = size["lv_wall"]
    endo = ellipsoid(points, centre, axes, endo_radii)
    epi = ellipsoid(points, centre, axes, endo_radii + wall * np.array([0.75, 1.0, 1.0]))
    above_base = -half_space(points, base, axis)
    outflow = tube(
        points,
        np.stack([base + 12.0 * axis, at["aortic"]]),
        np.array([0.72 * radius, size["aortic_radius"]]),
    )
    beyond_valve = half_space(points, at["aortic"], at["aortic_normal"])
    beyond_mitral = -half_space(points, at["mitral"], at["mitral_normal"])
    outflow = outflow.maximum(beyond_valve)
    chamber = endo.maximum(above_base.minimum(beyond_mitral))
    cavity = smooth_union(chamber, outflow, 4.0)
    epicardium = smooth_union(epi.maximum(above_base), outflow - 0.45 * wall, 3.0)
    papillary = _papillary(heart, points, axes, centre, endo_radii)
    return {"lv": cavity, "lv_epicardium": epicardium, "papillary": papillary.maximum(cavity)}


def _papillary(
    heart: Heart, points: torch.Tensor, axes: np.ndarray, centre: np.ndarray, radii: np.ndarray
) -> torch.Tensor:
    muscles = []
    for angle_deg in (115.0, 235.0):
        turn = np.radians(angle_deg)
        out = np.cos(turn) * axes[1] * radii[1] + np.sin(turn) * axes[2] * radii[2]
        foot = centre + 0.42 * radii[0] * axes[0] + 0.84 * out
        tip = centre - 0.05 * radii[0] * axes[0] + 0.56 * out
        muscles.append(tube(points, np.stack([foot, tip]), np.array([4.2, 2.8])))
    return muscles[0].minimum(muscles[1])


def _right_ventricle(heart: Heart, points: torch.Tensor, lv_epicardium: torch.Tensor) -> Distances:
    at, size = heart.points, heart.sizes
    axes = frame_along(at["rv_axis"], at["septal"])
    middle = at["rv_middle"]
    body = ellipsoid(points, middle, axes, np.array([size["rv_length"], size["rv_depth"], size["rv_height"]]))
    inlet_end = middle + 0.2 * size["rv_length"] * axes[0]
    inlet = tube(
        points,
        np.stack([at["tricuspid"] - 4.0 * at["tricuspid_normal"], inlet_end]),
        np.array([size["tricuspid_radius"], 0.75 * size["rv_depth"]]),
    )
    behind_tricuspid = -half_space(points, at["tricuspid"], at["tricuspid_normal"])
    body = smooth_union(body, inlet, 6.0).maximum(behind_tricuspid)
    start = middle + 0.45 * size["rv_depth"] * at["septal"] + np.array((0.0, 0.0, 8.0))
    outflow = tube(
        points,
        np.stack([start, at["pulmonary"] - 12 * at["pulmonary_normal"], at["pulmonary"]]),
        np.array([0.62 * size["rv_depth"], 1.1 * size["pulmonary_radius"], size["pulmonary_radius"]]),
    )
    beyond_valve = half_space(points, at["pulmonary"], at["pulmonary_normal"])
    outside_lv = -lv_epicardium
    whole = smooth_union(body, outflow.maximum(beyond_valve), 6.0)
    return {"rv": whole.maximum(outside_lv), "rv_outer": whole - size["rv_wall"]}


def _atria(heart: Heart, points: torch.Tensor) -> Distances:
    at, size = heart.points, heart.sizes
    half_wall = size["atrial_wall"] / 2.0
    upright = np.eye(3)
    la = ellipsoid(points, at["la"], upright, np.array([size["la_width"], size["la_depth"], size["la_height"]]))
    mitral_inlet = tube(points, np.stack([at["mitral"], at["la"]]), np.array([size["mitral_radius"], 14.0]))
    la = smooth_union(smooth_union(la, mitral_inlet, 6.0), tube(points, *heart.lines["appendage"]), 4.0)
    la = la.maximum(half_space(points, at["mitral"], at["mitral_normal"]))
    r = size["ra_radius"]
    ra = ellipsoid(points, at["ra"], upright, np.array([0.92 * r, 0.98 * r, 1.12 * r]))
    tricuspid_inlet = tube(
        points, np.stack([at["tricuspid"], at["ra"]]), np.array([size["tricuspid_radius"], 0.7 * r])
    )
    ra = smooth_union(ra, tricuspid_inlet, 6.0)
    ra = ra.maximum(half_space(points, at["tricuspid"], at["tricuspid_normal"]))
    septum = (la - ra) / 2.0
    return {"la": la.maximum(septum + half_wall), "ra": ra.maximum(-septum + half_wall)}


def _vessels(heart: Heart, points: torch.Tensor) -> Distances:
    at = heart.points

    def joined(*names: str) -> torch.Tensor:
        return reduce(lambda a, b: a.minimum(b), (tube(points, *heart.lines[name]) for name in names))

    below_aortic = -half_space(points, at["aortic"], at["aortic_normal"])
    below_pulmonary = -half_space(points, at["pulmonary"], at["pulmonary_normal"])
    root = tube(points, *heart.lines["root"]).maximum(below_aortic)
    trunk = tube(points, *heart.lines["trunk"]).maximum(below_pulmonary)
    return {
        "aorta": smooth_union(root, tube(points, *heart.lines["aorta"]), 3.0),
        "pulmonary_artery": smooth_union(trunk, joined("right_pa", "left_pa"), 4.0),
        "svc": joined("svc"),
        "ivc": joined("ivc"),
        "pulmonary_vein": joined("right_upper_vein", "right_lower_vein", "left_upper_vein", "left_lower_vein"),
        "arch_branch": joined("branch_1", "branch_2", "branch_3"),
    }

"""Centre lines and radii of the vessels and appendages of a procedural heart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recon.anatomy.shapes import spline

Line = tuple[np.ndarray, np.ndarray]  # points (k, 3) in the heart's frame, radii (k,), mm


def sample_lines(
    rng: np.random.Generator, at: Mapping[str, np.ndarray], sizes: Mapping[str, float]
) -> dict[str, Line]:
    """All vessels of one heart, by name."""
    return (
        _aorta(rng, at, sizes)
        | _pulmonary(rng, at, sizes)
        | _veins(rng, at, sizes)
        | _appendages(rng, at, sizes)
    )


def line(
    rng: np.random.Generator, knots: Sequence, radii_mm: Sequence[float], n: int, jitter_mm: float
) -> Line:
    """A smooth line through the knots, all but the first moved at random; radii change linearly."""
    moved = np.array(knots, dtype=np.float64)
    moved[1:] += rng.normal(0.0, jitter_mm, moved[1:].shape)
    return spline(moved, n), np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(radii_mm)), radii_mm)


def _aorta(
    rng: np.random.Generator, at: Mapping[str, np.ndarray], sizes: Mapping[str, float]
) -> dict[str, Line]:
    ao, up = at["aortic"], at["aortic_normal"]
    r_ao, r_asc, r_desc = sizes["aortic_radius"], sizes["ascending_radius"], sizes["descending_radius"]
    stj = ao + around_height(sizes) * up
    junction = max(1.08 * r_ao, 0.85 * r_asc)
    arch = [stj, (-31, -33, 48), (-32, -26, 70), (-20, -6, 88), (-5, 18, 88), (3, 38, 72), (4, 46, 45)]
    down = [(5, 48, 0), (3, 46, -45), (-4, 46, -95), (-8, 46, -150)]
    radii = [junction, r_asc, r_asc, 0.93 * r_asc, 0.86 * r_asc, r_desc, r_desc]
    radii += [r_desc, r_desc, 0.95 * r_desc, 0.9 * r_desc]
    return {
        "root": (np.stack([ao, ao + 5 * up, stj]), np.array([r_ao, 1.06 * r_ao, junction])),
        "aorta": line(rng, arch + down, radii, 26, 2.5),
        "branch_1": line(rng, [(-24, -10, 92), (-34, -14, 118), (-44, -16, 150)], [6.5, 6, 5], 4, 2.0),
        "branch_2": line(rng, [(-14, 4, 95), (-14, 2, 120), (-10, 0, 150)], [4, 3.8, 3.5], 4, 2.0),
        "branch_3": line(rng, [(-4, 16, 93), (0, 16, 120), (10, 14, 150)], [5, 4.8, 4.5], 4, 2.0),
    }


def around_height(sizes: Mapping[str, float]) -> float:
    """Height of the sinotubular junction above the ring, mm."""
    return 1.75 * sizes["aortic_radius"]


def _pulmonary(
    rng: np.random.Generator, at: Mapping[str, np.ndarray], sizes: Mapping[str, float]
) -> dict[str, Line]:
    pa, up, r = at["pulmonary"], at["pulmonary_normal"], sizes["pulmonary_radius"]
    fork = np.array((3.0, -24.0, 55.0)) + rng.normal(0.0, 2.0, 3)
    right = [fork, (-16, -6, 57), (-42, 0, 54), (-68, 4, 47)]
    left = [fork, (12, -6, 62), (28, 10, 62), (44, 26, 54)]
    return {
        "trunk": line(rng, [pa, pa + 16 * up, fork], [r, 1.08 * r, 0.95 * r], 6, 1.5),
        "right_pa": line(rng, right, [0.85 * r, 0.75 * r, 0.7 * r, 0.5 * r], 8, 1.5),
        "left_pa": line(rng, left, [0.88 * r, 0.78 * r, 0.7 * r, 0.5 * r], 8, 1.5),
    }


def _veins(
    rng: np.random.Generator, at: Mapping[str, np.ndarray], sizes: Mapping[str, float]
) -> dict[str, Line]:
    la, ra, wide, high = at["la"], at["ra"], sizes["la_width"], sizes["la_height"]
    radii = np.array([8.0, 7.0, 5.0]) * np.exp(rng.normal(0.0, 0.12))
    pulmonary = {
        "right_upper_vein": [la + (-0.7 * wide, 3, 0.4 * high), (-62, 22, 37), (-88, 18, 44)],
        "right_lower_vein": [la + (-0.7 * wide, 6, -0.3 * high), (-60, 31, 8), (-88, 38, 2)],
        "left_upper_vein": [la + (0.75 * wide, 4, 0.4 * high), (34, 22, 38), (58, 28, 46)],
        "left_lower_vein": [la + (0.75 * wide, 7, -0.2 * high), (34, 34, 12), (58, 44, 6)],
    }
    svc = [ra + (2, 3, 20), (-47, -18, 50), (-46, -24, 80), (-44, -26, 130)]
    ivc = [ra + (-3, 10, -14), (-54, 6, -30), (-50, 8, -62), (-44, 12, -150)]
    found = {name: line(rng, knots, list(radii), 5, 2.5) for name, knots in pulmonary.items()}
    found["svc"] = line(rng, svc, [9.5, 9, 9, 8], 8, 2.0)
    found["ivc"] = line(rng, ivc, [11, 12, 12, 11], 8, 2.0)
    return found


def _appendages(
    rng: np.random.Generator, at: Mapping[str, np.ndarray], sizes: Mapping[str, float]
) -> dict[str, Line]:
    """The left one leaves its ostium forwards along the pulmonary trunk; the right one lies before the aorta."""
    start, out, r = at["appendage"], at["appendage_normal"], sizes["appendage_radius"]
    left = [start - 4.0 * out, start + 8.0 * out, start + (16, -16, 0), start + (18, -32, -5)]
    ra = at["ra"]
    right = [ra + (4, -10, 14), ra + (12, -22, 24), ra + (22, -30, 30)]
    return {
        "appendage": line(rng, left, [r, r, 0.9 * r, 0.45 * r], 6, 1.5),
        "right_appendage": line(rng, right, [14, 11, 6], 5, 1.5),
    }

"""How large a procedural heart's parts are and where they lie, drawn at random.

Mean positions of valves, chambers and vessels follow the means over a published virtual cohort of adult hearts (Rodero
et al., PLOS Comput Biol 2021); spreads are widened to cover dilated, thickened and tilted hearts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.frames import rotation_from_vector
from recon.anatomy.details import sample_details
from recon.anatomy.root_points import root_points
from recon.anatomy.shapes import frame_along

_SEPTAL = np.array((-20.0, -26.0, -6.0)) / 33.3


def around(rng: np.random.Generator, mean: float, spread: float, low: float, high: float) -> float:
    """A normal draw, clipped."""
    return float(np.clip(rng.normal(mean, spread), low, high))


def sample_sizes(rng: np.random.Generator) -> dict[str, float]:
    """Radii, lengths and thicknesses in mm (roundness, exponents and shares without unit)."""
    contraction = rng.beta(1.2, 1.6)  # 0 end-diastole, 1 end-systole
    thick = 5.0 * rng.beta(1.0, 5.0)
    right = rng.normal(0.0, 1.0)  # large right ventricles are large in every direction
    aortic = around(rng, 11.6, 1.0, 9.3, 14.5)
    return {
        "contraction": contraction,
        "lv_length": around(rng, 87.0, 6.0, 70.0, 104.0) * (1.0 - 0.16 * contraction),
        "lv_radius": around(rng, 25.0, 2.5, 19.0, 33.0) * (1.0 - 0.30 * contraction),
        "lv_wall": around(rng, 7.4, 1.1, 5.2, 10.0) + thick + 3.0 * contraction,
        "apical_wall": around(rng, 5.0, 1.5, 2.0, 9.0),
        "lv_widest": around(rng, 0.34, 0.03, 0.26, 0.42),
        "lv_roundness": around(rng, 1.03, 0.05, 0.9, 1.18),
        "lv_exponent": around(rng, 2.1, 0.15, 1.8, 2.6),
        "septal_flattening": 5.0 * rng.beta(1.0, 5.0),
        "papillary_radius": around(rng, 3.6, 0.6, 2.2, 5.2),
        "rv_depth": (around(rng, 38.5, 2.5, 32.0, 46.0) + 2.5 * right) * (1.0 - 0.30 * contraction),
        "rv_anterior": (around(rng, 40.0, 3.0, 31.0, 49.0) + 2.0 * right) * (1.0 - 0.18 * contraction),
        "rv_inferior": (around(rng, 30.0, 2.5, 23.0, 37.0) + 2.0 * right) * (1.0 - 0.18 * contraction),
        "rv_reach": around(rng, 0.62, 0.05, 0.5, 0.74),
        "rv_exponent": around(rng, 2.3, 0.2, 1.9, 2.8),
        "rv_wall": around(rng, 3.3, 0.6, 2.2, 5.5),
        "rv_bulge": around(rng, 6.0, 2.0, 1.0, 11.0),
        "la_width": around(rng, 31.0, 2.8, 24.0, 42.0) * (0.95 + 0.1 * contraction),
        "la_depth": around(rng, 20.0, 2.3, 15.0, 30.0),
        "la_height": around(rng, 25.0, 2.3, 19.0, 35.0),
        "la_exponent": around(rng, 2.3, 0.2, 1.9, 2.8),
        "ra_width": around(rng, 25.0, 2.5, 19.0, 34.0),
        "ra_depth": around(rng, 27.0, 2.6, 20.0, 36.0),
        "ra_height": around(rng, 31.0, 3.0, 23.0, 41.0),
        "ra_exponent": around(rng, 2.2, 0.2, 1.9, 2.7),
        "atrial_wall": around(rng, 2.2, 0.4, 1.4, 3.2),
        "mitral_radius": around(rng, 15.5, 1.5, 12.0, 20.0),
        "tricuspid_radius": around(rng, 17.0, 1.7, 13.0, 22.0),
        "aortic_radius": aortic,
        "sinus_radius": max(around(rng, 1.40, 0.08, 1.22, 1.62) * aortic, aortic + 2.0),
        "pulmonary_radius": around(rng, 11.8, 1.1, 9.3, 15.0),
        "ascending_radius": around(rng, 15.3, 2.2, 11.0, 23.0),
        "descending_radius": around(rng, 11.5, 1.3, 8.5, 16.0),
        "vessel_wall": around(rng, 1.6, 0.3, 1.0, 2.4),
        "appendage_radius": around(rng, 9.0, 1.5, 6.0, 13.0),
        "fat": around(rng, 4.5, 1.6, 1.5, 8.5),
        "septal_bulk": 0.0,
        "aneurysm_radius": 0.0,
        "effusion": 0.0,
        **sample_details(rng, contraction),
    }


def sample_points(rng: np.random.Generator, sizes: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Positions and unit directions (3,), mm in the heart's frame."""

    def near(mean: tuple[float, float, float], spread: float) -> np.ndarray:
        return np.array(mean) + rng.normal(0.0, spread, 3)

    def towards(mean: tuple[float, float, float], spread_deg: float) -> np.ndarray:
        turn = rotation_from_vector(np.radians(rng.normal(0.0, spread_deg, 3)))
        return turn @ (np.array(mean) / np.linalg.norm(mean))

    long_axis = towards((0.50, -0.55, -0.66), 4.0)
    base = near((-1.0, -6.0, 2.0), 1.0)
    axes = frame_along(long_axis, _SEPTAL)
    epicardial = sizes["lv_radius"] + sizes["lv_wall"]
    points = {
        "mitral": np.zeros(3),
        "mitral_normal": towards((0.56, -0.49, -0.67), 4.0),
        "aortic": near((-11.0, -19.5, 14.5), 1.5),
        "aortic_normal": towards((-0.50, -0.33, 0.80), 5.0),
        "tricuspid": near((-34.0, -27.5, -13.5), 2.0),
        "tricuspid_normal": towards((0.60, -0.62, -0.50), 5.0),
        "pulmonary": near((1.5, -48.5, 28.0), 2.0),
        "pulmonary_normal": towards((-0.05, 0.28, 0.95), 6.0),
        "base": base,
        "long_axis": long_axis,
        "septal": axes[1],
        "rv_axis": towards(tuple(long_axis - 0.2 * axes[1]), 4.0),
        "rv_middle": base
        + 0.27 * sizes["lv_length"] * axes[0]
        + (0.82 * epicardial) * axes[1]
        - 8.0 * axes[2]
        + rng.normal(0.0, 1.5, 3),
        "la": near((-14.0, 15.0, 20.0), 2.0),
        "ra": near((-49.0, -19.0, 2.0), 2.5),
    }
    out_of_la = np.array((0.85, -0.5, 0.1))
    points["appendage"] = points["la"] + (0.72 * sizes["la_width"], -0.72 * sizes["la_depth"], 6.0)
    points["appendage_normal"] = towards(tuple(out_of_la), 8.0)
    return points


def sample_root(
    rng: np.random.Generator, points: Mapping[str, np.ndarray], sizes: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Hinge points and coronary ostia (3,) of a root whose valves lie at `points`."""
    return root_points(
        points["aortic"],
        points["aortic_normal"],
        points["pulmonary"],
        points["tricuspid"],
        sizes["aortic_radius"],
        0.95 * sizes["sinus_radius"],
        (around(rng, 13.5, 2.5, 8.0, 20.0), around(rng, 14.5, 2.5, 9.0, 21.0)),
        rng.normal(0.0, 8.0),
    )

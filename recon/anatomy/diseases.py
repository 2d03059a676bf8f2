"""Diseased and malformed hearts as changes of a healthy heart's sizes and positions, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from recon.anatomy.defects import Defect

Sizes = dict[str, float]
Points = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Malformation:
    """What a malformation changes beside sizes: positions, holes, and which valves the ventricles lead to."""

    points: dict[str, np.ndarray] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()
    lv_exits: tuple[str, ...] = ("aortic",)
    rv_exits: tuple[str, ...] = ("pulmonary",)


HEART_DISEASES = (
    "concentric_hypertrophy",
    "septal_hypertrophy",
    "dilated_lv",
    "dilated_rv",
    "dilated_atria",
    "lv_aneurysm",
    "aortic_aneurysm",
    "effusion",
    "vsd",
    "asd",
    "tetralogy",
    "transposition",
    "double_outlet_rv",
    "hypoplastic_lv",
    "hypoplastic_rv",
)
# Distances are exact to `shapes.MARGIN_MM` only, so fluid and fat together have to stay below it.
LARGEST_EFFUSION_MM = 7.5
FAT_UNDER_EFFUSION_MM = 2.0
MIRRORED = "situs_inversus"  # the whole patient mirrored; any heart may lie so
DISEASES = (*HEART_DISEASES, MIRRORED)


def diseased_sizes(disease: str, healthy: Mapping[str, float], rng: np.random.Generator) -> Sizes:
    """Sizes (mm) of a heart with this disease. Raises KeyError for a name that is not in `HEART_DISEASES`."""
    if disease not in HEART_DISEASES:
        raise KeyError(disease)
    size = dict(healthy)

    def scale(low: float, high: float, *keys: str) -> None:
        factor = rng.uniform(low, high)
        for key in keys:
            size[key] *= factor

    if disease == "concentric_hypertrophy":
        size["lv_wall"] += rng.uniform(4.0, 9.0)
        size["apical_wall"] += rng.uniform(2.0, 6.0)
        scale(0.82, 0.95, "lv_radius")
    elif disease == "septal_hypertrophy":
        size["septal_bulk"] = rng.uniform(4.0, 9.0)
        size["lv_wall"] += rng.uniform(0.0, 3.0)
    elif disease == "dilated_lv":
        scale(1.2, 1.45, "lv_radius", "mitral_radius")
        scale(1.03, 1.12, "lv_length")
        size["lv_wall"] = max(5.0, size["lv_wall"] - rng.uniform(0.5, 2.5))
    elif disease == "dilated_rv":
        scale(1.12, 1.3, "rv_depth", "rv_anterior", "rv_inferior", "tricuspid_radius", "ra_width", "ra_depth")
        size["septal_flattening"] += rng.uniform(2.0, 7.0)
    elif disease == "dilated_atria":
        scale(1.15, 1.45, "la_width", "la_depth", "la_height")
        scale(1.1, 1.35, "ra_width", "ra_depth", "ra_height")
    elif disease == "lv_aneurysm":
        size["aneurysm_radius"] = rng.uniform(0.55, 0.95) * size["lv_radius"]
    elif disease == "aortic_aneurysm":
        size["ascending_radius"] = rng.uniform(20.5, 30.0)
        scale(1.0, 1.3, "sinus_radius", "aortic_radius")
    elif disease == "effusion":
        size["effusion"] = rng.uniform(3.0, LARGEST_EFFUSION_MM)
        size["fat"] = min(size["fat"], FAT_UNDER_EFFUSION_MM)
    elif disease == "tetralogy":
        scale(0.45, 0.8, "pulmonary_radius")
        scale(1.05, 1.25, "aortic_radius", "sinus_radius")
        size["rv_wall"] += rng.uniform(2.0, 5.0)
    elif disease in ("transposition", "double_outlet_rv"):
        size["rv_wall"] += rng.uniform(1.0, 4.0)
    elif disease == "hypoplastic_lv":
        scale(0.55, 0.75, "lv_radius", "mitral_radius", "aortic_radius", "sinus_radius")
        scale(0.6, 0.75, "lv_length")
        scale(1.1, 1.25, "rv_depth", "tricuspid_radius", "pulmonary_radius")
    elif disease == "hypoplastic_rv":
        scale(0.6, 0.78, "rv_depth", "rv_anterior", "rv_inferior", "rv_reach", "tricuspid_radius")
        scale(1.05, 1.2, "lv_radius", "mitral_radius")
    return size


def diseased_points(
    disease: str, at: Points, sizes: Mapping[str, float], rng: np.random.Generator
) -> Malformation:
    """What changes beside the sizes; nothing for diseases that are of size alone."""
    shapers: Mapping[str, Callable[[Points, Mapping[str, float], np.random.Generator], Malformation]] = {
        "vsd": lambda at, sizes, rng: Malformation(defects=(_any_vsd(at, sizes, rng),)),
        "asd": lambda at, sizes, rng: Malformation(defects=(_asd(at, rng),)),
        "tetralogy": _tetralogy,
        "transposition": _transposition,
        "double_outlet_rv": _double_outlet_rv,
        "hypoplastic_lv": lambda at, sizes, rng: Malformation(defects=(_asd(at, rng),)),
        "hypoplastic_rv": lambda at, sizes, rng: Malformation(
            defects=(_any_vsd(at, sizes, rng), _asd(at, rng))
        ),
    }
    return shapers[disease](at, sizes, rng) if disease in shapers else Malformation()


def _vsd(at: Points, sizes: Mapping[str, float], height: float, inferior: float, radius_mm: float) -> Defect:
    """A hole across the septum, `height` from the base to the apex (0-1), `inferior` of the septum's middle (mm)."""
    down = np.cross(at["long_axis"], at["septal"])
    middle = at["base"] + height * sizes["lv_length"] * at["long_axis"] + inferior * down
    reach = sizes["lv_radius"] + sizes["lv_wall"] + 8.0
    return Defect(
        ("lv", "rv"), middle + 0.4 * sizes["lv_radius"] * at["septal"], middle + reach * at["septal"], radius_mm
    )


def _any_vsd(at: Points, sizes: Mapping[str, float], rng: np.random.Generator) -> Defect:
    return _vsd(at, sizes, rng.uniform(0.1, 0.6), rng.uniform(-10.0, 8.0), rng.uniform(2.5, 8.0))


def _asd(at: Points, rng: np.random.Generator) -> Defect:
    return Defect(
        ("la", "ra"),
        0.75 * at["la"] + 0.25 * at["ra"],
        0.25 * at["la"] + 0.75 * at["ra"] + rng.normal(0.0, 3.0, 3),
        rng.uniform(3.0, 12.0),
    )


def _tetralogy(at: Points, sizes: Mapping[str, float], rng: np.random.Generator) -> Malformation:
    """The aorta moved over the septum, a wide hole below it, a narrow pulmonary valve."""
    shift = rng.uniform(5.0, 10.0) * at["septal"]
    moved = {"aortic": at["aortic"] + shift}
    below = _vsd(at, sizes, rng.uniform(0.12, 0.22), rng.uniform(-10.0, -3.0), rng.uniform(6.0, 9.0))
    return Malformation(moved, (below,))


def _transposition(at: Points, sizes: Mapping[str, float], rng: np.random.Generator) -> Malformation:
    """The aorta in front from the right ventricle, the pulmonary trunk behind from the left one."""
    moved = {
        "aortic": at["pulmonary"] + (-9.0, 1.0, -4.0) + rng.normal(0.0, 1.5, 3),
        "aortic_normal": _unit(at["pulmonary_normal"] + (-0.15, -0.1, 0.0)),
        "pulmonary": at["aortic"] + (5.0, 2.0, 2.0) + rng.normal(0.0, 1.5, 3),
        "pulmonary_normal": _unit(np.array((0.05, -0.05, 1.0))),
    }
    holes = (_any_vsd(at, sizes, rng),) if rng.random() < 0.4 else ()
    return Malformation(moved, (*holes, _asd(at, rng)), ("pulmonary",), ("aortic",))


def _double_outlet_rv(at: Points, sizes: Mapping[str, float], rng: np.random.Generator) -> Malformation:
    """Both arteries side by side from the right ventricle; the left one empties through a hole."""
    moved = {
        "aortic": at["pulmonary"] + (-26.0, 7.0, -7.0) + rng.normal(0.0, 1.5, 3),
        "aortic_normal": _unit(at["pulmonary_normal"] + (-0.1, -0.2, 0.0)),
    }
    hole = _vsd(at, sizes, rng.uniform(0.12, 0.25), rng.uniform(-10.0, 0.0), rng.uniform(6.0, 9.5))
    return Malformation(moved, (hole,), (), ("pulmonary", "aortic"))


def _unit(direction: np.ndarray) -> np.ndarray:
    return direction / np.linalg.norm(direction)

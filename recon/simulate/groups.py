"""Which tissues usually look alike: every tissue belongs to exactly one group, and contrasts are told by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recon.anatomy.tissues import TISSUES, VALUE

LEFT_BLOOD = ("lv", "la", "aorta", "pulmonary_vein", "arch_branch", "la_appendage", "coronary_artery")
RIGHT_BLOOD = ("rv", "ra", "pulmonary_artery", "svc", "ivc", "coronary_vein", "lung_vessel")
HEART_MUSCLE = ("lv_myocardium", "papillary", "rv_wall", "atrial_wall", "lv_trabeculae", "rv_trabeculae")
THIN_WALLS = (
    "vessel_wall",
    "pericardium",
    "mitral_leaflet",
    "tricuspid_leaflet",
    "aortic_leaflet",
    "pulmonary_leaflet",
)
MUSCLES = ("muscle", "diaphragm", "oesophagus", "stomach")
ORGANS = ("liver", "spleen", "liver_vessel")
FATS = ("heart_fat", "skin_fat", "mediastinum")
FLUIDS = ("effusion", "pleural_effusion", "spinal_canal")
SKELETON = ("bone", "marrow", "cartilage")
AIRY = ("air", "lung", "airway", "stomach_gas")

GROUPS: Mapping[str, tuple[str, ...]] = {
    "left_blood": LEFT_BLOOD,
    "right_blood": RIGHT_BLOOD,
    "heart_muscle": HEART_MUSCLE,
    "thin_walls": THIN_WALLS,
    "muscles": MUSCLES,
    "organs": ORGANS,
    "fats": FATS,
    "fluids": FLUIDS,
    "skeleton": SKELETON,
    "airy": AIRY,
}
BLOOD = LEFT_BLOOD + RIGHT_BLOOD


def values_of(names: Sequence[str]) -> list[int]:
    """Tissue values of these names."""
    return [VALUE[name] for name in names]


def is_one_of(names: Sequence[str]) -> np.ndarray:
    """Table (n_tissues,) of bool: whether a tissue is one of these."""
    table = np.zeros(len(TISSUES), dtype=bool)
    table[values_of(names)] = True
    return table


def assign(means: np.ndarray, names: Sequence[str], brightness: float | Sequence[float] | np.ndarray) -> None:
    """Set the brightness of these tissues in a table (n_tissues,), in place."""
    means[values_of(names)] = brightness

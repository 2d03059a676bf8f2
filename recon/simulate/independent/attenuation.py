"""How tissues weaken x-rays: their content of a few base materials, and what each of these does per energy.

Source of the mass attenuation coefficients: Hubbell and Seltzer, NISTIR 5632 (materials after ICRU Report 44).
Source of the densities: ICRU Report 44 and ICRP Publication 110.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recon.anatomy.tissues import TISSUES

ENERGIES_KEV = (40.0, 50.0, 60.0, 80.0, 100.0)
# Share of each energy in what an energy-integrating detector reads from an unweakened beam of 120 kV behind its filter,
# in coarse steps; one mg of iodine per ml then adds about 27 HU, as is measured at 120 kV.
SPECTRUM = np.array((0.06, 0.14, 0.23, 0.31, 0.26))

BASES = ("water", "soft", "fat", "bone", "iodine")
CM2_PER_G = np.array(
    (
        (0.2683, 0.2269, 0.2059, 0.1837, 0.1707),  # liquid water
        (0.2688, 0.2264, 0.2048, 0.1823, 0.1693),  # skeletal muscle
        (0.2396, 0.2123, 0.1974, 0.1800, 0.1688),  # adipose tissue
        (0.6655, 0.4242, 0.3148, 0.2229, 0.1855),  # cortical bone
        (22.10, 12.32, 7.579, 3.510, 1.942),  # iodine
    )
)
"""Mass attenuation coefficients (bases, energies)."""

_SOFT = {
    "lung": 0.20,
    "air": 0.0012,
    "airway": 0.0012,
    "stomach_gas": 0.0012,
    "liver": 1.06,
    "spleen": 1.06,
    "cartilage": 1.10,
    "pericardium": 1.03,
    "stomach": 1.03,
    "oesophagus": 1.03,
}
_FAT = {"heart_fat": 0.95, "skin_fat": 0.95, "mediastinum": 0.96}
_WATERY = {"effusion": 1.01, "pleural_effusion": 1.01, "spinal_canal": 1.01}
_BLOOD = 1.06
_MUSCLE = 1.05
_LEFT = ("lv", "la", "la_appendage", "aorta", "arch_branch", "pulmonary_vein", "coronary_artery")
_RIGHT = ("rv", "ra", "pulmonary_artery", "lung_vessel", "coronary_vein")
_VENOUS = ("svc", "ivc", "liver_vessel")
_PERFUSED = ("lv_myocardium", "papillary", "rv_wall", "atrial_wall", "lv_trabeculae", "rv_trabeculae")


@dataclass(frozen=True)
class Iodine:
    """Contrast agent in mg of iodine per ml of blood, perfused muscle and organs."""

    left: float = 13.0
    right: float = 6.0
    svc: float = 11.0
    muscle: float = 1.8
    organs: float = 1.0


def densities(iodine: Iodine) -> np.ndarray:
    """Content of the base materials per tissue, g per ml: (tissues, bases)."""
    table = np.zeros((len(TISSUES), len(BASES)))
    for row, name in zip(table, TISSUES, strict=True):
        row[BASES.index("iodine")] = 1e-3 * _iodine(name, iodine)
        if name in _WATERY:
            row[BASES.index("water")] = _WATERY[name]
        elif name in _FAT:
            row[BASES.index("fat")] = _FAT[name]
        elif name == "bone":
            row[BASES.index("bone")] = 1.60
        elif name == "marrow":  # spongy bone: marrow with a tenth of mineral
            row[BASES.index("soft")], row[BASES.index("bone")] = 0.98, 0.16
        else:
            is_blood = name in _LEFT + _RIGHT + _VENOUS
            row[BASES.index("soft")] = _SOFT.get(name, _BLOOD if is_blood else _MUSCLE)
    return table


def _iodine(name: str, iodine: Iodine) -> float:
    by_place = {
        **dict.fromkeys(_LEFT, iodine.left),
        **dict.fromkeys(_RIGHT, iodine.right),
        **dict.fromkeys(_PERFUSED, iodine.muscle),
        **dict.fromkeys(("liver", "spleen", "ivc", "liver_vessel"), iodine.organs),
        "svc": iodine.svc,
    }
    return by_place.get(name, 0.0)

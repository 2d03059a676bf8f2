"""The tissues a synthetic patient is painted with, and which of them a network has to predict."""

from __future__ import annotations

from core.anatomy import HEART_BY_KEY

# Order is stable: a tissue's position is its value in a painted map. Zero is air around the body.
TISSUES: tuple[str, ...] = (
    "air",
    "lv",
    "lv_myocardium",
    "rv",
    "la",
    "ra",
    "aorta",
    "pulmonary_artery",
    "papillary",
    "rv_wall",
    "atrial_wall",
    "vessel_wall",
    "pulmonary_vein",
    "svc",
    "ivc",
    "arch_branch",
    "heart_fat",
    "lung",
    "bone",
    "marrow",
    "muscle",
    "skin_fat",
    "liver",
    "oesophagus",
    "airway",
    "stomach",
    "mediastinum",
)
VALUE: dict[str, int] = {name: value for value, name in enumerate(TISSUES)}
TARGET: tuple[int, ...] = tuple(
    HEART_BY_KEY["lv"].value if name == "papillary" else HEART_BY_KEY[name].value if name in HEART_BY_KEY else 0
    for name in TISSUES
)
"""Structure value to predict for each tissue; papillary muscles count as blood pool, as MM-WHS defines it."""
N_STRUCTURES = len(HEART_BY_KEY)

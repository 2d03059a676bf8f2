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
    "la_appendage",
    "mitral_leaflet",
    "tricuspid_leaflet",
    "aortic_leaflet",
    "pulmonary_leaflet",
    "lv_trabeculae",
    "rv_trabeculae",
    "coronary_artery",
    "coronary_vein",
    "pericardium",
    "effusion",
    "spleen",
    "diaphragm",
    "cartilage",
    "spinal_canal",
    "stomach_gas",
    "liver_vessel",
    "lung_vessel",
    "pleural_effusion",
)
VALUE: dict[str, int] = {name: value for value, name in enumerate(TISSUES)}
# What MM-WHS counts as blood pool although it is none: leaflets belong to the cavity that they hang in.
WITHIN: dict[str, str] = {
    "papillary": "lv",
    "lv_trabeculae": "lv",
    "rv_trabeculae": "rv",
    "la_appendage": "la",
    "mitral_leaflet": "lv",
    "tricuspid_leaflet": "rv",
    "aortic_leaflet": "aorta",
    "pulmonary_leaflet": "pulmonary_artery",
}


def _target(tissue: str) -> int:
    key = WITHIN.get(tissue, tissue)
    return HEART_BY_KEY[key].value if key in HEART_BY_KEY else 0


TARGET: tuple[int, ...] = tuple(_target(name) for name in TISSUES)
"""Structure value to predict for each tissue, 0 for none of them."""
N_STRUCTURES = len(HEART_BY_KEY)

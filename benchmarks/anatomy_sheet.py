"""`python -m benchmarks.anatomy_sheet --out FILE`: synthetic patients as pictures; only an eye sees what looks wrong.

Each row of tiles is one patient: an axial, a coronal and a sagittal slice through the middle of the heart, tissues in
colours, structures in the colours of the application.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from core.anatomy import HEART
from recon.anatomy.patient import SyntheticPatient, grid_points, paint, sample_patient
from recon.anatomy.tissues import TARGET, TISSUES, VALUE

TILE_PX = 170
FIELD_MM = 190.0
PER_ROW = 2
# Axes of the three slices as they are looked at: to the right and down on the screen, LPS.
VIEWS = (
    ("axial", (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    ("coronal", (1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    ("sagittal", (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
)
_GREYS = {"air": 0, "lung": 30, "lung_vessel": 90, "bone": 235, "marrow": 190, "heart_fat": 55, "skin_fat": 60}
_COLOURS = {
    "coronary_artery": (255, 60, 60),
    "coronary_vein": (70, 110, 255),
    "rv_wall": (170, 140, 120),
    "atrial_wall": (200, 150, 150),
    "vessel_wall": (210, 190, 150),
    "pericardium": (230, 230, 160),
}


def palette() -> np.ndarray:
    """Colour (k, 3) uint8 of every tissue."""
    colours = {kind.value: tuple(round(255 * c) for c in kind.colour) for kind in HEART}
    table = np.full((len(TISSUES), 3), 120, dtype=np.uint8)
    for value, name in enumerate(TISSUES):
        if TARGET[value]:
            shade = 1.0 if name in {kind.key for kind in HEART} else 0.75
            table[value] = (shade * np.array(colours[TARGET[value]])).astype(np.uint8)
        elif name in _GREYS:
            table[value] = _GREYS[name]
    for name, colour in _COLOURS.items():
        table[VALUE[name]] = colour
    return table


def slices(seed: int, disease: str | None = None) -> list[np.ndarray]:
    """Tissue values (TILE_PX, TILE_PX) of one patient in the three views."""
    patient = sample_patient(seed, disease=disease)
    at = patient.landmarks()
    middle = 0.5 * (at["mitral_valve"] + at["tricuspid_valve"])
    middle = 0.7 * middle + 0.3 * at["lv_apex"]
    return [_slice(patient, middle, np.array(right), np.array(down)) for _, right, down in VIEWS]


def _slice(patient: SyntheticPatient, middle: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    step = FIELD_MM / TILE_PX
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = np.cross(right, down), step * down, step * right
    affine[:3, 3] = middle - 0.5 * (TILE_PX - 1) * step * (right + down)
    points: torch.Tensor = grid_points(affine, (1, TILE_PX, TILE_PX))
    return paint(patient, points).numpy().reshape(TILE_PX, TILE_PX)


def sheet(seeds: list[int], disease: str | None = None) -> Image.Image:
    """All patients of the seeds on one picture, each named by its seed."""
    table = palette()
    rows = -(-len(seeds) // PER_ROW)
    picture = Image.new("RGB", (PER_ROW * len(VIEWS) * TILE_PX, rows * TILE_PX))
    pen = ImageDraw.Draw(picture)
    for i, seed in enumerate(seeds):
        top, left = i // PER_ROW * TILE_PX, i % PER_ROW * len(VIEWS) * TILE_PX
        for k, tissues in enumerate(slices(seed, disease)):
            picture.paste(Image.fromarray(table[tissues]), (left + k * TILE_PX, top))
            pen.text((left + k * TILE_PX + 3, top + 2), f"{seed} {VIEWS[k][0]}", fill=(255, 255, 255))
    return picture


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.anatomy_sheet", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first-seed", type=int, default=7000)
    parser.add_argument(
        "--seeds", type=int, nargs="*", help="these patients instead of 24 from the first seed on"
    )
    parser.add_argument("--disease")
    options = parser.parse_args()
    seeds = options.seeds or list(range(options.first_seed, options.first_seed + 24))
    sheet(seeds, options.disease).save(options.out)
    print(f"{len(seeds)} patients: {options.out}")


if __name__ == "__main__":
    main()

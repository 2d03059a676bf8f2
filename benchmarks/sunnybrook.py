"""Overlap of the left ventricle with experts' contours on whole short-axis stacks (Sunnybrook Cardiac Data).

The pictures came as PNG without their headers. So three things are ASSUMED, from the published description of the set
(Radau et al., 2009: 256 x 256 pixels of 320 mm, slices of 8 mm every 8 mm) and from textbook anatomy, and a stack that
was taken otherwise is scored too low: pixels of 1.25 mm, slices 8 mm apart counted from base to apex, and one usual
direction of the heart's axis for everybody. How a picture was turned about that axis differs between patients and is
not known either: of TURNS_DEG the one is taken where the reconstruction itself is surest that it sees a heart
(`recon.refusal`); the contours have no say in it. Nothing here is trained on or tuned to these pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.reconstruction import engine_cache
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.volume import Volume
from recon.quality import dice
from recon.run import reconstruct
from recon.weights import WEIGHTS_FOLDER

PIXEL_MM, STEP_MM = 1.25, 8.0
N_PHASES = 20
FEWEST_SLICES = 5
# LPS: the axis runs to the apex, left, forward and down; a picture's right runs to the patient's left and up.
TO_APEX = np.array((0.60, -0.58, -0.55)) / np.linalg.norm((0.60, -0.58, -0.55))
TO_THE_RIGHT = np.array((0.79, 0.0, 0.61))
TURNS_DEG = (0.0, 38.0)
NAME = re.compile(r"(?P<patient>SC-[A-Z]+(?:-[A-Z]+)?-\d+)-IM-\d+-(?P<number>\d+)\.dcm\.png")


@dataclass(frozen=True)
class Stack:
    """The pictures and contours of one patient at one phase, by slice number."""

    patient: str
    phase: int
    images: dict[int, Path]
    labels: dict[int, Path]


def main() -> None:
    """Score every stack and print the mean, by group of patients and over all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stacks", type=int, default=0, help="only the first so many; 0: all")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    data = Path(os.environ.get("AURICLE_DATA", Path(__file__).parents[2] / "shared" / "data")) / "sunnybrook"
    stacks = find_stacks(data)
    rows: list[dict[str, Any]] = []
    for stack in stacks[: options.stacks or None]:
        row = {"patient": stack.patient, "phase": stack.phase, "slices": len(stack.images)}
        rows.append({**row, **_score(stack, options)})
        score = rows[-1]["dice"]
        print(
            f"{stack.patient} phase {stack.phase + 1}: {'refused' if score is None else f'{score:.3f}'}",
            flush=True,
        )
    scored = [row["dice"] for row in rows if row["dice"] is not None]
    print(f"\n{len(rows)} stacks, {len(rows) - len(scored)} refused")
    if scored:
        print(f"LV endocardium Dice: mean {np.mean(scored):.3f}, median {np.median(scored):.3f}")
        print(f"refused ones counted as 0: {np.sum(scored) / len(rows):.3f}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "sunnybrook.json").write_text(json.dumps({"rows": rows}, indent=2) + "\n")


def find_stacks(folder: Path) -> list[Stack]:
    """The stacks of at least FEWEST_SLICES contoured slices, by patient and phase."""
    images: dict[tuple[str, int], dict[int, Path]] = defaultdict(dict)
    labels: dict[tuple[str, int], dict[int, Path]] = defaultdict(dict)
    for kind, found in (("Images", images), ("Labels", labels)):
        for path in sorted((folder / kind).glob("*/*.png")):
            match = NAME.fullmatch(path.name)
            if match is not None:
                number = int(match["number"]) - 1
                found[match["patient"], number % N_PHASES][number // N_PHASES] = path
    return [
        Stack(patient, phase, images[patient, phase], labels[patient, phase])
        for patient, phase in sorted(images)
        if len(labels[patient, phase]) >= FEWEST_SLICES
    ]


def planes_of(stack: Stack, turn_deg: float = 0.0) -> dict[int, Volume]:
    """Slice number to its picture as a plane, placed as assumed; turned clockwise as one sees it."""
    straight = TO_THE_RIGHT - TO_APEX * (TO_THE_RIGHT @ TO_APEX)
    straight /= np.linalg.norm(straight)
    turn = np.radians(turn_deg)
    right = np.cos(turn) * straight + np.sin(turn) * np.cross(-TO_APEX, straight)
    down = np.cross(-TO_APEX, right)
    planes = {}
    for number, path in stack.images.items():
        pixels = np.asarray(Image.open(path).convert("L"), dtype=np.float32)
        affine = np.eye(4)
        affine[:3, :3] = np.stack([TO_APEX * STEP_MM, down * PIXEL_MM, right * PIXEL_MM], axis=1)
        middle = affine[:3, 1:3] @ ((np.array(pixels.shape) - 1.0) / 2.0)
        affine[:3, 3] = TO_APEX * STEP_MM * number - middle
        planes[number] = Volume(pixels[None], affine, "1.2.3", modality="MR")
    return planes


def _score(stack: Stack, options: argparse.Namespace) -> dict[str, float | None]:
    """The overlap at the turn that looks most like a heart; None where all are refused."""
    best: dict[str, float | None] = {"dice": None, "turn_deg": None, "heart": None}
    for turn_deg in TURNS_DEG:
        planes = planes_of(stack, turn_deg)
        try:
            anatomy = reconstruct(
                "heart", list(planes.values()), options.device, None, options.weights, engine_cache()
            )
        except PlannerError:
            continue
        heart = anatomy.report["heart"]["score"]  # type: ignore[index]
        if best["heart"] is None or heart > best["heart"]:
            best = {"dice": _overlap(anatomy, planes, stack), "turn_deg": turn_deg, "heart": heart}
    return best


def _overlap(anatomy: Anatomy, planes: dict[int, Volume], stack: Stack) -> float:
    true = [np.asarray(Image.open(path).convert("L")) > 127 for path in stack.labels.values()]
    found = [_cut(anatomy, planes[number]) for number in stack.labels]
    return dice(np.stack(found), np.stack(true))


def _cut(anatomy: Anatomy, plane: Volume) -> np.ndarray:
    """Where the left ventricle lies in a plane, one value per pixel."""
    labels = anatomy.labels
    assert labels is not None
    pixels = np.indices(plane.shape).reshape(3, -1).T
    index = np.rint(labels.indices_from_patient(plane.patient_from_indices(pixels))).astype(int)
    inside = ((index >= 0) & (index < np.array(labels.shape))).all(axis=1)
    found = np.zeros(len(index), dtype=bool)
    found[inside] = labels.mask("lv")[tuple(index[inside].T)]
    return found.reshape(plane.shape[1:])


if __name__ == "__main__":
    main()

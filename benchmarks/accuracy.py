"""How far reconstructions of unseen synthetic patients are from the exact truth: CT, 3-D MR and cine planes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from app.scoring import StructureError, score
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.volume import LabelMap
from recon.anatomy.patient import SyntheticPatient, paint_grid, sample_patient, truth_label_map
from recon.run import reconstruct
from recon.simulate.cine import simulate_cine
from recon.simulate.study import simulate_ct, simulate_mr
from recon.train.samples import TEST_SEEDS
from recon.weights import WEIGHTS_FOLDER

FIRST_SEED = TEST_SEEDS + 100
KINDS = ("CT", "MR", "cine", "cine, breathing 2.5 mm")


def main() -> None:
    """Print and write a table per kind of image: Dice, ASSD, HD95 and volume error per structure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=6)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--out", type=Path, default=Path("out/bench/accuracy.json"))
    options = parser.parse_args()
    results = {}
    for kind in options.kinds:
        rows, refused = [], 0
        for i in range(options.patients):
            try:
                rows.append(_errors(kind, sample_patient(FIRST_SEED + i), options.weights))
            except PlannerError as refusal:
                print(f"patient {i}, {kind}: {refusal}")
                refused += 1
        results[kind] = _summary(rows, refused)
        print(_table(kind, results[kind]))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _errors(kind: str, patient: SyntheticPatient, weights: Path) -> dict[str, StructureError]:
    if kind in ("CT", "MR"):
        simulated = (simulate_ct if kind == "CT" else simulate_mr)(patient, "1.2.3")
        anatomy, truth = reconstruct("heart", [simulated.image], "cpu", None, weights), simulated.truth
    else:
        planes = simulate_cine(patient, "1.2.3", 2.5 if "breathing" in kind else 0.0)
        anatomy = reconstruct("heart", planes, "cpu", None, weights)
        truth = _truth_on(patient, anatomy)
    assert anatomy.labels is not None
    return score(anatomy.labels, truth, anatomy.surfaces)


def _truth_on(patient: SyntheticPatient, anatomy: Anatomy) -> LabelMap:
    assert anatomy.labels is not None
    grid = anatomy.labels.patient_from_index
    return truth_label_map(paint_grid(patient, grid, anatomy.labels.shape), grid, "1.2.3")


def _summary(rows: list[dict[str, StructureError]], refused: int) -> dict[str, object]:
    structures = {}
    for key in rows[0] if rows else ():
        found = [row[key] for row in rows if key in row]
        structures[key] = {
            "dice": float(np.mean([e.dice for e in found])),
            "dice_worst": float(np.min([e.dice for e in found])),
            "assd_mm": float(np.nanmean([np.nan if e.assd_mm is None else e.assd_mm for e in found])),
            "hd95_mm": float(np.nanmean([np.nan if e.hd95_mm is None else e.hd95_mm for e in found])),
            "volume_error_percent": float(np.mean([abs(e.volume_error_percent) for e in found])),
        }
    return {"n": len(rows), "refused": refused, "structures": structures}


def _table(kind: str, summary: dict) -> str:
    lines = [
        f"\n### {kind}: {summary['n']} unseen patients, {summary['refused']} refused\n",
        "| structure | Dice | worst Dice | ASSD mm | HD95 mm | volume error % |",
        "|---|---|---|---|---|---|",
    ]
    rows = summary["structures"]
    for key, row in rows.items():
        lines.append(
            f"| {key} | {row['dice']:.3f} | {row['dice_worst']:.3f} | {row['assd_mm']:.2f} "
            f"| {row['hd95_mm']:.2f} | {row['volume_error_percent']:.1f} |"
        )
    if rows:
        names = ("dice", "dice_worst", "assd_mm", "hd95_mm", "volume_error_percent")
        mean = {name: float(np.mean([row[name] for row in rows.values()])) for name in names}
        lines.append(
            f"| mean | {mean['dice']:.3f} | {mean['dice_worst']:.3f} | {mean['assd_mm']:.2f} "
            f"| {mean['hd95_mm']:.2f} | {mean['volume_error_percent']:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

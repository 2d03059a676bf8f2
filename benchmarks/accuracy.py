"""How far reconstructions of unseen synthetic patients are from the exact truth, by modality, artefact and renderer."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.scoring import StructureError, score
from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.volume import LabelMap, Volume
from recon.anatomy.patient import SyntheticPatient, paint_grid, sample_patient, truth_label_map
from recon.run import reconstruct
from recon.simulate.cine import simulate_cine
from recon.simulate.defects import DEFECTS
from recon.simulate.independent.ct import render_ct
from recon.simulate.independent.mr import render_mr
from recon.simulate.study import MODALITIES, SimulatedImage, simulate_study
from recon.train.samples import TEST_SEEDS
from recon.weights import WEIGHTS_FOLDER

FIRST_SEED = TEST_SEEDS + 100
FRAME_UID = "1.2.3"
SPACING_MM = 1.5
MR_ONLY = ("banding", "bias")


@dataclass(frozen=True)
class Scan:
    """What a patient is imaged as; the truth is None where the reconstruction chooses its own grid."""

    images: tuple[Volume, ...]
    truth: LabelMap | None


def main() -> None:
    """Print and write a table per suite: Dice, ASSD, HD95 and volume error per structure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=2)
    parser.add_argument("--suites", nargs="+", default=[*SUITES, "contrasts"], choices=[*SUITES, "contrasts"])
    parser.add_argument("--contrasts", type=int, default=50)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    patients = [sample_patient(FIRST_SEED + i) for i in range(options.patients)]
    results: dict[str, Any] = {}
    for suite in options.suites:
        if suite == "contrasts":
            results[suite] = _spread(patients[0], options.contrasts, options.weights)
            continue
        results[suite] = {
            name: _summary([_errors(scan, patient, options.weights) for patient in patients])
            for name, scan in SUITES[suite].items()
        }
        print(_overview(suite, results[suite]), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "accuracy.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _errors(
    scan: Callable[[SyntheticPatient], Scan], patient: SyntheticPatient, weights: Path
) -> dict[str, StructureError] | None:
    """Errors of one patient; None when the image was refused."""
    imaged = scan(patient)
    try:
        anatomy = reconstruct("heart", imaged.images, "cpu", None, weights)
    except PlannerError as refusal:
        print(f"patient {patient.seed}: {refusal}", flush=True)
        return None
    assert anatomy.labels is not None
    return score(anatomy.labels, imaged.truth or _truth_on(patient, anatomy), anatomy.surfaces)


def _truth_on(patient: SyntheticPatient, anatomy: Anatomy) -> LabelMap:
    assert anatomy.labels is not None
    grid = anatomy.labels.patient_from_index
    return truth_label_map(paint_grid(patient, grid, anatomy.labels.shape), grid, FRAME_UID)


def _of(simulated: SimulatedImage) -> Scan:
    return Scan((simulated.image,), simulated.truth)


def _named(modality: str, artefact: str | None = None) -> Callable[[SyntheticPatient], Scan]:
    return lambda patient: _of(simulate_study(patient, modality, FRAME_UID, SPACING_MM, artefact=artefact))


def _cine(breathing_mm: float) -> Callable[[SyntheticPatient], Scan]:
    return lambda patient: Scan(simulate_cine(patient, FRAME_UID, breathing_mm), None)


SUITES: Mapping[str, Mapping[str, Callable[[SyntheticPatient], Scan]]] = {
    "modality": {
        **{name: _named(name) for name in MODALITIES},
        "cine": _cine(0.0),
        "cine, breathing 2.5 mm": _cine(2.5),
    },
    "artefact": {
        "none": _named("ct_arterial"),
        **{name: _named("mr_bssfp" if name in MR_ONLY else "ct_arterial", name) for name in DEFECTS},
    },
    "independent": {
        "CT, projected and back-projected": lambda patient: _of(render_ct(patient, FRAME_UID)),
        "MR, steady-state equation": lambda patient: _of(render_mr(patient, FRAME_UID)),
    },
}


def _spread(patient: SyntheticPatient, n: int, weights: Path) -> dict[str, float]:
    """Mean Dice of one heart over many contrasts of all families but echo, each a draw of its own."""
    families = [name for name in MODALITIES if name != "echo"]
    means = []
    for i in range(n):
        modality = families[i % len(families)]
        simulated = simulate_study(patient, modality, FRAME_UID, SPACING_MM, contrast_seed=1 + i)
        try:
            found = reconstruct("heart", [simulated.image], "cpu", None, weights).labels
        except PlannerError as refusal:
            print(f"contrast {i} ({modality}): {refusal}", flush=True)
            continue
        assert found is not None
        means.append(_mean_dice(found, simulated.truth))
        print(f"contrast {i} ({modality}): {means[-1]:.3f}", flush=True)
    row = {
        "n": float(len(means)),
        "refused": float(n - len(means)),
        "mean": float(np.mean(means)),
        "standard_deviation": float(np.std(means)),
        "worst": float(np.min(means)),
    }
    print("\n### contrasts of one heart\n\n" + ", ".join(f"{key} {value:.3f}" for key, value in row.items()))
    return row


def _mean_dice(found: LabelMap, truth: LabelMap) -> float:
    from recon.quality import dice

    return float(np.mean([dice(found.mask(key), truth.mask(key)) for key in HEART_BY_KEY]))


def _summary(rows: Sequence[dict[str, StructureError] | None]) -> dict[str, Any]:
    scored = [row for row in rows if row is not None]
    structures = {}
    for key in HEART_BY_KEY:
        found = [row[key] for row in scored if key in row]
        if found:
            structures[key] = {
                "dice": float(np.mean([e.dice for e in found])),
                "dice_worst": float(np.min([e.dice for e in found])),
                "assd_mm": _mean([e.assd_mm for e in found]),
                "hd95_mm": _mean([e.hd95_mm for e in found]),
                "volume_error_percent": float(np.mean([abs(e.volume_error_percent) for e in found])),
            }
    return {"n": len(scored), "refused": len(rows) - len(scored), "structures": structures}


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")


def _overview(suite: str, rows: Mapping[str, dict[str, Any]]) -> str:
    """One line per image: mean figures over the structures, and the Dice of each."""
    lines = [
        f"\n### {suite}\n",
        "| image | n, refused | mean Dice | ASSD mm | HD95 mm | volume % | " + " | ".join(HEART_BY_KEY) + " |",
        "|---" * (6 + len(HEART_BY_KEY)) + "|",
    ]
    for name, row in rows.items():
        found = row["structures"]
        means = [
            float(np.mean([entry[figure] for entry in found.values()])) if found else float("nan")
            for figure in ("dice", "assd_mm", "hd95_mm", "volume_error_percent")
        ]
        cells = [f"{found[key]['dice']:.3f}" if key in found else "-" for key in HEART_BY_KEY]
        lines.append(
            f"| {name} | {row['n']}, {row['refused']} | {means[0]:.3f} | {means[1]:.2f} | {means[2]:.2f} "
            f"| {means[3]:.1f} | " + " | ".join(cells) + " |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

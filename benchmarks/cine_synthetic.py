"""Cine planes of unseen synthetic patients: known shifts undone, and a heart that beats by a formula followed."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.beating_patient import cine_of_patient, shifted
from core.errors import PlannerError
from core.motion import MovingAnatomy
from core.progress import Silent
from core.volume import Volume
from recon.anatomy.patient import sample_patient
from recon.cine.alignment import without_common_move
from recon.cine.planes import CineSeries, gather
from recon.cine.run import realigned_planes, reconstruct_cine
from recon.simulate.cine import simulate_cine
from recon.train.samples import TEST_SEEDS

FIRST_SEED = TEST_SEEDS + 200
STILL_PHASES = 6


def measure_shifts(options: argparse.Namespace) -> dict[str, object]:
    """Misplace planes by known shifts, print how far they are off before and after; the rows are ready for JSON."""
    rows: list[dict[str, Any]] = []
    for i in range(options.patients):
        planes = simulate_cine(sample_patient(FIRST_SEED + i), "1.2.3")
        for sd_mm in (0.0, options.shift_mm):
            try:
                rows.append({"patient": i, "sd_mm": sd_mm, **_undone(planes, sd_mm, i, options)})
            except PlannerError as refusal:
                print(f"patient {i}: {refusal}")
    print(
        "\n| shifts, sd mm | planes | left where they were | mean off before mm | mean off after mm | worst after mm |"
    )
    print("|---|---|---|---|---|---|")
    for sd_mm in (0.0, options.shift_mm):
        own = [row for row in rows if row["sd_mm"] == sd_mm]
        before, after = (np.concatenate([row[name] for row in own]) for name in ("before_mm", "after_mm"))
        left = sum(int(row["n_left"]) for row in own)
        print(
            f"| {sd_mm:g} | {len(before)} | {left} | {before.mean():.2f} | {after.mean():.2f} | {after.max():.2f} |"
        )
    return {"rows": rows}


def _undone(
    planes: Sequence[Volume], sd_mm: float, seed: int, options: argparse.Namespace
) -> dict[str, object]:
    """How far each plane is from its place before and after, less the common move that no slice can tell."""
    rng = np.random.default_rng((seed, 5))
    shifts = np.array([_in_plane(plane, rng.normal(0.0, sd_mm, 2)) for plane in planes])
    series = [_still(plane, -shift, i) for i, (plane, shift) in enumerate(zip(planes, shifts, strict=True))]
    cycle = gather(series, Silent())
    realigned = realigned_planes("heart", cycle, options.device, Silent(), options.weights)
    found = np.array([shift.shift_mm for shift in realigned.shifts])
    everywhere = np.ones(len(planes), dtype=bool)
    before = without_common_move(cycle.planes, shifts, everywhere)
    after = without_common_move(cycle.planes, shifts - found, everywhere)
    return {
        "before_mm": np.linalg.norm(before, axis=1).round(3).tolist(),
        "after_mm": np.linalg.norm(after, axis=1).round(3).tolist(),
        "n_left": sum(not shift.is_reliable for shift in realigned.shifts),
    }


def _in_plane(plane: Volume, along_mm: np.ndarray) -> np.ndarray:
    return np.asarray(plane.axes[:, 1:3] @ along_mm)


def _still(plane: Volume, shift_mm: np.ndarray, number: int) -> CineSeries:
    return shifted(CineSeries(f"plane {number + 1}", STILL_PHASES, lambda phase: [plane]), shift_mm)


def measure_beating(options: argparse.Namespace) -> dict[str, object]:
    """Reconstruct hearts that beat by a formula, print volumes and ejection beside the truth; ready for JSON."""
    rows: list[dict[str, Any]] = []
    for i in range(options.patients):
        began = time.perf_counter()
        patient = sample_patient(FIRST_SEED + i)
        series, truth_ml = cine_of_patient(patient, options.phases, "1.2.3")
        simulated = time.perf_counter()
        try:
            moving = reconstruct_cine("heart", series, options.device, Silent(), options.weights)
        except PlannerError as refusal:
            print(f"patient {i}: {refusal}", flush=True)
            rows.append({"patient": i, "refused": str(refusal)})
            continue
        seconds = (simulated - began, time.perf_counter() - simulated)
        rows.append({"patient": i, **_beat(moving, truth_ml), "seconds": seconds})
        _print_beat(rows[-1])
    return {"rows": rows}


def _beat(moving: MovingAnatomy, truth_ml: dict[str, np.ndarray]) -> dict[str, object]:
    found: dict[str, object] = {"least_jacobian": moving.report["least_jacobian"]}
    for key in ("lv", "rv"):
        labelled = np.array([label_map.volumes_ml()[key] for label_map in moving.labels])
        curves = {"truth": truth_ml[key], "moving": moving.volumes_ml[key], "labels": labelled}
        found[key] = {
            name: {"ml": [round(float(v), 1) for v in curve], "ef_percent": ef_percent(curve)}
            for name, curve in curves.items()
        }
    found["misses_labels"] = {
        key: float(np.max(np.abs(volumes / [one.volumes_ml()[key] for one in moving.labels] - 1.0)))
        for key, volumes in moving.volumes_ml.items()
    }
    found["findings"] = [finding.what for finding in moving.findings]
    return found


def ef_percent(volumes_ml: np.ndarray) -> float:
    """What is ejected between the largest and the smallest volume (phases,)."""
    return float(100.0 * (1.0 - volumes_ml.min() / volumes_ml.max()))


def _print_beat(row: dict) -> None:
    print(f"\npatient {row['patient']}: least Jacobian {row['least_jacobian']}, seconds {row['seconds']}")
    print("| | ED, ES ml | true | EF % | of labels | true |\n|---|---|---|---|---|---|")
    for key in ("lv", "rv"):
        own, labels, truth = row[key]["moving"], row[key]["labels"], row[key]["truth"]
        print(
            f"| {key} | {max(own['ml'])}, {min(own['ml'])} | {max(truth['ml'])}, {min(truth['ml'])} "
            f"| {own['ef_percent']:.1f} | {labels['ef_percent']:.1f} | {truth['ef_percent']:.1f} |"
        )
    missed = ", ".join(f"{key} {100.0 * value:.1f} %" for key, value in row["misses_labels"].items())
    print(f"moving surfaces miss their labels by up to: {missed}")
    for what in row["findings"]:
        print(f"note: {what}", flush=True)

"""All frames of the real cine study against the surfaces and contour points that came with it."""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from pathlib import Path

import numpy as np

from app.motion_file import write_motion
from app.moving import as_cine
from app.reconstruction import engine_cache
from benchmarks.cine_reference import compared, outer_surface, read_reference, with_lids
from core.anatomy import Anatomy
from core.motion import MovingAnatomy
from core.progress import Reporting, Silent
from imaging.find.inputs import choose_input
from recon.cine.run import reconstruct_cine
from recon.quality import distances_to

# Contour points of which kind lie on which border.
GUIDES = {
    "LV endocardium": ("lv", ("SAX_LV_ENDOCARDIAL", "LAX_LV_ENDOCARDIAL")),
    "LV epicardium": ("lv_outer", ("SAX_LV_EPICARDIAL", "LAX_LV_EPICARDIAL")),
    "RV endocardium": ("rv", ("SAX_RV_FREEWALL", "SAX_RV_SEPTUM", "LAX_RV_FREEWALL", "LAX_RV_SEPTUM")),
}


class _Stages:
    """Says on stderr when a stage of a long run begins."""

    def __init__(self) -> None:
        self._stage = ""
        self._began = time.perf_counter()

    def __call__(self, stage: str, done: float) -> None:
        if stage != self._stage:
            self._stage = stage
            print(f"{time.perf_counter() - self._began:7.1f} s  {stage}", file=sys.stderr, flush=True)


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Reconstruct the whole cycle, print tables, and return the figures ready for JSON."""
    data = Path(os.environ.get("AURICLE_DATA", Path(__file__).parents[2] / "shared" / "data")) / "cine-mr"
    series = [as_cine(one) for one in choose_input(data / "dicom", None, Silent()).series]
    started = time.perf_counter()
    moving = reconstruct_cine(
        "heart",
        series,
        options.device,
        Reporting(_Stages()),
        options.weights,
        engine_cache(),
        is_realigned=not options.as_given,
    )
    seconds = time.perf_counter() - started
    curves = _curves(moving, data)
    _print_motion(moving, curves, seconds)
    options.out.mkdir(parents=True, exist_ok=True)
    write_motion(moving, options.out / "cine-real.npz")
    frames = [_frame(moving.at(phase), data, phase) for phase in range(0, moving.n_phases, options.every)]
    surfaces = _means([frame["surfaces"] for frame in frames])
    guides = _means([frame["guides"] for frame in frames])
    _print_distances(surfaces, guides, len(frames))
    return {
        "seconds": seconds,
        "surfaces": surfaces,
        "guide_points_mm": guides,
        "curves": curves,
        "report": dict(moving.report),
        "findings": [finding.what for finding in moving.findings],
    }


def _frame(anatomy: Anatomy, data: Path, phase: int) -> dict[str, dict[str, dict[str, float]]]:
    points = _guide_points(data / "guidepoints" / f"GPFile_{phase:03d}.txt")
    borders = {key: anatomy.surfaces[key] for key in ("lv", "rv")}
    borders["lv_outer"] = outer_surface(anatomy, ("lv", "lv_myocardium"))
    guides = {}
    for name, (border, kinds) in GUIDES.items():
        own = np.concatenate([points[kind] for kind in kinds if kind in points])
        guides[name] = {"mean_mm": float(distances_to(borders[border], own).mean())}
    return {"surfaces": compared(anatomy, read_reference(data / "surfaces", phase)), "guides": guides}


def _guide_points(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    kinds = {row["contour type"] for row in rows}
    return {
        kind: np.array([[float(row[axis]) for axis in "xyz"] for row in rows if row["contour type"] == kind])
        for kind in kinds
    }


def _means(frames: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            **{figure: float(np.mean([frame[name][figure] for frame in frames])) for figure in frames[0][name]},
            "worst_frame_mm": float(max(next(iter(frame[name].values())) for frame in frames)),
        }
        for name in frames[0]
    }


def _curves(moving: MovingAnatomy, data: Path) -> dict[str, dict[str, object]]:
    references = [read_reference(data / "surfaces", phase) for phase in range(moving.n_phases)]
    found = {}
    for key in ("lv", "rv"):
        reference = np.array([with_lids(getattr(one, key)).volume_ml for one in references])
        own = moving.volumes_ml[key]
        labelled = np.array([label_map.volumes_ml()[key] for label_map in moving.labels])
        found[key] = {
            "own_ml": [round(float(v), 1) for v in own],
            "label_ml": [round(float(v), 1) for v in labelled],
            "reference_ml": [round(float(v), 1) for v in reference],
            "mean_difference_ml": float(np.mean(np.abs(own - reference))),
            "correlation": float(np.corrcoef(own, reference)[0, 1]),
            "own_ef_percent": _ef(own),
            "label_ef_percent": _ef(labelled),
            "reference_ef_percent": _ef(reference),
        }
    return found


def _ef(volumes_ml: np.ndarray) -> float:
    return float(100.0 * (1.0 - volumes_ml.min() / volumes_ml.max()))


def _print_motion(moving: MovingAnatomy, curves: dict, seconds: float) -> None:
    print(f"\n{moving.n_phases} frames in {seconds:.0f} s\n")
    print(
        "| | volumes ml | reference ml | EF % | EF of labels % | reference EF % | mean difference ml | correlation |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for key, row in curves.items():
        print(
            f"| {key} | {max(row['own_ml'])} to {min(row['own_ml'])} "
            f"| {max(row['reference_ml'])} to {min(row['reference_ml'])} | {row['own_ef_percent']:.1f} "
            f"| {row['label_ef_percent']:.1f} | {row['reference_ef_percent']:.1f} "
            f"| {row['mean_difference_ml']:.1f} | {row['correlation']:.3f} |"
        )
    print(f"least Jacobian {moving.report['least_jacobian']}")
    for shift in moving.shifts:
        print(f"{shift.name}: {shift.distance_mm:.1f} mm{'' if shift.is_reliable else ', not told'}")
    for finding in moving.findings:
        print(f"note [{finding.code}]: {finding.what}", flush=True)


def _print_distances(surfaces: dict, guides: dict, n_frames: int) -> None:
    print(f"\n{n_frames} frames compared\n")
    print(
        "| reference surface | mean distance to it mm | worst frame mm | ASSD mm | HD95 mm |\n|---|---|---|---|---|"
    )
    for name, row in surfaces.items():
        print(
            f"| {name} | {row['found_from_reference_mm']:.2f} | {row['worst_frame_mm']:.2f} "
            f"| {row.get('assd_mm', float('nan')):.2f} | {row['hd95_mm']:.2f} |"
        )
    wall = surfaces["epicardium over the right ventricle"]["reference_wall_mm"]
    print(f"the reference's own wall over the right ventricle: {wall:.2f} mm; it is not labelled here")
    print("\n| contour points | mean distance mm | worst frame mm |\n|---|---|---|")
    for name, row in guides.items():
        print(f"| {name} | {row['mean_mm']:.2f} | {row['worst_frame_mm']:.2f} |")

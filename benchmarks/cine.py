"""How well cine planes become a moving heart: known shifts undone on synthetic planes, and a real study's 25 frames.

`python -m benchmarks.cine synthetic` misplaces the planes of unseen synthetic patients by known shifts and says how far
they are off before and after realignment. `python -m benchmarks.cine real` reconstructs all frames of the cine study in
AURICLE_DATA and measures them against the surfaces and contour points that came with it. These were made by another
network and a model fit, not by an expert's hand. Nothing here is trained on or tuned to them.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.comparison import compare_with_references
from app.motion_file import write_motion
from app.moving import as_cine
from app.reconstruction import engine_cache
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.motion import MovingAnatomy
from core.progress import Reporting, Silent
from core.volume import LabelMap, Volume
from imaging.find.inputs import choose_input
from imaging.formats.legacy_vtk import read_legacy_vtk
from recon.anatomy.patient import sample_patient
from recon.cine.alignment import without_common_move
from recon.cine.planes import CineSeries, gather
from recon.cine.run import realigned_planes, reconstruct_cine
from recon.quality import distances_to
from recon.simulate.cine import simulate_cine
from recon.surface import conformal_surfaces_of_labels
from recon.train.samples import TEST_SEEDS
from recon.weights import WEIGHTS_FOLDER

FIRST_SEED = TEST_SEEDS + 200
STILL_PHASES = 6
# Contour points of which kind lie on which border.
GUIDES = {
    "LV endocardium": ("lv", ("SAX_LV_ENDOCARDIAL", "LAX_LV_ENDOCARDIAL")),
    "LV epicardium": ("lv_outer", ("SAX_LV_EPICARDIAL", "LAX_LV_EPICARDIAL")),
    "RV endocardium": ("rv", ("SAX_RV_FREEWALL", "SAX_RV_SEPTUM", "LAX_RV_FREEWALL", "LAX_RV_SEPTUM")),
}


def main() -> None:
    """Run one of the two and print its tables; the figures also go to a JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["synthetic", "real"])
    parser.add_argument("--patients", type=int, default=6)
    parser.add_argument("--shift-mm", type=float, default=3.5, help="standard deviation along rows and columns")
    parser.add_argument(
        "--as-given", action="store_true", help="real: leave slices where their headers have them"
    )
    parser.add_argument("--every", type=int, default=1, help="real: compare only every so many frames")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    results = _synthetic(options) if options.what == "synthetic" else _real(options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"cine-{options.what}.json").write_text(json.dumps(results, indent=2) + "\n")


class _Stages:
    """Says on stderr when a stage of a long run begins."""

    def __init__(self) -> None:
        self._stage = ""
        self._began = time.perf_counter()

    def __call__(self, stage: str, done: float) -> None:
        if stage != self._stage:
            self._stage = stage
            print(f"{time.perf_counter() - self._began:7.1f} s  {stage}", file=sys.stderr, flush=True)


def _synthetic(options: argparse.Namespace) -> dict[str, object]:
    rows = []
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
    affine = np.array(plane.patient_from_index)
    affine[:3, 3] += shift_mm
    moved = Volume(plane.voxels, affine, plane.frame_of_reference_uid, plane.unit, plane.modality)
    return CineSeries(f"plane {number + 1}", STILL_PHASES, lambda phase: [moved])


def _real(options: argparse.Namespace) -> dict[str, object]:
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
    compared = compare_with_references(anatomy, data / "surfaces" / f"*_{phase:03d}.vtk")
    points = _guide_points(data / "guidepoints" / f"GPFile_{phase:03d}.txt")
    borders = {key: anatomy.surfaces[key] for key in ("lv", "rv")} | {"lv_outer": _lv_outer(anatomy)}
    guides = {}
    for name, (border, kinds) in GUIDES.items():
        own = np.concatenate([points[kind] for kind in kinds if kind in points])
        guides[name] = {"mean_mm": float(distances_to(borders[border], own).mean())}
    return {"surfaces": {name.rsplit("_", 1)[0]: row for name, row in compared.items()}, "guides": guides}


def _lv_outer(anatomy: Anatomy) -> SurfaceMesh:
    labels = anatomy.labels
    assert labels is not None
    union = (labels.mask("lv") | labels.mask("lv_myocardium")).astype(np.uint8)
    merged = LabelMap(union, labels.patient_from_index, {1: "outer"}, labels.frame_of_reference_uid)
    return conformal_surfaces_of_labels(merged)["outer"]


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
    found = {}
    for key, name in (("lv", "LV_ENDOCARDIAL"), ("rv", "RV_ENDOCARDIAL")):
        reference = [
            _with_lids(read_legacy_vtk(next((data / "surfaces").glob(f"*{name}_{phase:03d}.vtk")))).volume_ml
            for phase in range(moving.n_phases)
        ]
        own = moving.volumes_ml[key]
        found[key] = {
            "own_ml": [round(float(v), 1) for v in own],
            "reference_ml": [round(abs(v), 1) for v in reference],
            "mean_difference_ml": float(np.mean(np.abs(own - np.abs(reference)))),
            "correlation": float(np.corrcoef(own, np.abs(reference))[0, 1]),
            "own_ef_percent": _ef(own),
            "reference_ef_percent": _ef(np.abs(reference)),
        }
    return found


def _ef(volumes_ml: np.ndarray) -> float:
    return float(100.0 * (1.0 - volumes_ml.min() / volumes_ml.max()))


def _with_lids(mesh: SurfaceMesh) -> SurfaceMesh:
    """The surface with a fan over each of its openings, so that it encloses a volume."""
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    known = {(int(a), int(b)) for a, b in edges}
    following = {b: a for a, b in known if (b, a) not in known}
    vertices, faces = [mesh.vertices], [mesh.faces]
    n_vertices = len(mesh.vertices)
    while following:
        start, ring = next(iter(following)), []
        while start in following:
            ring.append(start)
            start = following.pop(start)
        vertices.append(mesh.vertices[ring].mean(axis=0, keepdims=True))
        faces.append(np.array([(a, b, n_vertices) for a, b in zip(ring, np.roll(ring, -1), strict=True)]))
        n_vertices += 1
    return SurfaceMesh(np.concatenate(vertices), np.concatenate(faces))


def _print_motion(moving: MovingAnatomy, curves: dict, seconds: float) -> None:
    print(f"\n{moving.n_phases} frames in {seconds:.0f} s\n")
    print("| | EF % | reference EF % | mean difference ml | correlation |\n|---|---|---|---|---|")
    for key, row in curves.items():
        print(
            f"| {key} | {row['own_ef_percent']:.1f} | {row['reference_ef_percent']:.1f} "
            f"| {row['mean_difference_ml']:.1f} | {row['correlation']:.3f} |"
        )
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
            f"| {row['assd_mm']:.2f} | {row['hd95_mm']:.2f} |"
        )
    print("\n| contour points | mean distance mm | worst frame mm |\n|---|---|---|")
    for name, row in guides.items():
        print(f"| {name} | {row['mean_mm']:.2f} | {row['worst_frame_mm']:.2f} |")


if __name__ == "__main__":
    main()

"""How far landmarks lie from the exact truth of unseen synthetic patients, by where they come from.

`--first 1000700 --patients 40` are the patients whose figures stand in `recon.landmark_choice`; the default ones are
others, and tell what a user gets.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.anatomy import LANDMARKS
from core.errors import PlannerError
from core.progress import Silent
from core.volume import Volume
from recon.anatomy.patient import SyntheticPatient, sample_patient
from recon.assembly import heart_walls
from recon.engine import load_networks
from recon.inference import RegionLogits, locate_heart, look_at_region
from recon.labelling import labels_of, labels_on
from recon.landmark_choice import chosen_landmarks, measured_direction, measured_place
from recon.landmarks import ToldLandmarks, told_landmarks
from recon.networks.landmarks import FoundLandmark
from recon.registry import find_task
from recon.scores import fine, scored, smoothed, without_islands
from recon.shape_landmarks import ShapeLandmark, shape_landmarks
from recon.shown import shown
from recon.simulate.cine import simulate_cine
from recon.simulate.study import simulate_study
from recon.steadiness import averaged, look_from_aside
from recon.weights import WEIGHTS_FOLDER

FIRST_SEED = 2_000_200
IMAGES = ("ct_arterial", "mr_bssfp", "cine", "ct_noncontrast", "lge", "any", "ct_mixed", "mr_t1")
TOLD_BEFORE, TOLD = "network, as told before", "told"


@dataclass
class Errors:
    """Distances and angles from the truth, by landmark and source."""

    n_hearts: int = 0
    mm: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    degrees: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, key: str, source: str, place: np.ndarray, truth: np.ndarray) -> None:
        """Count one place."""
        self.mm.setdefault((key, source), []).append(float(np.linalg.norm(place - truth)))

    def turn(self, key: str, source: str, way: np.ndarray, truth: np.ndarray) -> None:
        """Count one direction."""
        angle = np.degrees(np.arccos(np.clip(way @ truth, -1.0, 1.0)))
        self.degrees.setdefault((key, source), []).append(float(angle))


def main() -> None:
    """Print how often each landmark is there and its root mean square error, per source."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.landmarks", description=__doc__)
    parser.add_argument("--patients", type=int, default=16)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--images", nargs="+", default=IMAGES, choices=IMAGES)
    parser.add_argument("--cache", type=Path, help="folder for networks that OpenVINO has taken over")
    options = parser.parse_args()
    errors = Errors()
    for i in range(options.patients):
        modality = options.images[i % len(options.images)]
        patient = sample_patient(options.first + i)
        try:
            _count(errors, patient, modality, options.cache)
            print(f"patient {patient.seed}, {modality}", flush=True)
        except PlannerError as refusal:
            print(f"patient {patient.seed}, {modality}: {refusal}", flush=True)
    print(_table(errors))


def _count(errors: Errors, patient: SyntheticPatient, modality: str, cache: Path | None) -> None:
    volumes = _imaged(patient, modality)
    stack = None if modality == "cine" else volumes[0]
    region, mean = _looked(volumes, cache)
    shaped, told, before = _found(region, mean, stack)
    errors.n_hearts += 1
    at, ways = patient.landmarks(), patient.directions()
    for key, seen in mean.landmarks.items():
        for source, place in _places(seen, shaped.get(key)).items():
            errors.add(key, source, place, at[key])
        for source, way in _ways(seen, shaped.get(key)).items():
            errors.turn(key, source, way, ways[key])
    for name, one in ((TOLD_BEFORE, before), (TOLD, told)):
        for key, place in one.positions.items():
            errors.add(key, name, place, at[key])
        for key, way in one.directions.items():
            errors.turn(key, name, way, ways[key])


def _imaged(patient: SyntheticPatient, modality: str) -> Sequence[Volume]:
    if modality == "cine":
        return simulate_cine(patient, "1.2.3")
    return (simulate_study(patient, modality, "1.2.3").image,)


def _looked(volumes: Sequence[Volume], cache: Path | None) -> tuple[RegionLogits, RegionLogits]:
    localiser, network = load_networks(find_task("heart"), "cpu", WEIGHTS_FOLDER, cache)
    centre = locate_heart(volumes, localiser, "cpu", Silent())
    region = look_at_region(volumes, centre, network, "cpu", Silent())
    return region, averaged(region, look_from_aside(region, network, "cpu"))


def _found(
    region: RegionLogits, mean: RegionLogits, stack: Volume | None
) -> tuple[Mapping[str, ShapeLandmark], ToldLandmarks, ToldLandmarks]:
    """What the shape says, what is told, and what would be told without it."""
    whole = without_islands(scored(mean))
    labels = labels_of(fine(whole), "") if stack is None else labels_on(fine(whole), stack)
    shaped = shape_landmarks(heart_walls(fine(smoothed(whole)), labels, stack, Silent()))
    on_grid = whole.scores.argmax(dim=0).numpy().astype(np.uint8)
    affine = region.patient_from_index
    is_shown = shown(region.observed, float(np.linalg.norm(affine[:3, 0])))
    told, before = (
        told_landmarks(found, on_grid, is_shown, affine)
        for found in (chosen_landmarks(mean.landmarks, shaped), mean.landmarks)
    )
    return shaped, told, before


def _places(seen: FoundLandmark, shaped: ShapeLandmark | None) -> Mapping[str, np.ndarray]:
    if shaped is None:
        return {"network": seen.position_mm}
    return measured_place(seen.position_mm, shaped.position_mm)


def _ways(seen: FoundLandmark, shaped: ShapeLandmark | None) -> Mapping[str, np.ndarray]:
    if seen.direction is None:
        return {}
    if shaped is None or shaped.direction is None:
        return {"network": seen.direction}
    return measured_direction(seen.direction, shaped.direction)


def _table(errors: Errors) -> str:
    sources = ("network", "shape", "both", TOLD_BEFORE, TOLD)
    lines = [
        f"\n{errors.n_hearts} hearts; each cell: n, root mean square and largest error, mm and degrees\n",
        "| landmark | " + " | ".join(sources) + " |",
        "|---" * (1 + len(sources)) + "|",
    ]
    for kind in LANDMARKS:
        cells = [_cell(errors, kind.key, source) for source in sources]
        lines.append(f"| {kind.key} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(errors: Errors, key: str, source: str) -> str:
    mm, degrees = errors.mm.get((key, source), []), errors.degrees.get((key, source), [])
    if not mm:
        return "0"
    turn = f", {_rms(degrees):.0f} deg" if degrees else ""
    return f"{len(mm)}: {_rms(mm):.1f} ({max(mm):.1f}){turn}"


def _rms(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


if __name__ == "__main__":
    main()

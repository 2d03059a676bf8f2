"""Training samples: a painted patient with its truth, and a fresh image of it for every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.frames import apply_affine
from recon.anatomy.patient import (
    SyntheticPatient,
    paint_grid,
    paint_with_distances,
    target_of,
)
from recon.anatomy.tissues import TISSUES
from recon.anatomy.training import HeartSource, sample_training_patient
from recon.networks.landmarks import patient_from_half
from recon.sampling import patient_grid
from recon.simulate.draw import LvAxes, draw_image
from recon.simulate.image import smooth_noise
from recon.task import NetworkSpec

if TYPE_CHECKING:
    import torch

    from recon.train.truth import Truth

# Disjoint ranges of patient seeds: what is trained on is never scored on.
TRAINING_SEEDS = 0
VALIDATION_SEEDS = 1_000_000
TEST_SEEDS = 2_000_000
LARGEST_TRAINING_SEED = 500_000  # a training goes up from its seed; the other half of the range is its way
CHAMBERS = 5  # structure values 1..5 are chambers and myocardium; the localiser looks for their union
LABEL_MAP_SHARE = 0.35  # of the training patients, where label maps are given
DISTANCE_STEP_MM = 1.0 / 16.0  # a painted patient keeps its distances in a byte each


@dataclass(frozen=True, eq=False)
class PaintedPatient:
    """Tissues on a patient grid, and the rest of what is true there.

    Attributes:
        tissues: uint8 (n, n, n).
        distances: int8 (structures, n, n, n) in `DISTANCE_STEP_MM`, negative inside; None where not learnt.
        patient_from_index: (4, 4), LPS mm.
        axes: where the left ventricle's axis runs; None for a sample without a heart.
        landmarks_mm: (k, 3) LPS in the order of the spec; NaN where there is none.
        directions: (k, 3) unit vectors, LPS; NaN where there is none.
    """

    tissues: torch.Tensor
    distances: torch.Tensor | None
    patient_from_index: np.ndarray
    axes: LvAxes | None
    landmarks_mm: np.ndarray
    directions: np.ndarray


def paint_sample(
    spec: NetworkSpec, seed: int, device: str, label_maps: HeartSource | None = None
) -> PaintedPatient:
    """Paint the patient of `seed` on the network's grid, off its middle by up to the allowed jitter.

    Args:
        label_maps: see `recon.anatomy.training.sample_training_patient`.
    """
    rng = np.random.default_rng((seed, 7))
    if rng.random() < spec.negatives:
        return _paint_without_heart(spec, rng, device)
    patient = sample_training_patient(seed, label_maps, LABEL_MAP_SHARE)
    at = patient.landmarks()
    shift = rng.uniform(-spec.jitter_mm, spec.jitter_mm, 3)
    affine = patient_grid(at["region_centre"] + shift, spec.n, spec.spacing_mm)
    tissues, distances = _paint(patient, spec, affine, device)
    axes = LvAxes(
        0.5 * (at["mitral_valve"] + at["aortic_valve"]),
        at["lv_apex"],
        at["tricuspid_valve"] - at["mitral_valve"],
    )
    nowhere = np.full(3, np.nan)
    landmarks_mm = np.array([at.get(key, nowhere) for key in spec.landmarks]).reshape(-1, 3)
    towards = patient.directions()
    directions = np.array([towards.get(key, nowhere) for key in spec.landmarks]).reshape(-1, 3)
    return PaintedPatient(tissues, distances, affine, axes, landmarks_mm, directions)


def _paint(
    patient: SyntheticPatient, spec: NetworkSpec, affine: np.ndarray, device: str
) -> tuple[torch.Tensor, torch.Tensor | None]:
    shape = (spec.n, spec.n, spec.n)
    if not spec.has_distances:
        return paint_grid(patient, affine, shape, device), None
    import torch

    tissues, distances_mm = paint_with_distances(patient, affine, shape, device)
    return tissues, (distances_mm / DISTANCE_STEP_MM).round().clamp(-127, 127).to(torch.int8)


def _paint_without_heart(spec: NetworkSpec, rng: np.random.Generator, device: str) -> PaintedPatient:
    """Something that is no heart: boxes, balls and blobs of any tissue but the heart's."""
    import torch

    generator = torch.Generator(device).manual_seed(int(rng.integers(2**31)))
    shape = (spec.n, spec.n, spec.n)
    others = [
        v for v, name in enumerate(TISSUES) if name in ("air", "muscle", "skin_fat", "liver", "bone", "lung")
    ]
    tissues = torch.zeros(shape, dtype=torch.uint8, device=device)
    if rng.random() < 0.5:
        tissues[smooth_noise(shape, int(rng.integers(8, 40)), generator) > rng.normal(0, 0.7)] = int(
            rng.choice(others)
        )
    axis = torch.arange(spec.n, dtype=torch.float32, device=device)
    for _ in range(int(rng.integers(1, 12))):
        centre, half = rng.uniform(0, spec.n, 3), rng.uniform(2, spec.n / 2.5, 3)
        z, y, x = (((axis - c) / h).abs() for c, h in zip(centre, half, strict=True))
        grid = torch.meshgrid(z, y, x, indexing="ij")
        is_box = rng.random() < 0.5
        inside = torch.stack(grid).amax(0) < 1 if is_box else sum(g * g for g in grid) < 1
        tissues[inside] = int(rng.choice(others))
    distances = None
    if spec.has_distances:
        distances = torch.full((spec.n_classes - 1, *shape), 127, dtype=torch.int8, device=device)
    affine = patient_grid(np.zeros(3), spec.n, spec.spacing_mm)
    nothing = np.full((len(spec.landmarks), 3), np.nan)
    return PaintedPatient(tissues, distances, affine, None, nothing, nothing)


def image_and_truth(
    spec: NetworkSpec, painted: PaintedPatient, rng: np.random.Generator, kind: str | None = None
) -> tuple[torch.Tensor, Truth]:
    """A fresh image of a painted patient, (1, 2, n, n, n) float32, and what is true of it.

    Args:
        kind: one of `recon.simulate.draw.KINDS`; drawn when None.
    """
    import torch

    intensity, observed = draw_image(painted.tissues, painted.patient_from_index, painted.axes, rng, kind)
    return torch.stack([intensity, observed])[None], truth_of(spec, painted, observed)


def truth_of(spec: NetworkSpec, painted: PaintedPatient, observed: torch.Tensor) -> Truth:
    """What the network of `spec` should say of a painted patient, as a batch of one.

    Args:
        observed: mask (n, n, n) of what the image shows.
    """
    import torch

    from recon.train.truth import Truth, visible_landmarks

    def on_device(values: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=observed.device)

    half_from_patient = np.linalg.inv(patient_from_half(painted.patient_from_index))
    places = on_device(apply_affine(half_from_patient, painted.landmarks_mm))
    visible = visible_landmarks(places, observed)
    distances = painted.distances
    return Truth(
        classes_for(spec, target_of(painted.tissues))[None],
        None if distances is None else distances.float()[None] * DISTANCE_STEP_MM,
        torch.where(visible[:, None], places, 0.0)[None],
        visible.float()[None],
        on_device(np.nan_to_num(painted.directions))[None],
    )


def classes_for(spec: NetworkSpec, structures: torch.Tensor) -> torch.Tensor:
    """Class indices (int64) the network of `spec` learns: all structures, or the chambers as one."""
    if spec.n_classes == 2:
        return ((structures > 0) & (structures <= CHAMBERS)).long()
    return structures.long()

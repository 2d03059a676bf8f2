"""Training samples: painted patients kept in a pool, a fresh image of one of them for every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.progress import Progress
from recon.anatomy.patient import paint_grid, sample_patient, target_of
from recon.anatomy.tissues import TISSUES
from recon.sampling import patient_grid
from recon.simulate.contrast import random_contrast
from recon.simulate.image import random_artefacts, simulate, smooth_noise
from recon.simulate.observe import cine_planes, observe_fully, observe_planes
from recon.task import NetworkSpec

if TYPE_CHECKING:
    import torch

# Disjoint ranges of patient seeds: what is trained on is never scored on.
TRAINING_SEEDS = 0
VALIDATION_SEEDS = 1_000_000
TEST_SEEDS = 2_000_000
LARGEST_TRAINING_SEED = 500_000  # a training goes up from its seed; the other half of the range is its way
CHAMBERS = 5  # structure values 1..5 are chambers and myocardium; the localiser looks for their union


@dataclass(frozen=True, eq=False)
class PaintedPatient:
    """Tissues on a patient grid, and where the left ventricle's axis runs (mm), to put cine planes on.

    `tissues` is uint8 (n, n, n); `apex_mm` is None for a sample without a heart.
    """

    tissues: torch.Tensor
    patient_from_index: np.ndarray
    base_mm: np.ndarray | None
    apex_mm: np.ndarray | None
    across: np.ndarray | None


def paint_sample(spec: NetworkSpec, seed: int, device: str, jitter: bool = True) -> PaintedPatient:
    """Paint the patient of `seed` on the network's grid, off its middle by up to the allowed jitter."""
    rng = np.random.default_rng((seed, 7))
    if rng.random() < spec.negatives:
        return _paint_without_heart(spec, rng, device)
    patient = sample_patient(seed)
    at = patient.landmarks()
    shift = rng.uniform(-spec.jitter_mm, spec.jitter_mm, 3) if jitter else np.zeros(3)
    affine = patient_grid(at["region_centre"] + shift, spec.n, spec.spacing_mm)
    tissues = paint_grid(patient, affine, (spec.n, spec.n, spec.n), device)
    across = at["tricuspid_valve"] - at["mitral_valve"]
    base = 0.5 * (at["mitral_valve"] + at["aortic_valve"])
    return PaintedPatient(tissues, affine, base, at["lv_apex"], across)


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
    affine = patient_grid(np.zeros(3), spec.n, spec.spacing_mm)
    return PaintedPatient(tissues, affine, None, None, None)


def draw_image(
    painted: PaintedPatient, rng: np.random.Generator, sparse: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """A fresh image of a painted patient: input (2, n, n, n) float32 and target (n, n, n) uint8 structures."""
    import torch

    tissues = painted.tissues
    generator = torch.Generator(tissues.device).manual_seed(int(rng.integers(2**31)))
    image = simulate(tissues, random_contrast(rng), random_artefacts(rng), generator)
    if sparse and painted.apex_mm is not None and painted.base_mm is not None and painted.across is not None:
        along = painted.apex_mm - painted.base_mm
        length = float(np.linalg.norm(along))
        planes = cine_planes(painted.base_mm, along / length, length, painted.across, rng)
        intensity, observed = observe_planes(image, painted.patient_from_index, planes, rng)
    else:
        intensity, observed = observe_fully(image, rng)
    return torch.stack([intensity, observed]), target_of(tissues)


def classes_for(spec: NetworkSpec, structures: torch.Tensor) -> torch.Tensor:
    """Class indices (int64) the network of `spec` learns: all structures, or the chambers as one."""
    if spec.n_classes == 2:
        return ((structures > 0) & (structures <= CHAMBERS)).long()
    return structures.long()


class Pool:
    """Painted patients in memory; one is replaced now and then so that shapes never run out."""

    def __init__(self, spec: NetworkSpec, size: int, seed: int, device: str, progress: Progress) -> None:
        self._spec, self._device = spec, device
        self._next_seed = TRAINING_SEEDS + seed
        self._patients: list[PaintedPatient] = []
        for i in range(size):
            self._patients.append(self._paint())
            progress.report("painting patients", (i + 1) / size)

    def _paint(self) -> PaintedPatient:
        # A training that outlives its range begins it anew; it must never reach a patient it is scored on.
        self._next_seed = TRAINING_SEEDS + (self._next_seed + 1 - TRAINING_SEEDS) % VALIDATION_SEEDS
        return paint_sample(self._spec, self._next_seed, self._device)

    def draw(self, rng: np.random.Generator, refresh: float) -> PaintedPatient:
        """One patient at random; with probability `refresh` it has just been painted anew."""
        i = int(rng.integers(len(self._patients)))
        if rng.random() < refresh:
            self._patients[i] = self._paint()
        return self._patients[i]

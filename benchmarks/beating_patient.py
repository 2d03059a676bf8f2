"""A synthetic patient whose heart beats by a formula: what a moving reconstruction is measured against, exactly.

Around the middle of each ventricle space is drawn together and let go again, smoothly and without folds; the anatomy,
its images and its labels at a phase are those of the resting patient looked up where each point came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.frames import apply_affine
from core.volume import Volume
from recon.anatomy.layers import Layer
from recon.anatomy.patient import SyntheticPatient, paint_grid, truth_label_map
from recon.cine.planes import CineSeries
from recon.sampling import patient_grid
from recon.simulate.cine import simulate_cine

REACH_MM = 34.0
TRUTH_MM, TRUTH_N = 2.5, 76
COARSE_MM, COARSE_N = 5.0, 38
CYCLE_MS = 900.0
# Where along the cycle the ventricles are smallest.
END_SYSTOLE = 0.4


@dataclass(frozen=True, eq=False)
class BeatingPatient:
    """One phase of a patient with a beating heart; what `recon.simulate` asks of a patient.

    Attributes:
        patient: at the end of filling.
        middles_mm: (2, 3) LPS, of both ventricles' cavities at the end of filling.
        contraction: 0 at the end of filling to 1 at the end of emptying.
        strength: by how much of its distance a point near a ventricle's middle is drawn in.
    """

    patient: SyntheticPatient
    middles_mm: np.ndarray
    contraction: float
    strength: float = 0.38

    @property
    def seed(self) -> int:
        """The patient's: planes lie alike at all phases."""
        return self.patient.seed

    def landmarks(self) -> Mapping[str, np.ndarray]:
        """Those at the end of filling, where planes are laid."""
        return self.patient.landmarks()

    def layers(self, points: torch.Tensor) -> Iterator[Layer]:
        """As of the patient, at points (n, 3) of this phase."""
        yield from self.patient.layers(self.resting(points))

    def resting(self, points: torch.Tensor) -> torch.Tensor:
        """Where points (n, 3) LPS of this phase were at the end of filling."""
        moved = points.clone()
        for middle in self.middles_mm:
            arm = points - points.new_tensor(middle)
            near = torch.exp(-arm.square().sum(dim=1, keepdim=True) / REACH_MM**2)
            moved = moved + self.strength * self.contraction * near * arm
        return moved


def ventricle_middles(patient: SyntheticPatient) -> np.ndarray:
    """Middles (2, 3) in LPS mm of the cavities of the left and the right ventricle."""
    grid = patient_grid(patient.landmarks()["region_centre"], COARSE_N, COARSE_MM)
    labels = truth_label_map(paint_grid(patient, grid, (COARSE_N,) * 3), grid, "")
    places = [np.argwhere(labels.mask(key)).mean(axis=0) for key in ("lv", "rv")]
    return apply_affine(grid, np.array(places))


def contraction(place: float) -> float:
    """0 to 1 and back at a place 0 to 1 of the cycle; smooth and periodic, fastest while it empties."""
    power = np.log(0.5) / np.log(END_SYSTOLE)
    return float(0.5 - 0.5 * np.cos(2.0 * np.pi * (place % 1.0) ** power))


def cine_of_patient(
    patient: SyntheticPatient, n_phases: int, frame_of_reference_uid: str
) -> tuple[list[CineSeries], dict[str, np.ndarray]]:
    """Cine planes of the beating heart, one series each, and the true volume in ml (phases,) of every structure."""
    planes: list[tuple[Volume, ...]] = []
    truths: dict[str, list[float]] = {}
    grid = patient_grid(patient.landmarks()["region_centre"], TRUTH_N, TRUTH_MM)
    middles = ventricle_middles(patient)
    for phase in range(n_phases):
        at_phase = BeatingPatient(patient, middles, contraction(phase / n_phases))
        planes.append(simulate_cine(at_phase, frame_of_reference_uid))  # type: ignore[arg-type]
        tissues = paint_grid(at_phase, grid, (TRUTH_N,) * 3)  # type: ignore[arg-type]
        for key, volume_ml in truth_label_map(tissues, grid, frame_of_reference_uid).volumes_ml().items():
            truths.setdefault(key, []).append(volume_ml)
    times_ms = tuple(CYCLE_MS * phase / n_phases for phase in range(n_phases))
    series = [
        CineSeries(f"plane {number + 1}", n_phases, _reader(planes, number), times_ms=times_ms)
        for number in range(len(planes[0]))
    ]
    return series, {key: np.array(values) for key, values in truths.items()}


def _reader(planes: list[tuple[Volume, ...]], number: int):  # type: ignore[no-untyped-def]
    return lambda phase: [planes[phase][number]]


def shifted(series: CineSeries, shift_mm: np.ndarray) -> CineSeries:
    """The same series whose slices' headers place them `shift_mm` (3,) further."""

    def read(phase: int) -> list[Volume]:
        found = []
        for volume in series.read_planes(phase):
            affine = np.array(volume.patient_from_index)
            affine[:3, 3] += shift_mm
            found.append(replace(volume, patient_from_index=affine))
        return found

    return replace(series, read_planes=read)

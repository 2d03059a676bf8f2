"""A synthetic patient: one heart in one chest, posed and softly warped, with its exact truth anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART_NAMES
from core.frames import apply_affine, rotation_from_vector
from core.volume import LabelMap
from recon.anatomy.chest import Chest, paint_chest, sample_chest
from recon.anatomy.heart import Heart, heart_distances, sample_heart
from recon.anatomy.tissues import TARGET, VALUE

if TYPE_CHECKING:
    import torch

# The middle of what is to be reconstructed, from apex to arch, in the heart's frame (mm).
REGION_CENTRE_MM = np.array((-12.0, -12.0, 12.0))


@dataclass(frozen=True, eq=False)
class SyntheticPatient:
    """Everything that decides what lies at a point of the patient.

    Attributes:
        seed: what it was drawn from; the same seed gives the same patient.
        heart_from_patient: (4, 4) mm, before the warp.
        waves, amplitudes_mm, phases: the soft warp, a sum of sines: wave vectors (k, 3) in rad/mm,
            amplitudes (k, 3) and phases (k,).
    """

    seed: int
    heart: Heart
    chest: Chest
    heart_from_patient: np.ndarray
    waves: np.ndarray
    amplitudes_mm: np.ndarray
    phases: np.ndarray

    def landmarks(self) -> Mapping[str, np.ndarray]:
        """LPS positions (3,) in mm of valve centres, apex and the region's centre."""
        at = self.heart.points
        apex = at["base"] + self.heart.sizes["lv_length"] * at["long_axis"]
        wanted = {
            "mitral_valve": at["mitral"],
            "aortic_valve": at["aortic"],
            "tricuspid_valve": at["tricuspid"],
            "pulmonary_valve": at["pulmonary"],
            "lv_apex": apex,
            "region_centre": REGION_CENTRE_MM,
        }
        return {name: self._patient_from_heart(position) for name, position in wanted.items()}

    def _patient_from_heart(self, position: np.ndarray) -> np.ndarray:
        patient_from_heart = np.linalg.inv(self.heart_from_patient)
        target = position
        for _ in range(30):  # the warp is a contraction, so the fixed point is reached quickly
            shift = np.sin(self.waves @ target + self.phases) @ self.amplitudes_mm
            target = position - shift
        return apply_affine(patient_from_heart, target[None])[0]


def sample_patient(seed: int, turn_deg: float = 9.0) -> SyntheticPatient:
    """Draw one patient; `turn_deg` is the spread of the pose about each axis, in degrees."""
    rng = np.random.default_rng(seed)
    heart, chest = sample_heart(rng), sample_chest(rng)
    turn = rotation_from_vector(np.radians(rng.normal(0.0, turn_deg, 3)))
    stretch = np.exp(rng.normal(0.0, 0.10)) * np.exp(rng.normal(0.0, 0.04, 3))
    heart_from_patient = np.eye(4)
    heart_from_patient[:3, :3] = np.diag(1.0 / stretch) @ turn
    lengths = rng.uniform(70.0, 200.0, 8)
    directions = rng.normal(size=(8, 3))
    waves = directions / np.linalg.norm(directions, axis=1, keepdims=True) * (2 * np.pi / lengths)[:, None]
    amplitudes = rng.normal(size=(8, 3)) * (lengths * 0.013)[:, None]
    return SyntheticPatient(
        seed, heart, chest, heart_from_patient, waves, amplitudes, rng.uniform(0, 2 * np.pi, 8)
    )


def paint(patient: SyntheticPatient, points: torch.Tensor) -> torch.Tensor:
    """Tissue values (n,) uint8 at LPS points (n, 3), float32, on the points' device."""
    here = _heart_frame(patient, points)
    parts = heart_distances(patient.heart, here)
    size = patient.heart.sizes
    wall = size["vessel_wall"]
    sac = parts["lv_epicardium"].minimum(parts["rv_outer"]).minimum(parts["ra"]).minimum(parts["la"])
    sac = sac.minimum((parts["pulmonary_artery"] - 2.0).minimum(parts["aorta"] - 2.0)) - size["fat"]
    tissues = points.new_zeros(len(points)).byte()
    paint_chest(patient.chest, here, tissues, sac)
    tissues[sac < 0] = VALUE["heart_fat"]
    tissues[(parts["la"].minimum(parts["ra"]) - size["atrial_wall"]) < 0] = VALUE["atrial_wall"]
    for vein in ("svc", "ivc", "pulmonary_vein"):
        tissues[parts[vein] - 1.0 < 0] = VALUE["vessel_wall"]
        tissues[parts[vein] < 0] = VALUE[vein]
    tissues[parts["la"] < 0] = VALUE["la"]
    tissues[parts["ra"] < 0] = VALUE["ra"]
    tissues[(parts["rv_outer"] < 0) & (parts["la"] > 0) & (parts["ra"] > 0)] = VALUE["rv_wall"]
    tissues[parts["rv"] < 0] = VALUE["rv"]
    tissues[parts["lv_epicardium"] < 0] = VALUE["lv_myocardium"]
    _paint_great_vessels(parts, tissues, wall)
    tissues[parts["lv"] < 0] = VALUE["lv"]
    tissues[(parts["papillary"] < 0) & (parts["lv"] < 0)] = VALUE["papillary"]
    return tissues


def _paint_great_vessels(parts: dict[str, torch.Tensor], tissues: torch.Tensor, wall_mm: float) -> None:
    aorta, pulmonary = parts["aorta"], parts["pulmonary_artery"]
    keeps = (tissues == VALUE["rv"]) | (tissues == VALUE["lv_myocardium"])
    tissues[parts["arch_branch"] < 0] = VALUE["arch_branch"]
    for vessel, others in ((pulmonary, keeps), (aorta, tissues == VALUE["lv_myocardium"])):
        tissues[(vessel - wall_mm < 0) & ~others] = VALUE["vessel_wall"]
    tissues[pulmonary.maximum(-(aorta - wall_mm)) < 0] = VALUE["pulmonary_artery"]
    tissues[aorta < 0] = VALUE["aorta"]


def _heart_frame(patient: SyntheticPatient, points: torch.Tensor) -> torch.Tensor:
    def to(values: np.ndarray) -> torch.Tensor:
        return points.new_tensor(np.asarray(values, dtype=np.float32))

    matrix = patient.heart_from_patient
    posed = points @ to(matrix[:3, :3].T) + to(matrix[:3, 3])
    return posed + (posed @ to(patient.waves.T) + to(patient.phases)).sin() @ to(patient.amplitudes_mm)


def grid_points(
    patient_from_index: np.ndarray, shape: tuple[int, int, int], device: str = "cpu"
) -> torch.Tensor:
    """LPS positions (slices * rows * columns, 3), float32, of every voxel centre of a grid."""
    import torch

    ranges = [torch.arange(n, dtype=torch.float32, device=device) for n in shape]
    indices = torch.stack(torch.meshgrid(*ranges, indexing="ij"), dim=-1).reshape(-1, 3)
    matrix = torch.as_tensor(np.asarray(patient_from_index, dtype=np.float32), device=device)
    return indices @ matrix[:3, :3].T + matrix[:3, 3]


def paint_grid(
    patient: SyntheticPatient, patient_from_index: np.ndarray, shape: tuple[int, int, int], device: str = "cpu"
) -> torch.Tensor:
    """Tissue values uint8 (slices, rows, columns) on a grid, painted slab by slab to bound the memory."""
    import torch

    slabs = []
    step = max(1, 600_000 // (shape[1] * shape[2]))
    for first in range(0, shape[0], step):
        n = min(step, shape[0] - first)
        start = np.array(patient_from_index, dtype=np.float64)
        start[:3, 3] += first * start[:3, 0]
        slabs.append(paint(patient, grid_points(start, (n, shape[1], shape[2]), device)))
    return torch.cat(slabs).reshape(shape)


def target_of(tissues: torch.Tensor) -> torch.Tensor:
    """Structure values (uint8, any shape) that a network has to predict for painted tissues."""
    import torch

    table = torch.tensor(TARGET, dtype=torch.uint8, device=tissues.device)
    return table[tissues.long()]


def truth_label_map(
    tissues: torch.Tensor, patient_from_index: np.ndarray, frame_of_reference_uid: str
) -> LabelMap:
    """The exact label map of painted tissues."""
    return LabelMap(target_of(tissues).cpu().numpy(), patient_from_index, HEART_NAMES, frame_of_reference_uid)

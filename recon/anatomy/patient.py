"""A synthetic patient: one heart in one chest, posed and softly warped, with its exact truth anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.anatomy import HEART_NAMES
from core.volume import LabelMap
from recon.anatomy.chest import Chest, chest_layers, sample_chest
from recon.anatomy.diseases import MIRRORED
from recon.anatomy.heart import sample_heart
from recon.anatomy.heart_layers import heart_layers, sac_of
from recon.anatomy.layers import Layer, millimetres, paint_layers, paint_layers_with_fields
from recon.anatomy.pose import Pose, mirrored, sample_pose
from recon.anatomy.tissues import N_STRUCTURES, TARGET
from recon.anatomy.ventricles import Distances

if TYPE_CHECKING:
    import torch

# The middle of what is to be reconstructed, from apex to arch, in the heart's frame (mm).
REGION_CENTRE_MM = np.array((-12.0, -12.0, 12.0))
_SLAB_POINTS = 600_000


class HeartShape(Protocol):
    """A heart in a frame of its own, parallel to LPS with the mitral valve's centre as origin, mm."""

    @property
    def sizes(self) -> Mapping[str, float]:
        """`vessel_wall`, `atrial_wall`, `fat` and `effusion`, mm, and what else its maker needs."""

    def parts(self, points: torch.Tensor) -> Distances:
        """Signed distances (n,) of its parts at points (n, 3)."""

    def landmarks(self) -> Mapping[str, np.ndarray]:
        """Positions (3,) by the keys of `core.anatomy.LANDMARKS`."""

    def directions(self) -> Mapping[str, np.ndarray]:
        """Unit normals (3,) of those landmarks that have a direction."""


@dataclass(frozen=True, eq=False)
class SyntheticPatient:
    """Everything that decides what lies at a point of the patient.

    Attributes:
        seed: what it was drawn from; the same seed gives the same patient.
    """

    seed: int
    heart: HeartShape
    chest: Chest
    pose: Pose

    def landmarks(self) -> Mapping[str, np.ndarray]:
        """LPS positions (3,) in mm by the keys of `core.anatomy.LANDMARKS`, and `region_centre`."""
        wanted = {**self.heart.landmarks(), "region_centre": REGION_CENTRE_MM}
        return {name: self.pose.patient_point(position) for name, position in wanted.items()}

    def directions(self) -> Mapping[str, np.ndarray]:
        """Unit vectors (3,), LPS, of the landmarks that have a direction: with the blood, square to the valve."""
        at = self.heart.landmarks()
        return {
            key: self.pose.patient_normal(at[key], normal) for key, normal in self.heart.directions().items()
        }

    def layers(self, points: torch.Tensor) -> Iterator[Layer]:
        """What the patient is made of at LPS points (n, 3), lowest layer first."""
        here = self.pose.heart_frame(points)
        parts = self.heart.parts(here)
        sac = sac_of(parts, self.heart.sizes)
        yield from chest_layers(self.chest, here, sac - self.heart.sizes["effusion"] - 2.0)
        yield from heart_layers(parts, self.heart.sizes, sac)


def sample_patient(seed: int, turn_deg: float = 9.0, disease: str | None = None) -> SyntheticPatient:
    """Draw one patient, without disease unless one is asked for.

    Args:
        turn_deg: spread of the pose about each axis, in degrees.
        disease: one of `recon.anatomy.diseases.DISEASES`.

    Raises:
        KeyError: for another name of a disease.
    """
    rng = np.random.default_rng(seed)
    heart = sample_heart(rng, None if disease == MIRRORED else disease)
    chest, pose = sample_chest(rng), sample_pose(rng, turn_deg)
    return SyntheticPatient(seed, heart, chest, mirrored(pose) if disease == MIRRORED else pose)


def paint(patient: SyntheticPatient, points: torch.Tensor) -> torch.Tensor:
    """Tissue values (n,) uint8 at LPS points (n, 3), float32, on the points' device."""
    return paint_layers(patient.layers(points), points)


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

    slabs = [paint(patient, points) for points in _slabs(patient_from_index, shape, device)]
    return torch.cat(slabs).reshape(shape)


def paint_with_distances(
    patient: SyntheticPatient, patient_from_index: np.ndarray, shape: tuple[int, int, int], device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tissues as `paint_grid` gives them, and the signed distances to every structure of `core.anatomy.HEART`.

    Returns:
        tissues uint8 (slices, rows, columns); distances float32 (7, slices, rows, columns) in mm, negative inside,
        truncated at +-8 mm, negative exactly where the structure is painted.

    Raises:
        ValueError: when the grid's axes are not at right angles.
    """
    import torch

    painted = [
        paint_layers_with_fields(patient.layers(points), points)
        for points in _slabs(patient_from_index, shape, device)
    ]
    tissues = torch.cat([slab for slab, _ in painted]).reshape(shape)
    fields = torch.cat([slab for _, slab in painted], dim=1).reshape(N_STRUCTURES, *shape)
    return tissues, millimetres(fields, patient_from_index)


def _slabs(patient_from_index: np.ndarray, shape: tuple[int, int, int], device: str) -> Iterator[torch.Tensor]:
    step = max(1, _SLAB_POINTS // (shape[1] * shape[2]))
    for first in range(0, shape[0], step):
        n = min(step, shape[0] - first)
        start = np.array(patient_from_index, dtype=np.float64)
        start[:3, 3] += first * start[:3, 0]
        yield grid_points(start, (n, shape[1], shape[2]), device)


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

"""Images and label maps on a regular grid that knows where it lies in the patient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from core.frames import apply_affine


def _frozen_affine(matrix: np.ndarray) -> np.ndarray:
    affine = np.array(matrix, dtype=np.float64)
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise ValueError("patient_from_index is a finite 4x4 matrix")
    if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise ValueError("patient_from_index has no volume: a voxel needs three independent axes")
    affine.setflags(write=False)
    return affine


class _Grid(ABC):
    """What every regular grid derives from its `patient_from_index`; nothing of it is stored twice."""

    patient_from_index: np.ndarray

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """Number of (slices, rows, columns)."""

    @property
    def spacing_mm(self) -> np.ndarray:
        """Distance (3,) between neighbours along (slice, row, column) index."""
        return np.linalg.norm(self.patient_from_index[:3, :3], axis=0)

    @property
    def axes(self) -> np.ndarray:
        """Unit directions (3, 3) in LPS, one per column, of the (slice, row, column) index."""
        return self.patient_from_index[:3, :3] / self.spacing_mm

    @property
    def origin_mm(self) -> np.ndarray:
        """LPS position (3,) of the centre of voxel (0, 0, 0)."""
        return self.patient_from_index[:3, 3]

    @property
    def centre_mm(self) -> np.ndarray:
        """LPS position (3,) of the middle of the grid."""
        return self.patient_from_indices((np.array([self.shape], dtype=np.float64) - 1.0) / 2.0)[0]

    @property
    def index_from_patient(self) -> np.ndarray:
        """The inverse (4, 4) of `patient_from_index`."""
        return np.linalg.inv(self.patient_from_index)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return abs(float(np.linalg.det(self.patient_from_index[:3, :3]))) / 1000.0

    def patient_from_indices(self, indices: np.ndarray) -> np.ndarray:
        """LPS positions (n, 3) in mm of (slice, row, column) indices (n, 3), voxel centres at integers."""
        return apply_affine(self.patient_from_index, indices)

    def indices_from_patient(self, points: np.ndarray) -> np.ndarray:
        """Fractional (slice, row, column) indices (n, 3) of LPS positions (n, 3) in mm."""
        return apply_affine(self.index_from_patient, points)


@dataclass(frozen=True, eq=False)
class Volume(_Grid):
    """Intensities on a grid. A single plane is a volume of one slice, its first spacing the slice thickness.

    Attributes:
        voxels: array (slices, rows, columns), read-only.
        patient_from_index: (4, 4), takes (slice, row, column, 1) to LPS mm, voxel centres at integers.
        frame_of_reference_uid: which patient space the millimetres belong to.
        unit: "HU" for CT, "arbitrary" otherwise.
        modality: DICOM modality, "CT", "MR", "US", ... or "OT" when unknown.
    """

    voxels: np.ndarray
    patient_from_index: np.ndarray
    frame_of_reference_uid: str = ""
    unit: str = "arbitrary"
    modality: str = "OT"

    def __post_init__(self) -> None:
        if self.voxels.ndim != 3:
            raise ValueError("voxels have the shape (slices, rows, columns)")
        voxels = self.voxels.view()
        voxels.setflags(write=False)
        object.__setattr__(self, "voxels", voxels)
        object.__setattr__(self, "patient_from_index", _frozen_affine(self.patient_from_index))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of (slices, rows, columns)."""
        slices, rows, columns = self.voxels.shape
        return slices, rows, columns


@dataclass(frozen=True, eq=False)
class VolumeSequence:
    """The phases of a heart's cycle, each a volume that is fetched when it is asked for.

    Attributes:
        n_phases: how many there are (1 for a still series).
        read_phase: phase number, from 0, to its volume. Raises PlannerError when it cannot be loaded.
        percents: of the R-R interval, one per phase, ascending; empty when the files do not say.
        times_ms: after the R peak, one per phase, ascending; empty when the files do not say.
    """

    n_phases: int
    read_phase: Callable[[int], Volume]
    percents: tuple[float, ...] = ()
    times_ms: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if any(times and len(times) != self.n_phases for times in (self.percents, self.times_ms)):
            raise ValueError("a sequence has one time for each of its phases, or none")

    def phase(self, index: int) -> Volume:
        """The volume of a phase. Raises IndexError beyond the cycle, PlannerError when it cannot be loaded."""
        if not 0 <= index < self.n_phases:
            raise IndexError(index)
        return self.read_phase(index)


@dataclass(frozen=True, eq=False)
class LabelMap(_Grid):
    """Structures on a grid: `labels` uint8 (slices, rows, columns), 0 is background.

    Attributes:
        names: value -> structure key, for every value that may occur.
        patient_from_index, frame_of_reference_uid: as in `Volume`.
    """

    labels: np.ndarray
    patient_from_index: np.ndarray
    names: Mapping[int, str] = field(default_factory=dict)
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        if self.labels.ndim != 3 or self.labels.dtype != np.uint8:
            raise ValueError("labels are uint8 with the shape (slices, rows, columns)")
        labels = self.labels.view()
        labels.setflags(write=False)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "patient_from_index", _frozen_affine(self.patient_from_index))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of (slices, rows, columns)."""
        slices, rows, columns = self.labels.shape
        return slices, rows, columns

    def mask(self, key: str) -> np.ndarray:
        """Boolean array of the voxels of structure `key`. Raises KeyError when the map has no such name."""
        for value, name in self.names.items():
            if name == key:
                return self.labels == value
        raise KeyError(key)

    def volumes_ml(self) -> dict[str, float]:
        """Volume of each named structure in millilitres, by counting voxels."""
        counts = np.bincount(self.labels.ravel(), minlength=256)
        return {name: float(counts[value]) * self.voxel_ml for value, name in self.names.items()}

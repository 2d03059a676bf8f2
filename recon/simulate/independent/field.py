"""The slices of a physical scan: where they lie, the patient finely painted in them, the truth on their own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.volume import LabelMap
from recon.anatomy.patient import SyntheticPatient, paint_grid, truth_label_map


@dataclass(frozen=True)
class Field:
    """Axial slices around the heart.

    Attributes:
        size_mm: side of a square slice; `n_pixels` along it.
        step_mm: between slices; `n_slices` of them.
        finer: how many painted points lie along one pixel.
    """

    size_mm: float = 192.0
    n_pixels: int = 128
    step_mm: float = 1.5
    n_slices: int = 100
    finer: int = 2

    @property
    def pixel_mm(self) -> float:
        """Distance between pixels."""
        return self.size_mm / self.n_pixels

    def patient_from_index(self, centre_mm: np.ndarray) -> np.ndarray:
        """(4, 4) of the image's grid; its middle lies at `centre_mm`, LPS."""
        affine = np.eye(4)
        affine[:3, :3] = np.fliplr(np.eye(3)) * (self.step_mm, self.pixel_mm, self.pixel_mm)
        middle = (np.array((self.n_slices, self.n_pixels, self.n_pixels)) - 1.0) / 2.0
        affine[:3, 3] = centre_mm - affine[:3, :3] @ middle
        return affine

    def paint(self, patient: SyntheticPatient, patient_from_index: np.ndarray, offset: float) -> np.ndarray:
        """Tissues uint8 (slices, finer * pixels, finer * pixels), `finer` points to a pixel.

        Args:
            offset: index of the first painted point, in pixels from the first pixel's centre.
        """
        affine = patient_from_index.copy()
        affine[:3, 1:3] /= self.finer
        affine[:3, 3] += offset * (patient_from_index[:3, 1] + patient_from_index[:3, 2])
        n = self.finer * self.n_pixels
        return paint_grid(patient, affine, (self.n_slices, n, n)).numpy()

    def truth(
        self, patient: SyntheticPatient, patient_from_index: np.ndarray, frame_of_reference_uid: str
    ) -> LabelMap:
        """The exact labels at the image's own voxel centres."""
        shape = (self.n_slices, self.n_pixels, self.n_pixels)
        tissues = paint_grid(patient, patient_from_index, shape)
        return truth_label_map(tissues, patient_from_index, frame_of_reference_uid)

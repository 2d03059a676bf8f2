"""The images of one synthetic patient: a contrast CT and a 3-D MR of the same heart, with their exact truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.frames import rigid
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume
from recon.anatomy.patient import SyntheticPatient, paint_grid, truth_label_map
from recon.sampling import patient_grid
from recon.simulate.contrast import Contrast, contrast_ct, steady_state_mr
from recon.simulate.image import Artefacts, simulate

# Hounsfield units know no coil: only MR brightness drifts over the field of view.
CT_ARTEFACTS = Artefacts(blur=(0.6, 0.5, 0.5), noise=0.015)
MR_ARTEFACTS = Artefacts(blur=(0.6, 0.5, 0.5), noise=0.015, bias=0.06)


@dataclass(frozen=True, eq=False)
class SimulatedImage:
    """One image of a synthetic patient and its exact labels on the same grid, in the image's own patient space."""

    image: Volume
    truth: LabelMap


def simulate_ct(
    patient: SyntheticPatient,
    frame_of_reference_uid: str,
    spacing_mm: float = 1.5,
    size_mm: float = 200.0,
    progress: Progress | None = None,
) -> SimulatedImage:
    """A contrast CT in HU around the heart."""
    still = np.eye(4)
    image = _image(
        patient, contrast_ct(), CT_ARTEFACTS, still, frame_of_reference_uid, spacing_mm, size_mm, progress
    )
    hounsfield = np.clip(np.rint(image.image.voxels), -1024, 3071).astype(np.int16)
    return _with_voxels(image, hounsfield, "HU", "CT")


def simulate_mr(
    patient: SyntheticPatient,
    frame_of_reference_uid: str,
    spacing_mm: float = 1.5,
    size_mm: float = 200.0,
    progress: Progress | None = None,
) -> SimulatedImage:
    """A 3-D steady-state MR of the same patient, who lies 6 mm and 4 degrees differently on this table."""
    moved = rigid(np.radians((2.0, -3.0, 1.5)), np.array((4.0, -3.0, 3.0)))
    image = _image(
        patient, steady_state_mr(), MR_ARTEFACTS, moved, frame_of_reference_uid, spacing_mm, size_mm, progress
    )
    brightness = np.clip(np.rint(image.image.voxels), 0, 4095).astype(np.int16)
    return _with_voxels(image, brightness, "arbitrary", "MR")


def _image(
    patient: SyntheticPatient,
    contrast: Contrast,
    artefacts: Artefacts,
    image_from_patient: np.ndarray,
    frame_uid: str,
    spacing_mm: float,
    size_mm: float,
    progress: Progress | None,
) -> SimulatedImage:
    import torch

    progress = progress or Silent()
    n = round(size_mm / spacing_mm)
    middle = patient.landmarks()["region_centre"]
    in_image = image_from_patient[:3, :3] @ middle + image_from_patient[:3, 3]
    grid = patient_grid(np.round(in_image), n, spacing_mm)
    progress.report("painting the patient", 0.0)
    tissues = paint_grid(patient, np.linalg.inv(image_from_patient) @ grid, (n, n, n))
    progress.report("simulating the image", 0.6)
    generator = torch.Generator().manual_seed(patient.seed)
    image = simulate(tissues, contrast, artefacts, generator).numpy()
    progress.report("simulating the image", 1.0)
    return SimulatedImage(Volume(image, grid, frame_uid), truth_label_map(tissues, grid, frame_uid))


def _with_voxels(image: SimulatedImage, voxels: np.ndarray, unit: str, modality: str) -> SimulatedImage:
    volume = image.image
    return SimulatedImage(
        Volume(voxels, volume.patient_from_index, volume.frame_of_reference_uid, unit, modality), image.truth
    )

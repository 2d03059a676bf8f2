"""The images of one synthetic patient, by name of modality and of artefact, with their exact truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import PlannerError
from core.frames import rigid
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume
from recon.anatomy.patient import SyntheticPatient, paint_grid, truth_label_map
from recon.sampling import patient_grid
from recon.simulate.contrast import Contrast, contrast_ct, steady_state_mr
from recon.simulate.defects import DEFECTS, Exposure
from recon.simulate.echo import random_fan, scan
from recon.simulate.families import random_contrast
from recon.simulate.image import Artefacts, blur, brightness_range, simulate, textured
from recon.simulate.inside import add_scars

if TYPE_CHECKING:
    import torch

# Hounsfield units know no coil: only MR brightness drifts over the field of view.
CT_ARTEFACTS = Artefacts(blur=(0.6, 0.5, 0.5), noise=0.015)
MR_ARTEFACTS = Artefacts(blur=(0.6, 0.5, 0.5), noise=0.015, bias=0.06)

MODALITIES: Mapping[str, str] = {
    "ct_arterial": "CT",
    "ct_mixed": "CT",
    "ct_noncontrast": "CT",
    "mr_bssfp": "MR",
    "mr_t1": "MR",
    "black_blood": "MR",
    "lge": "MR",
    "echo": "US",
    "any": "MR",
}
"""Contrast family that `simulate_study` knows -> DICOM modality."""


@dataclass(frozen=True, eq=False)
class SimulatedImage:
    """One image of a synthetic patient and its exact labels on the same grid, in the image's own patient space."""

    image: Volume
    truth: LabelMap


def simulate_study(
    patient: SyntheticPatient,
    modality: str,
    frame_of_reference_uid: str,
    spacing_mm: float = 1.5,
    size_mm: float = 200.0,
    artefact: str | None = None,
    contrast_seed: int = 0,
    progress: Progress | None = None,
) -> SimulatedImage:
    """One image around the heart, of a named contrast family and with a named artefact or none.

    Args:
        modality: one of `MODALITIES`.
        artefact: one of `recon.simulate.defects.DEFECTS`; it may change the image's own grid (thick, truncated).
        contrast_seed: which contrast of the family; the same patient and seed give the same image.

    Raises:
        PlannerError: no such modality or artefact.
    """
    import torch

    _check(modality, artefact)
    progress = progress or Silent()
    rng = np.random.default_rng((patient.seed, contrast_seed, 23))
    contrast = random_contrast(rng, modality)
    n = round(size_mm / spacing_mm)
    grid = patient_grid(np.round(patient.landmarks()["region_centre"]), n, spacing_mm)
    progress.report("painting the patient", 0.0)
    tissues = paint_grid(patient, grid, (n, n, n))
    progress.report("simulating the image", 0.6)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    brightness = textured(tissues, contrast, generator)
    if modality == "lge":
        brightness = add_scars(brightness, tissues, rng, spacing_mm)
    exposure = Exposure(blur(brightness, (0.5,) * 3), tissues, grid, modality.startswith("ct_"), rng, generator)
    if artefact is not None:
        exposure = DEFECTS[artefact](exposure)
    finished = _echo(exposure, patient) if modality == "echo" else _with_a_little_noise(exposure)
    progress.report("simulating the image", 1.0)
    truth = truth_label_map(exposure.tissues, exposure.patient_from_index, frame_of_reference_uid)
    return SimulatedImage(_volume(finished, exposure, frame_of_reference_uid, modality), truth)


def _check(modality: str, artefact: str | None) -> None:
    wanted: tuple[tuple[str, str | None, Iterable[str]], ...] = (
        ("modality", modality, MODALITIES),
        ("artefact", artefact, DEFECTS),
    )
    for what, name, names in wanted:
        if name is not None and name not in names:
            raise PlannerError(
                f"cannot simulate this {what}", f"{name} is not known", "choose one of " + ", ".join(names)
            )


def _with_a_little_noise(exposure: Exposure) -> torch.Tensor:
    import torch

    image = exposure.image
    noise = torch.randn(image.shape, generator=exposure.generator)
    return image + 0.01 * brightness_range(image) * noise


def _echo(exposure: Exposure, patient: SyntheticPatient) -> torch.Tensor:
    at = patient.landmarks()
    base = 0.5 * (at["mitral_valve"] + at["aortic_valve"])
    fan = random_fan(base, at["lv_apex"], exposure.rng)
    return scan(exposure.image, exposure.patient_from_index, fan, exposure.rng, exposure.generator)[0]


def _volume(image: torch.Tensor, exposure: Exposure, frame_uid: str, modality: str) -> Volume:
    grid = exposure.patient_from_index
    if exposure.is_ct:
        hounsfield = np.clip(np.rint(image.numpy()), -1024, 3071).astype(np.int16)
        return Volume(hounsfield, grid, frame_uid, "HU", "CT")
    brightness = np.clip(np.rint(image.numpy() * 1000.0), 0, 4095).astype(np.int16)
    return Volume(brightness, grid, frame_uid, "arbitrary", MODALITIES[modality])


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

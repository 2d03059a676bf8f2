"""A synthetic patient on disk: studies of CT, MR, cine and echo as they would arrive, and what is true of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from core.errors import PlannerError
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume

if TYPE_CHECKING:
    from recon.anatomy.patient import SyntheticPatient

STUDY_DATE = "20260101"
MODALITIES = ("ct", "mr", "cine", "echo")
BREATHING_MM = 2.2
"""Standard deviation along each axis of how far cine planes are off, 3.5 mm on average in space."""


@dataclass(frozen=True, eq=False)
class PhantomFiles:
    """Where a synthetic patient lies, and what is true of it.

    Attributes:
        study: the folder to open; DICOM, and NIfTI for the echo, for which no DICOM object is written.
        truth: modality -> exact labels in that image's patient space.
    """

    study: Path
    truth: dict[str, LabelMap]


def write_phantom(
    folder: Path,
    seed: int,
    spacing_mm: float = 1.5,
    modalities: Sequence[str] = ("ct", "mr"),
    progress: Progress | None = None,
) -> PhantomFiles:
    """Write `study/<modality>` and `truth/<modality>/labels.nii.gz` of the patient drawn from `seed`.

    Args:
        modalities: of `MODALITIES`. Of a cine study one phase is written: the short-axis stack and three
            long-axis planes, a series each, every slice moved by a breath of its own.

    Raises:
        PlannerError: no such modality, or the folder cannot be written.
    """
    from imaging.formats.nifti import write_labels
    from recon.anatomy.patient import sample_patient

    unknown = [name for name in modalities if name not in MODALITIES]
    if unknown:
        raise PlannerError(
            "cannot make this patient", f"{unknown[0]} is no known modality", "choose " + ", ".join(MODALITIES)
        )
    progress = progress or Silent()
    patient = sample_patient(seed)
    truth = {}
    for modality in modalities:
        volumes, labels = _images(patient, modality, spacing_mm, progress)
        _write(volumes, modality, seed, folder / "study" / modality, progress)
        truth_folder = folder / "truth" / modality
        truth_folder.mkdir(parents=True, exist_ok=True)
        write_labels(labels, truth_folder / "labels.nii.gz")
        truth[modality.upper()] = labels
    return PhantomFiles(folder / "study", truth)


def _images(
    patient: SyntheticPatient, modality: str, spacing_mm: float, progress: Progress
) -> tuple[tuple[Volume, ...], LabelMap]:
    """The images of one modality and the truth, which for planes lies on a grid of its own."""
    from recon.simulate.cine import simulate_cine, stacked
    from recon.simulate.study import simulate_ct, simulate_mr, simulate_study

    frame_uid = _uid(patient.seed, modality.upper(), "frame")
    if modality == "echo":
        simulated = simulate_study(patient, "echo", frame_uid, spacing_mm, progress=progress)
        return (simulated.image,), simulated.truth
    if modality == "cine":
        around = simulate_study(patient, "mr_bssfp", frame_uid, spacing_mm, progress=progress)
        return stacked(simulate_cine(patient, frame_uid, BREATHING_MM)), around.truth
    simulate = simulate_ct if modality == "ct" else simulate_mr
    simulated = simulate(patient, frame_uid, spacing_mm, progress=progress)
    return (simulated.image,), simulated.truth


def _write(volumes: Sequence[Volume], modality: str, seed: int, folder: Path, progress: Progress) -> None:
    from imaging.formats.nifti import write_volume
    from imaging.outputs.series import PatientModule, write_series

    if modality == "echo":
        folder.mkdir(parents=True, exist_ok=True)
        write_volume(volumes[0], folder / "echo.nii.gz")
        return
    dicom = "CT" if modality == "ct" else "MR"
    for k, volume in enumerate(volumes):
        which = (f"{k + 1:02d}",) if len(volumes) > 1 else ()
        write_series(
            volume,
            folder.joinpath(*which),
            patient=PatientModule(f"Synthetic^{seed}", f"SYN-{seed}"),
            study_uid=_uid(seed, modality.upper(), "study"),
            series_uid=_uid(seed, modality.upper(), "series", *which),
            modality=dicom,
            description=" ".join(("Synthetic heart", modality.upper(), *which)),
            series_number=100 * MODALITIES.index(modality) + k + 1,
            study_date=STUDY_DATE,
            study_description="Synthetic patient",
            progress=progress,
        )


def _uid(seed: int, *what: str) -> str:
    """A UID that the same synthetic patient always gets. Source: DICOM PS3.5, B.2 (UUID-derived UIDs)."""
    name = "/".join(("auricle synthetic patient", str(seed), *what))
    return f"2.25.{uuid5(NAMESPACE_URL, name).int}"

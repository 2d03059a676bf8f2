"""A synthetic patient on disk: DICOM studies of CT and MR as a hospital would send them, and its truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from core.progress import Progress, Silent
from core.volume import LabelMap

STUDY_DATE = "20260101"


@dataclass(frozen=True, eq=False)
class PhantomFiles:
    """Where a synthetic patient lies, and what is true of it.

    Attributes:
        study: the folder to open, DICOM only.
        truth: modality -> exact labels in that image's patient space.
    """

    study: Path
    truth: dict[str, LabelMap]


def write_phantom(
    folder: Path, seed: int, spacing_mm: float = 1.5, progress: Progress | None = None
) -> PhantomFiles:
    """Write `study/ct`, `study/mr` and `truth/<modality>/labels.nii.gz` of the patient drawn from `seed`.

    Raises PlannerError when the folder cannot be written.
    """
    from imaging.formats.nifti import write_labels
    from imaging.outputs.series import PatientModule, write_series
    from recon.anatomy.patient import sample_patient
    from recon.simulate.study import simulate_ct, simulate_mr

    progress = progress or Silent()
    patient = sample_patient(seed)
    identity = PatientModule(f"Synthetic^{seed}", f"SYN-{seed}")
    truth = {}
    for number, (modality, simulate) in enumerate((("CT", simulate_ct), ("MR", simulate_mr)), start=1):
        simulated = simulate(patient, _uid(seed, modality, "frame"), spacing_mm, progress=progress)
        write_series(
            simulated.image,
            folder / "study" / modality.lower(),
            patient=identity,
            study_uid=_uid(seed, modality, "study"),
            series_uid=_uid(seed, modality, "series"),
            modality=modality,
            description=f"Synthetic heart {modality}",
            series_number=number,
            study_date=STUDY_DATE,
            study_description="Synthetic patient",
            progress=progress,
        )
        truth_folder = folder / "truth" / modality.lower()
        truth_folder.mkdir(parents=True, exist_ok=True)
        write_labels(simulated.truth, truth_folder / "labels.nii.gz")
        truth[modality] = simulated.truth
    return PhantomFiles(folder / "study", truth)


def _uid(seed: int, *what: str) -> str:
    """A UID that the same synthetic patient always gets. Source: DICOM PS3.5, B.2 (UUID-derived UIDs)."""
    name = "/".join(("auricle synthetic patient", str(seed), *what))
    return f"2.25.{uuid5(NAMESPACE_URL, name).int}"

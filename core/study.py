"""What was found in a folder: patients, studies, series. No pixels; `repr` never names a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from core.errors import Finding

OWN_SPACE = "own_space"
"""Code of the finding that slices lie in a space of their own and not in the patient's."""


class SeriesKind(Enum):
    """What a series is to a person; decides how it is opened."""

    STACK = "stack"
    LOCALISER = "localiser"
    PROJECTION = "x-ray projection"
    CLIP = "clip"
    CAPTURE = "screen capture"
    SEGMENTATION = "segmentation"
    CONTOURS = "contours"
    SURFACE = "surface"
    REPORT = "report"


@dataclass(frozen=True)
class Series:
    """One series as a person thinks of it: a stack, possibly at several phases.

    Attributes:
        phases: for each phase (one for a still series) its files in geometric order, foot-most first along
            the stack's normal.
        shape: (slices, rows, columns) of one phase.
        spacing_mm: (slice, row, column) spacing; None where the files do not say.
        frames: for each phase, where its slices are multi-frame files' frames, the (file of the phase, frame)
            of each slice; empty when every file is one slice.
        phase_labels: what a person calls each phase, e.g. "40 %" or "312 ms"; empty when the files do not say.
        kind: STACK and LOCALISER are slices in a patient space; of the others the files say nothing of slices.
    """

    series_uid: str
    modality: str
    description: str
    phases: tuple[tuple[Path, ...], ...]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] | None
    frame_of_reference_uid: str = ""
    findings: tuple[Finding, ...] = ()
    kind: SeriesKind = SeriesKind.STACK
    phase_labels: tuple[str, ...] = ()
    frames: tuple[tuple[tuple[int, int], ...], ...] = ()

    @property
    def is_in_patient(self) -> bool:
        """False when the patient's directions are not known: left and right, head and feet."""
        return all(finding.code != OWN_SPACE for finding in self.findings)

    @property
    def n_phases(self) -> int:
        """Number of cardiac phases (1 for a still series)."""
        return len(self.phases)

    @property
    def n_images(self) -> int:
        """Number of image files in all."""
        return sum(len(files) for files in self.phases)


@dataclass(frozen=True)
class Study:
    """One examination of one patient; `date` as YYYYMMDD, empty when unknown."""

    study_uid: str
    date: str
    description: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Patient:
    """One patient of a folder. The name and id stay out of `repr` so that no log ever prints them."""

    name: str = field(repr=False)
    patient_id: str = field(repr=False)
    studies: tuple[Study, ...] = ()


@dataclass(frozen=True)
class ScanResult:
    """All that a folder holds, and what could not be used, with the reason."""

    patients: tuple[Patient, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def series(self) -> tuple[Series, ...]:
        """All series of all patients, in order."""
        return tuple(s for p in self.patients for study in p.studies for s in study.series)

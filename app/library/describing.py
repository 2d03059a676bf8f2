"""What a scan found, as entries of the library; and when two of them are the same study."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from app.library.catalogue import now_utc
from app.library.copying import not_copied
from app.library.entry import Entry, SeriesLine, Storage, modalities_of
from app.library.search import folded
from core.study import Patient, ScanResult, Study
from imaging.find.files import FileKind, file_kind

LONGEST_NAME = 60
KEPT_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")


@dataclass(frozen=True)
class Candidate:
    """A study that could enter the library, and its image files with their sizes in bytes."""

    entry: Entry
    files: tuple[tuple[Path, int], ...]


def candidates_of(scan: ScanResult, storage: Storage) -> list[Candidate]:
    """Every study of a scan that has images. Raises PlannerError when one of its files is gone."""
    return [
        _candidate(patient, study, storage)
        for patient in scan.patients
        for study in patient.studies
        if _files_of(study)
    ]


def holds(whole: Entry, part: Entry) -> bool:
    """True when `whole` has every series of `part` with as many images, and both are one study of one patient.

    Files without UIDs are told by their number, modality and size in bytes: their UIDs follow from where they lie.
    """
    if (whole.study_uid, whole.patient_id) != (part.study_uid, part.patient_id):
        return False
    if whole.study_uid:
        return _lines(part) <= _lines(whole)
    kinds = [sorted((line.modality, line.n_images) for line in entry.series) for entry in (whole, part)]
    return whole.size_bytes == part.size_bytes and kinds[0] == kinds[1]


def name_of(number: int, path: Path) -> str:
    """A name of our own: files are numbered; images that are told by their names keep a tamed part of it."""
    if file_kind(path) is FileKind.DICOM:
        return f"{number:06d}.dcm"
    name = folded(path.name)
    suffix = next((known for known in KEPT_SUFFIXES if name.endswith(known)), "")
    return f"{number:06d}-{_tame(name.removesuffix(suffix)) or 'image'}{suffix}"


def _candidate(patient: Patient, study: Study, storage: Storage) -> Candidate:
    files = tuple((path, _size(path)) for path in _files_of(study))
    series = tuple(SeriesLine(s.series_uid, s.modality, s.description, s.n_images) for s in study.series)
    entry = Entry(
        _new_id(study.date, series),
        storage,
        # The narrowest folder that holds the whole study, so that reading it again reads little else.
        Path(os.path.commonpath([path.parent for path, _ in files])),
        study.study_uid,
        patient.name,
        patient.patient_id,
        study.date,
        study.description,
        series,
        sum(size for _, size in files),
        now_utc(),
    )
    return Candidate(entry, files)


def _new_id(date: str, series: tuple[SeriesLine, ...]) -> str:
    """A name that a person can tell from others and that holds nothing a file could have put there."""
    day = date if len(date) == 8 and date.isascii() and date.isdigit() else "undated"
    kinds = [m for m in modalities_of(series) if m.isascii() and m.isalnum() and len(m) <= 8][:3]
    return "-".join((day, *(kinds or ["images"]), uuid.uuid4().hex[:8]))


def _files_of(study: Study) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for series in study.series for files in series.phases for path in files))


def _lines(entry: Entry) -> frozenset[tuple[str, int]]:
    return frozenset((line.series_uid, line.n_images) for line in entry.series)


def _tame(text: str) -> str:
    """Letters, digits and hyphens; short enough for every file system."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in text)
    return plain[:LONGEST_NAME].strip("-")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise not_copied(error) from error

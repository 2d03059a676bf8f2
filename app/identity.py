"""Whether two series are of one patient, as far as their files tell: nothing is ever joined without that question."""

from __future__ import annotations

from enum import Enum

from core.study import Patient, ScanResult, Series


class Sameness(Enum):
    """What the files say of two patients."""

    SAME = "the files name one patient: the same ID, and no other name"
    UNKNOWN = "the files do not tell whether they are of one patient"
    DIFFERENT = "the files name different patients"


def sameness(one: Patient | None, other: Patient | None) -> Sameness:
    """Compare IDs and names. One ID may belong to two people of two hospitals, so the names must not differ either."""
    if one is None or other is None:
        return Sameness.UNKNOWN
    ids = _folded(one.patient_id), _folded(other.patient_id)
    names = _folded(one.name), _folded(other.name)
    if (all(ids) and ids[0] != ids[1]) or (all(names) and names[0] != names[1]):
        return Sameness.DIFFERENT
    return Sameness.SAME if all(ids) else Sameness.UNKNOWN


def owner_in(scan: ScanResult | None, series: Series) -> Patient | None:
    """The patient under whom a series was found."""
    for patient in scan.patients if scan is not None else ():
        if any(series in study.series for study in patient.studies):
            return patient
    return None


def owner_of(series: Series) -> Patient | None:
    """The patient whom the first file of a series names."""
    from imaging.find.scan import scan_files

    first = series.phases[0][0]
    patients = scan_files([first], first.parent).patients
    return patients[0] if patients else None


def _folded(text: str) -> str:
    """Without what differs between two scanners' ways to write one name: case, carets, blanks."""
    return " ".join(text.replace("^", " ").split()).casefold()

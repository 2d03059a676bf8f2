"""Keeps the patient out of a report unless a person wants the name in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.state import State
from core.errors import Finding
from core.study import Patient

HIDDEN = "•••"
SHORTEST_WORD = 3
"""Words of a name shorter than this occur in too many others to be hidden."""

ANONYMOUS = "Anonymous"


@dataclass(frozen=True)
class Privacy:
    """What may be said of a patient.

    Attributes:
        heading: the line that names the patient, or says that nobody is named.
        words: what is taken out of every text that a person typed.
        findings: what cannot be promised.
    """

    heading: str
    words: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, state: State, with_patient: bool) -> Privacy:
        """The privacy of a report about what is open."""
        patient = patient_of(state)
        if with_patient:
            known = patient is not None and (patient.name or patient.patient_id)
            return cls(_named(patient) if patient is not None and known else "Unknown: the images do not say")
        typed = state.plan.notes or any(item.name for item in state.plan.items)
        if patient is None:
            return cls(ANONYMOUS, (), (_UNKNOWN,) if typed else ())
        words = [*re.split(r"[\W_]+", patient.name), patient.patient_id.strip()]
        longest_first = sorted({word for word in words if len(word) >= SHORTEST_WORD}, key=len, reverse=True)
        return cls(ANONYMOUS, tuple(longest_first))

    def cleaned(self, text: str) -> str:
        """A text without the patient's name and number."""
        for word in self.words:
            text = re.sub(re.escape(word), HIDDEN, text, flags=re.IGNORECASE)
        return text


def patient_of(state: State) -> Patient | None:
    """Whose images are open; None where nobody knows."""
    uid = state.series.series_uid if state.series is not None else ""
    for patient in state.scan.patients if state.scan is not None and uid else ():
        if any(series.series_uid == uid for study in patient.studies for series in study.series):
            return patient
    return None


def _named(patient: Patient) -> str:
    name = " ".join(part for part in patient.name.replace("^", " ").split() if part)
    return ", ".join(part for part in (name, patient.patient_id) if part)


_UNKNOWN = Finding(
    "names_not_checked",
    "the names of items and the notes stand here as they were typed",
    "the images are not open, so nothing tells whose name to look for",
    "read them before you pass this on",
)

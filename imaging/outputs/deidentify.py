"""Take the patient out of DICOM data, as PS3.15 says, and tell what was taken without telling its value."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from pydicom.datadict import dictionary_has_tag, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code
from pydicom.tag import BaseTag, Tag

from core.errors import Finding, PlannerError
from imaging.outputs.basic_profile import ACTIONS, REMOVED_GROUPS
from imaging.outputs.made import MAKER, code_item, program_version

METHOD_CODES = (
    Code("113100", "DCM", "Basic Application Confidentiality Profile"),
    Code("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
"""Source: DICOM PS3.16 CID 7050."""
REMOVED = "REMOVED"
MOST_DAYS, FEWEST_DAYS = 3650, 30
_DOCUMENT = Tag("EncapsulatedDocument")
_OWN_TEXT = {
    Tag(name)
    for name in ("SeriesDescription", "TextValue", "DocumentTitle", "EncapsulatedDocument", "ContentSequence")
}
"""What this program wrote itself, of words that name nobody."""
_FOREIGN_TEXT = {Tag("TextValue"): "D", Tag("DocumentTitle"): "Z"}
"""Free text that the table leaves to its options; nobody has read it, so it goes."""
_KEPT_STRUCTURE = {
    Tag(name) for name in ("ContentSequence", "GraphicAnnotationSequence", "VerifyingObserverSequence")
}
_MAY_BE_EMPTY = {Tag("AcquisitionContextSequence")}
"""Of type 2 in images; the other sequences of images have an item or are not there. Reports want them empty."""
_SERIAL = Tag("DeviceSerialNumber")
_NUMBERS = {"DS", "IS", "FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"}
_TEXT = {"LO", "SH", "LT", "ST", "UT", "UC", "UR", "AE"}
SHORTEST_WORD = 4
"""Shorter parts of a name stand in too many words that are none."""
_MAY_HOLD_TEXT = {"US", "SC", "OT", "XC", "ES", "GM", "SM", "XA", "RF", "DX", "CR"}


@dataclass
class DeidentificationReport:
    """What was done, by attribute and action; no value of any attribute.

    Attributes:
        n_objects: how many files.
        counts: (keyword or group, action) -> how often.
        n_burned_in: files whose pixels may show a name.
    """

    n_objects: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_burned_in: int = 0

    def as_json(self) -> dict[str, object]:
        """Plain values for a JSON file."""
        rows = [
            {"attribute": name, "action": action, "n": n} for (name, action), n in sorted(self.counts.items())
        ]
        return {
            "profile": "DICOM PS3.15 2024b Basic Application Level Confidentiality Profile",
            "options": [code.meaning for code in METHOD_CODES[1:]],
            "n_objects": self.n_objects,
            "attributes": rows,
            "n_pixels_not_checked": self.n_burned_in,
        }

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the user must still look at."""
        if not self.n_burned_in:
            return ()
        what = f"{self.n_burned_in} images may show a name in their pixels"
        why = "only attributes are cleaned, and these images do not say that nothing is written in them"
        return (Finding("burned_in_text", what, why, "look at every one of them before you pass them on"),)


class Deidentifier:
    """De-identifies the objects of one export; the same patient and UID become the same pseudonym within it.

    Pseudonyms and the shift of dates follow from a random key that is never written, so that nobody can
    compute them again. Dates of one patient move by the same number of days; times of day stay.

    Source: DICOM PS3.15 Annex E.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self.report = DeidentificationReport()

    def apply(self, dataset: Dataset, is_own: bool = False) -> Dataset:
        """A de-identified copy; `dataset` stays as it is.

        Args:
            is_own: the object was made by this program; its own fixed texts and its surface stay.

        Raises PlannerError for a document that nobody can clean, such as a PDF.
        """
        patient = str(dataset.get("PatientID") or "").strip() or str(dataset.get("PatientName") or "").strip()
        scope = _Scope(self, patient, _words_of(dataset), is_own, "ContentSequence" in dataset)
        made = scope.cleaned(dataset)
        made.PatientID = f"ANON-{self._digest('patient', patient).hex()[:10].upper()}"
        made.PatientName = f"{made.PatientID}^"
        made.PatientIdentityRemoved = "YES"
        made.DeidentificationMethod = (
            f"{MAKER} {program_version()}: PS3.15 2024b Basic Profile, modified dates"[:64]
        )
        made.DeidentificationMethodCodeSequence = [code_item(code) for code in METHOD_CODES]
        made.LongitudinalTemporalInformationModified = "MODIFIED"
        self.report.n_objects += 1
        is_silent = str(dataset.get("BurnedInAnnotation", "")) != "NO" and "PixelData" in dataset
        self.report.n_burned_in += is_silent and not is_own and _may_hold_text(dataset)
        return made

    def uid(self, uid: str) -> str:
        """The UID that stands for `uid` in this export. Source: DICOM PS3.5 B.2."""
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', uid)[:16], version=4).int}" if uid else ""

    def days(self, patient: str) -> int:
        """By how many days the dates of a patient go back."""
        number = int.from_bytes(self._digest("days", patient)[:8], "big")
        return FEWEST_DAYS + number % (MOST_DAYS - FEWEST_DAYS)

    def _digest(self, purpose: str, value: str) -> bytes:
        return hmac.new(
            self._key, f"{purpose}\0{value}".encode("utf-8", "surrogateescape"), hashlib.sha256
        ).digest()


@dataclass(frozen=True)
class _Scope:
    """The cleaning of one object, with all that is nested in it."""

    owner: Deidentifier
    patient: str
    words: frozenset[str]
    is_own: bool
    is_report: bool

    def cleaned(self, dataset: Dataset) -> Dataset:
        made = Dataset()
        for element in dataset:
            kept = self._element(element)
            if kept is not None:
                made.add(kept)
        return made

    def _element(self, element: DataElement) -> DataElement | None:
        tag = element.tag
        if tag.element == 0:
            return None
        if tag.is_private:
            self._count("private attributes", "X")
            return None
        if tag.group in REMOVED_GROUPS or 0x6000 <= tag.group < 0x6100:
            self._count("overlays and curves", "X")
            return None
        action = self._action(tag)
        if action and element.VR in ("DA", "DT", "TM") and tag.group != 0x0010:
            return self._moved(element)
        if action:
            return self._done(element, action)
        if element.VR == "UN" and not dictionary_has_tag(tag):
            self._count("unknown attributes", "X")
            return None
        if element.VR == "PN":
            return self._emptied(element)
        if element.VR in ("DA", "DT"):
            return self._moved(element)
        if element.VR in _TEXT and self._names_patient(element):
            return self._emptied(element)
        return self._recursed(element) if element.VR == "SQ" else element

    def _names_patient(self, element: DataElement) -> bool:
        """True for text of any attribute, listed or not, that holds a part of the patient's name or number."""
        text = str(element.value).casefold()
        return any(word in text for word in self.words)

    def _action(self, tag: BaseTag) -> str | None:
        if self.is_own and tag in _OWN_TEXT:
            return "D" if tag in _KEPT_STRUCTURE else None
        return ACTIONS.get(int(tag)) or _FOREIGN_TEXT.get(tag)

    def _done(self, element: DataElement, action: str) -> DataElement | None:
        """Carry out the mildest action that the attribute's type allows everywhere, and count it."""
        tag = element.tag
        if tag == _DOCUMENT:
            raise PlannerError(
                "cannot de-identify the document", "what is written in it cannot be cleaned", "leave it out"
            )
        if action == "U":
            return self._with_new_uids(element)
        if element.VR == "SQ":
            return self._sequence(element, action)
        if action == "X":
            self._count(_name(tag), "X")
            return None
        if action == "D" or "X/D" in action or tag == _SERIAL:
            return self._dummy(element)
        return self._emptied(element)

    def _sequence(self, element: DataElement, action: str) -> DataElement | None:
        if element.tag in _KEPT_STRUCTURE or action == "X/Z/U*":
            return self._recursed(element)
        if action == "D":
            self._count(_name(element.tag), "D")
            return DataElement(element.tag, "SQ", Sequence([code_item(Code(REMOVED, "99AURICLE", "Removed"))]))
        if action == "Z" or element.tag in _MAY_BE_EMPTY or (self.is_report and "Z" in action):
            return self._emptied(element)
        self._count(_name(element.tag), "X")
        return None

    def _recursed(self, element: DataElement) -> DataElement:
        return DataElement(element.tag, "SQ", Sequence([self.cleaned(item) for item in element.value]))

    def _with_new_uids(self, element: DataElement) -> DataElement:
        self._count(_name(element.tag), "U")
        value = element.value
        many = (
            [str(v) for v in value]
            if hasattr(value, "__iter__") and not isinstance(value, str)
            else [str(value or "")]
        )
        renamed = [self.owner.uid(uid.strip()) for uid in many]
        return DataElement(element.tag, "UI", renamed if len(renamed) != 1 else renamed[0])

    def _moved(self, element: DataElement) -> DataElement:
        """A date some days earlier; times of day stay; what is no date is emptied."""
        if element.VR == "TM":
            return element
        self._count(_name(element.tag), "date moved")
        value = element.value
        parts = list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
        days = self.owner.days(self.patient)
        moved = [_earlier(str(part or ""), days) for part in parts]
        return DataElement(element.tag, element.VR, moved if len(moved) > 1 else "".join(moved))

    def _dummy(self, element: DataElement) -> DataElement:
        self._count(_name(element.tag), "D")
        if element.VR == "PN":
            return DataElement(element.tag, "PN", f"{REMOVED}^")
        if element.VR in _NUMBERS:
            return DataElement(element.tag, element.VR, 0)
        if element.VR == "AS":
            return DataElement(element.tag, "AS", "000Y")
        if element.VR in ("OB", "OW", "UN", "OF", "OD", "OL", "OV"):
            return DataElement(element.tag, element.VR, b"\0\0")
        return DataElement(element.tag, element.VR, REMOVED)

    def _emptied(self, element: DataElement) -> DataElement:
        self._count(_name(element.tag), "Z")
        return DataElement(element.tag, element.VR, Sequence() if element.VR == "SQ" else None)

    def _count(self, name: str, action: str) -> None:
        self.owner.report.counts[name, action] += 1


def _earlier(value: str, days: int) -> str:
    """A date or date-time `days` earlier; empty when it is not a whole date. Source: DICOM PS3.5 6.2 (DA, DT)."""
    found = re.fullmatch(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)", value.strip())
    if found is None:
        return ""
    try:
        moved = date(*(int(found.group(n)) for n in (1, 2, 3))) - timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return moved.strftime("%Y%m%d").rjust(8, "0") + found.group(4)


def _name(tag: BaseTag) -> str:
    return keyword_for_tag(tag) or f"{int(tag):08X}"


def _words_of(dataset: Dataset) -> frozenset[str]:
    """The parts of the patient's name and number that are long enough to be looked for."""
    values = [str(dataset.get(name) or "") for name in ("PatientName", "PatientID", "OtherPatientNames")]
    parts = [part.casefold() for value in values for part in re.split(r"[\^=\s,;\[\]']+", value)]
    return frozenset(part for part in parts if len(part) >= SHORTEST_WORD)


def _may_hold_text(dataset: Dataset) -> bool:

    is_secondary = "SECONDARY" in [str(value) for value in dataset.get("ImageType") or ()]
    return is_secondary or str(dataset.get("Modality", "")) in _MAY_HOLD_TEXT

"""C-FIND identifiers: questions with the keys of each level, and answers in the archive's character set."""

from __future__ import annotations

import re

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.dicom.headers import quiet_parser
from imaging.network.query import Level, Match, Query, Target, checked_query, checked_target, printable

PATIENT_KEYS = ("PatientName", "PatientID")
STUDY_KEYS = (
    *PATIENT_KEYS,
    "StudyDate",
    "StudyDescription",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedInstances",
    "StudyInstanceUID",
)
SERIES_KEYS = (
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesDescription",
    "SeriesNumber",
    "NumberOfSeriesRelatedInstances",
)
KEYS = {
    Level.PATIENT: PATIENT_KEYS,
    Level.STUDY: STUDY_KEYS,
    Level.SERIES: SERIES_KEYS,
    Level.IMAGE: ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "InstanceNumber"),
}
UTF8, LATIN1 = "ISO_IR 192", "ISO_IR 100"


def search_keys(query: Query) -> dict[str, str]:
    """The keys that narrow a search, by keyword; those of its level only. Raises PlannerError when unclear."""
    checked_query(query)
    modality = "ModalitiesInStudy" if query.level is Level.STUDY else "Modality"
    values = {
        "PatientID": query.patient_id,
        "PatientName": query.patient_name,
        "StudyDate": query.dates,
        modality: query.modality,
        "StudyInstanceUID": query.study_uid,
        "SeriesInstanceUID": query.series_uid,
    }
    return {name: value for name, value in values.items() if value and name in KEYS[query.level]}


def identifier_of(query: Query) -> Dataset:
    """The question as a C-FIND identifier (DICOM PS3.4 C.6.2). Raises PlannerError when it is unclear."""
    values = search_keys(query)
    dataset = Dataset()
    characters = _character_set("".join(values.values()))
    if characters:
        dataset.SpecificCharacterSet = characters
    dataset.QueryRetrieveLevel = query.level.value
    for name in KEYS[query.level]:
        setattr(dataset, name, values.get(name) or None)
    return dataset


def identifier_of_target(target: Target) -> Dataset:
    """What to retrieve as a C-GET or C-MOVE identifier. Raises PlannerError when its UIDs are none."""
    checked_target(target)
    dataset = Dataset()
    dataset.QueryRetrieveLevel = (Level.SERIES if target.series_uid else Level.STUDY).value
    dataset.StudyInstanceUID = target.study_uid
    if target.series_uid:
        dataset.SeriesInstanceUID = target.series_uid
    return dataset


def match_of(answer: Dataset, level: Level) -> Match:
    """An answer as it is shown; what cannot be read of it is empty."""
    with quiet_parser():
        _declare_characters(answer)
        is_study = level is Level.STUDY
        modalities = _texts(answer, "ModalitiesInStudy" if is_study else "Modality")
        count = "NumberOfStudyRelatedInstances" if is_study else "NumberOfSeriesRelatedInstances"
        return Match(
            level=level,
            patient_name=_text(answer, "PatientName"),
            patient_id=_text(answer, "PatientID"),
            study_uid=_text(answer, "StudyInstanceUID"),
            date=_text(answer, "StudyDate"),
            description=_text(answer, "StudyDescription" if is_study else "SeriesDescription"),
            modalities=modalities,
            n_images=_number(answer, count),
            series_uid=_text(answer, "SeriesInstanceUID"),
            series_number=_number(answer, "SeriesNumber"),
            sop_uid=_text(answer, "SOPInstanceUID"),
        )


def loosened(pattern: str) -> str:
    """A name pattern without the characters that web archives have been seen to stumble over."""
    return re.sub(r"[^A-Za-z0-9.*-]+", "*", pattern)


def is_named(name: str, pattern: str) -> bool:
    """True when a name, or one of its writings (PS3.5 6.2.1: alphabetic=ideographic=phonetic), fits a pattern."""
    expression = re.escape(pattern.casefold()).replace(r"\*", ".*").replace(r"\?", ".")
    return any(re.fullmatch(expression, part.casefold()) for part in (name, *name.split("=")))


def _character_set(text: str) -> str:
    """The narrowest set that holds a text: an archive that knows no UTF-8 still understands most questions."""
    if text.isascii():
        return ""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return UTF8
    return LATIN1


def _declare_characters(answer: Dataset) -> None:
    """Archives send UTF-8 without saying so; what is valid UTF-8 beyond ASCII is hardly anything else."""
    if answer.get("SpecificCharacterSet"):
        return
    raw = [answer.get_item(tag) for tag in list(answer.keys())]
    values = [item.value for item in raw if isinstance(item, RawDataElement) and isinstance(item.value, bytes)]
    try:
        is_utf8 = any(not value.isascii() and value.decode("utf-8") for value in values)
    except UnicodeDecodeError:
        is_utf8 = False
    if is_utf8:
        implicit, little = answer.original_encoding
        answer.set_original_encoding(implicit, little, ["utf8"])


def _text(answer: Dataset, name: str) -> str:
    return " ".join(_texts(answer, name))


def _texts(answer: Dataset, name: str) -> tuple[str, ...]:
    try:
        value = answer.get(name)
    except Exception:
        # One value that no parser understands must not lose the others.
        return ()
    values = value if isinstance(value, (list, MultiValue)) else [value]
    return tuple(text for text in map(printable, values) if text)


def _number(answer: Dataset, name: str) -> int | None:
    try:
        return int(_text(answer, name))
    except ValueError:
        return None

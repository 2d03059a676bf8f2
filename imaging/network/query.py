"""What an archive is asked, and what it answers, in one form for C-FIND and QIDO-RS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from core.errors import PlannerError

DATE_RANGE = re.compile(r"\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8}")
UID = re.compile(r"(?=.{1,64}$)\d+(\.\d+)*", re.ASCII)
LONGEST_KEY = 64


class Level(Enum):
    """The levels of the query model, as DICOM names them (PS3.4 C.6)."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


@dataclass(frozen=True)
class Query:
    """What to look for; empty fields match all.

    Attributes:
        patient_id, patient_name: may hold the wildcards * and ?.
        dates: YYYYMMDD, or a range YYYYMMDD-YYYYMMDD, either end open.
        modality: one modality such as CT.
        study_uid, series_uid: needed below their level.
    """

    level: Level = Level.STUDY
    patient_id: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    dates: str = ""
    modality: str = ""
    study_uid: str = ""
    series_uid: str = ""


@dataclass(frozen=True)
class Match:
    """One answer; what the archive left out is empty, a number it left out is None. Names stay out of `repr`."""

    level: Level
    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    study_uid: str = ""
    date: str = ""
    description: str = ""
    modalities: tuple[str, ...] = ()
    n_images: int | None = None
    series_uid: str = ""
    series_number: int | None = None
    sop_uid: str = ""


@dataclass(frozen=True)
class Target:
    """What to retrieve: a whole study, or one series of it."""

    study_uid: str
    series_uid: str = ""


def checked_query(query: Query) -> Query:
    """The query itself. Raises PlannerError when an archive could not understand it."""
    if query.dates and not DATE_RANGE.fullmatch(query.dates):
        raise _unclear("the date is not YYYYMMDD or YYYYMMDD-YYYYMMDD", "write dates such as 20240131-20240229")
    for text in (query.patient_id, query.patient_name, query.modality):
        if "\\" in text or not text.isprintable() or len(text) > LONGEST_KEY:
            raise _unclear("a search text is too long or holds a backslash", "shorten it, or use * and ?")
    needed = {Level.SERIES: (query.study_uid,), Level.IMAGE: (query.study_uid, query.series_uid)}
    if not all(needed.get(query.level, ())):
        raise _unclear(
            f"the level {query.level.value.lower()} needs the UIDs above it", "name the study and the series"
        )
    for uid in (query.study_uid, query.series_uid):
        if uid and not UID.fullmatch(uid):
            raise _unclear("a UID holds more than digits and dots", "copy the UID again")
    return query


def checked_target(target: Target) -> Target:
    """The target itself. Raises PlannerError when its UIDs are none: an archive can answer anything."""
    if not UID.fullmatch(target.study_uid) or (target.series_uid and not UID.fullmatch(target.series_uid)):
        raise PlannerError(
            "cannot retrieve this study", "its UID holds more than digits and dots", "ask for another one"
        )
    return target


def printable(value: object) -> str:
    """One line of plain text of an answer: it must not steer the terminal or the window that shows it."""
    text = "" if value is None else str(value)
    return "".join(c for c in text if c.isprintable()).strip()


def _unclear(why: str, fix: str) -> PlannerError:
    return PlannerError("the archive cannot be asked this", why, fix)

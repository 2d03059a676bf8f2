"""Which entries a person looks for: words as they are typed, dates, a modality, tags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_DAY = r"\d{4}(?:-?\d{2}(?:-?\d{2})?)?"
_RANGE = re.compile(rf"({_DAY})?\.\.({_DAY})?")
_ONE_DAY = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")


@dataclass(frozen=True)
class Query:
    """What is asked for; everything left empty matches all.

    Attributes:
        text: words that all have to occur in name, id, description, modality, notes or a tag, in any order and
            whatever their case and accents. ``2024-03`` and ``2023..2024-06`` are days.
        first_date, last_date: YYYYMMDD, or its beginning; both are within the range.
        modality: as DICOM names it.
        tags: all of them.
        is_deleted: look in the trash instead.
    """

    text: str = ""
    first_date: str = ""
    last_date: str = ""
    modality: str = ""
    tags: tuple[str, ...] = ()
    is_deleted: bool = False


def folded(text: str) -> str:
    """Text without case and accents, so that muller finds Müller, and with blanks for carets."""
    parts = unicodedata.normalize("NFKD", text.replace("^", " "))
    plain = "".join(c for c in parts if not unicodedata.combining(c) and not "\ud800" <= c <= "\udfff")
    return " ".join(plain.casefold().split())


def conditions_of(query: Query) -> tuple[str, list[object]]:
    """The query as an SQL condition on table `entry` and its values. No part of the query is ever part of the SQL."""
    terms: list[str] = ["deleted_utc <> ''" if query.is_deleted else "deleted_utc = ''"]
    values: list[object] = []
    for word in query.text.split():
        days = _days(word)
        if days is not None:
            _add_days(terms, values, *days)
        else:
            pattern = _pattern(folded(word))
            terms.append("(search_text LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\' OR " + _TAGGED_LIKE + ")")
            values += [pattern, pattern, pattern]
    _add_days(terms, values, query.first_date, query.last_date)
    if query.modality:
        terms.append("EXISTS (SELECT 1 FROM json_each(series) WHERE json_extract(value, '$[1]') = ?)")
        values.append(query.modality)
    for tag in query.tags:
        terms.append("EXISTS (SELECT 1 FROM tag WHERE entry_id = id AND name = ?)")
        values.append(tag)
    return " AND ".join(terms), values


def search_text_of(parts: Iterable[str]) -> str:
    """What words are looked for in."""
    return " ".join(folded(part) for part in parts if part)


_TAGGED_LIKE = "EXISTS (SELECT 1 FROM tag WHERE entry_id = id AND folded LIKE ? ESCAPE '\\')"


def _pattern(word: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", word)
    return f"%{escaped}%"


def _days(word: str) -> tuple[str, str] | None:
    """First and last day that a word names; None when it names none."""
    if _ONE_DAY.fullmatch(word):
        return word, word
    found = _RANGE.fullmatch(word)
    return (found[1] or "", found[2] or "") if found else None


def _add_days(terms: list[str], values: list[object], first: str, last: str) -> None:
    first, last = first.replace("-", ""), last.replace("-", "")
    if first:
        terms.append("study_date >= ?")
        values.append(first)
    if last:
        # A year or a month as the last day means all of it.
        terms.append("study_date <> '' AND study_date <= ?")
        values.append(last + "9" * (8 - len(last)))

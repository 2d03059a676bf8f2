"""Which words viewers may read: what a person typed may hold a patient's name, words of anatomy do not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from core.anatomy import HEART, HEART_BY_KEY, LANDMARKS, RESECTED, Anatomy
from plan.edits import KIND_TITLES, kind_title
from plan.items import Item
from plan.plan import Plan

_WORD, _NUMBER = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")
_ANATOMY = """
    anterior anterolateral annulus aorta aortic apex apical appendage arch artery ascending atrial atrium base basal
    bileaflet bottom branch carina cavity centre chamber chord chordae commissure conus coronary crux cusp descending
    diameter distal fossa free front gap head heart height hinge inferior inflow infundibulum isthmus lad las lateral
    lca lcx leaflet left length lv lvot lower mid middle mitral muscle myectomy myocardium neck node noncoronary
    ostium outflow ovalis papillary patch path pericardium pm point posterior posteromedial proximal pulmonary ra rca
    ring right root rv rvot scallop scar septal septum sinus sinotubular stj superior svc ivc tip top tract trigone
    tricuspid upper valve vein vena vessel view wall width
"""
LONGEST_NUMBER = 3
ADDRESS = re.compile(r"[0-9A-Za-z_-]{1,64}")


def _words_of(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in _WORD.findall(text.lower()))


_PLAIN = _words_of(
    [
        _ANATOMY,
        *KIND_TITLES.values(),
        *(text for kind in (*HEART, RESECTED) for text in (kind.title, kind.key)),
        *(text for mark in LANDMARKS for text in (mark.title, mark.key)),
    ]
)


def is_plain(text: str) -> bool:
    """True when a text has words of anatomy and of Auricle only, and at most one short number: no name, no date."""
    numbers = _NUMBER.findall(text)
    is_number_short = len(numbers) <= 1 and all(len(number) <= LONGEST_NUMBER for number in numbers)
    return is_number_short and bool(words := _words_of([text])) and words <= _PLAIN


@dataclass(frozen=True)
class Names:
    """How viewers are told the names of one anatomy and plan.

    Attributes:
        are_allowed: typed names may be read as they are.
    """

    anatomy: Anatomy | None
    plan: Plan
    are_allowed: bool = False

    @cached_property
    def keys(self) -> dict[str, str]:
        """Key of each structure -> the key by which viewers know it."""
        surfaces = self.anatomy.surfaces if self.anatomy is not None else {}
        return {
            key: key if self._may_read(key) and ADDRESS.fullmatch(key) else f"surface-{number}"
            for number, key in enumerate(surfaces, start=1)
        }

    def key_of(self, told: str) -> str | None:
        """The key of the structure that viewers know by `told`; None when there is none."""
        return next((key for key, shown in self.keys.items() if shown == told), None)

    def title(self, key: str) -> str:
        """What people call a structure."""
        if key == RESECTED.key:
            return RESECTED.title
        kind = HEART_BY_KEY.get(key)
        number = [*self.keys].index(key) + 1 if key in self.keys else 0
        return kind.title if kind else key if self._may_read(key) else f"Surface {number} (name hidden)"

    @cached_property
    def hidden(self) -> dict[str, str]:
        """Id of each item whose name is not told -> what it is called instead."""
        numbers: dict[type, int] = {}
        found = {}
        for item in self.plan.items:
            numbers[type(item)] = numbers.get(type(item), 0) + 1
            if not self._may_read(item.name):
                title = kind_title(item).capitalize()
                found[item.item_id] = f"{title} {numbers[type(item)]} (name hidden)"
        return found

    @cached_property
    def public_plan(self) -> Plan:
        """The plan with nothing in it that viewers may not read."""
        return replace(self.plan, items=tuple(map(self._public, self.plan.items)), notes="", name="", shelf=())

    @property
    def note(self) -> str:
        """What viewers are told of names that are hidden; empty when none is."""
        is_any = bool(self.hidden) or any("(name hidden)" in self.title(key) for key in self.keys)
        return "typed names, which could be a patient's" if is_any else ""

    def cleaned(self, text: str) -> str:
        """A sentence of a refusal without the names that are hidden."""
        for item in self.plan.items:
            if item.item_id in self.hidden:
                text = text.replace(f"“{item.name}”", f"“{self.hidden[item.item_id]}”")
        return text

    def _public(self, item: Item) -> Item:
        changed: dict[str, Any] = {}
        if item.item_id in self.hidden:
            changed["name"] = self.hidden[item.item_id]
        for field in fields(item):
            value = getattr(item, field.name)
            if isinstance(value, str) and value in self.keys and self.keys[value] != value:
                changed[field.name] = self.keys[value]
        if getattr(item, "spared", ()):
            changed["spared"] = tuple(self.keys.get(key, "") for key in item.spared)  # type: ignore[union-attr]
        return replace(item, **changed) if changed else item

    def _may_read(self, text: str) -> bool:
        return self.are_allowed or is_plain(text)

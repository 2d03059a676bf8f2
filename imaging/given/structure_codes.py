"""What a structure is called in DICOM, and which structure of ours a coded or plain name means."""

from __future__ import annotations

import re
from collections.abc import Collection

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from core.anatomy import HEART, HEART_BY_KEY

ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
"""Category of every segment. Source: DICOM PS3.16 CID 7150."""
OWN_SCHEME = "99AURICLE"
"""For keys that are no structure of the heart table; a private scheme, as PS3.16 section 8.2 allows."""
_LEFT_MYOCARDIUM = {Code("74281007", "SCT", "Myocardium"), Code("49848007", "SCT", "Left Ventricle Myocardium")}


def code_of_structure(key: str) -> Code:
    """The SNOMED CT code of one of the heart's structures, else a private code that holds the key."""
    kind = HEART_BY_KEY.get(key)
    if kind:
        return Code(kind.snomed, "SCT", kind.title)
    return Code(title_of_structure(key)[:16].strip(), OWN_SCHEME, title_of_structure(key))


def title_of_structure(key: str) -> str:
    """What people call the structure, at most 64 characters that DICOM allows in one line."""
    kind = HEART_BY_KEY.get(key)
    if kind:
        return kind.title
    plain = "".join(c if c.isprintable() and c != "\\" else " " for c in key.replace("_", " "))
    return plain[:64].strip() or "structure"


def code_of_item(item: Dataset | None) -> Code | None:
    """The code of one item of a code sequence; None when it names none. Old SNOMED codes equal the new ones."""
    if item is None:
        return None
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue")
    scheme = item.get("CodingSchemeDesignator", "")
    return Code(str(value), str(scheme), str(item.get("CodeMeaning", ""))) if value else None


def key_of_structure(code: Code | None, label: str, taken: Collection[str] = ()) -> str:
    """The key that a coded structure with a label has here; a code that we do not know leaves the label.

    Args:
        code: segmented property type or the like; None when there is none.
        label: what the writer called it.
        taken: keys that other structures of the same object have.
    """
    known = _known_key(code, label)
    slug = re.sub(r"[^0-9a-z]+", "_", label.lower()).strip("_")[:60]
    key = known if known and known not in taken else slug or known or "structure"
    number = 2
    unique = key
    while unique in taken:
        unique = f"{key}_{number}"
        number += 1
    return unique


def _known_key(code: Code | None, label: str) -> str:
    by_title = {kind.title.lower(): kind.key for kind in HEART}
    if code is None:
        return by_title.get(label.strip().lower(), "")
    if code in _LEFT_MYOCARDIUM:
        # The code says myocardium only: one that is called right or atrial must not become the left ventricle's.
        return "" if re.search(r"right|\brv|atri|\bra\b|\bla\b|rvm", label.lower()) else "lv_myocardium"
    return next((kind.key for kind in HEART if Code(kind.snomed, "SCT", "") == code), "")

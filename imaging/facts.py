"""Single facts of a DICOM data set as plain numbers and text, None where they are absent or nonsense."""

from __future__ import annotations

import math

from pydicom.dataset import Dataset


def numbers(dataset: Dataset, name: str, count: int | None = None) -> tuple[float, ...] | None:
    """The finite numbers of an attribute; None when absent, not numbers, or not `count` of them."""
    value = dataset.get(name)
    if value is None or value == "":
        return None
    values = value if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)) else [value]
    try:
        found = tuple(float(one) for one in values)
    except (TypeError, ValueError):
        return None
    if not found or (count is not None and len(found) != count) or not all(map(math.isfinite, found)):
        return None
    return found


def number(dataset: Dataset, name: str) -> float | None:
    """One finite number; None when absent, several, or not a number."""
    found = numbers(dataset, name, 1)
    return None if found is None else found[0]


def first_number(dataset: Dataset, name: str) -> float | None:
    """The first of one or several finite numbers."""
    found = numbers(dataset, name)
    return None if found is None else found[0]


def text(dataset: Dataset, name: str) -> str:
    """A value as one line of printable text."""
    value = dataset.get(name)
    return "" if value is None else "".join(c for c in str(value) if c.isprintable()).strip()


def items(dataset: Dataset, name: str) -> list[Dataset]:
    """The items of a sequence; empty when it is absent or no sequence."""
    value = dataset.get(name)
    if not hasattr(value, "__iter__") or isinstance(value, (str, bytes)):
        return []
    return [item for item in value if isinstance(item, Dataset)]

"""Values of a DICOM data set as plain Python: text that steers no terminal, finite numbers or None, items."""

from __future__ import annotations

import math
import re

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset


def text_of(dataset: Dataset, name: str) -> str:
    """A value as one line of printable text: a file must not steer the terminal that shows it."""
    value = dataset.get(name)
    return "" if value is None else "".join(c for c in str(value) if c.isprintable()).strip()


def words_of(dataset: Dataset, name: str) -> tuple[str, ...]:
    """A value of several strings, such as ImageType, in capitals."""
    return tuple(str(value).strip().upper() for value in as_list(dataset.get(name)))


def as_list(value: object) -> list[object]:
    """One value or several as a list; empty for none."""
    if value is None or value == "":
        return []
    is_single = isinstance(value, (str, bytes, int, float)) or not hasattr(value, "__iter__")
    return [value] if is_single else list(value)  # type: ignore[call-overload]


def numbers_of(dataset: Dataset, name: str, count: int) -> tuple[float, ...] | None:
    """Exactly `count` finite numbers; None when the file says anything else."""
    item = dataset.get_item(name)
    try:
        if isinstance(item, RawDataElement) and item.VR in ("DS", "IS") and item.value:
            # Straight from the bytes: pydicom's own number objects take most of the time of a scan.
            numbers = tuple(float(part) for part in item.value.rstrip(b"\0").split(b"\\"))
        else:
            numbers = tuple(float(str(v)) for v in as_list(dataset.get(name)))
    except ValueError:
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def number_of(dataset: Dataset, name: str) -> float | None:
    """One finite number; None when the file does not say."""
    numbers = numbers_of(dataset, name, 1)
    return None if numbers is None else numbers[0]


def first_number(dataset: Dataset, name: str) -> float | None:
    """The first of one or several numbers; None when it is absent or not finite."""
    values = as_list(dataset.get(name))
    try:
        first = float(str(values[0])) if values else math.nan
    except ValueError:
        return None
    return first if math.isfinite(first) else None


def seconds_of(time: str) -> float | None:
    """Seconds since midnight of a DICOM time HHMMSS.FFFFFF; None when it is not one."""
    if not re.fullmatch(r"\d{6}(\.\d{1,6})?", time):
        return None
    return int(time[:2]) * 3600.0 + int(time[2:4]) * 60.0 + float(time[4:])


def items(dataset: Dataset, name: str) -> list[Dataset]:
    """The items of a sequence; empty when it is absent or no sequence."""
    return [item for item in as_list(dataset.get(name)) if isinstance(item, Dataset)]

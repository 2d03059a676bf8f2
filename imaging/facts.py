"""Values of a DICOM data set that come in any number: sequences, and the first of several numbers."""

from __future__ import annotations

import math

from pydicom.dataset import Dataset

from imaging.values import as_list


def first_number(dataset: Dataset, name: str) -> float | None:
    """The first of one or several numbers; None when it is absent or not finite."""
    values = as_list(dataset.get(name))
    try:
        first = float(str(values[0])) if values else math.nan
    except ValueError:
        return None
    return first if math.isfinite(first) else None


def items(dataset: Dataset, name: str) -> list[Dataset]:
    """The items of a sequence; empty when it is absent or no sequence."""
    return [item for item in as_list(dataset.get(name)) if isinstance(item, Dataset)]

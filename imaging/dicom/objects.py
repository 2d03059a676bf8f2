"""DICOM objects that are no images, opened as hostile files are."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID

from core.errors import PlannerError
from imaging.dicom.headers import quiet_parser

COPY_AGAIN = "copy it again from its source"


def read_object(path: Path, sop_classes: Collection[str], what: str) -> FileDataset:
    """Read a whole DICOM file of one of these SOP classes.

    Args:
        what: the beginning of a refusal, such as "cannot read the segmentation".

    Raises PlannerError when it is damaged, gone, or something else.
    """
    try:
        with quiet_parser():
            dataset = pydicom.dcmread(path)
            sop_class = str(dataset.get("SOPClassUID", ""))
    except Exception as error:
        # Broken files raise anything in a parser; the user needs one sentence.
        raise PlannerError(what, "its file is damaged or gone", COPY_AGAIN) from error
    if sop_class not in sop_classes:
        name = UID(text_of(dataset, "SOPClassUID")).name or "it does not say which"
        raise PlannerError(what, f"its file holds another kind of object ({name:.64})", "choose another series")
    return dataset


def text_of(dataset: Dataset, name: str) -> str:
    """A value as one line of printable text; empty when absent."""
    return "".join(c for c in str(dataset.get(name) or "") if c.isprintable()).strip()

"""Siemens mosaics: many slices tiled into one picture, told apart from a picture of one slice."""

from __future__ import annotations

import struct

from pydicom.dataset import Dataset

from core.errors import Finding
from imaging.dicom.values import as_list, words_of

MOSAIC = Finding(
    "mosaic",
    "the images are Siemens mosaics",
    "each picture is many slices tiled side by side, which is not one place in the patient",
    "export the series as enhanced or single-slice images",
)
SIEMENS_HEADER_TAG = 0x00291010
SIEMENS_COUNT_TAG = 0x0019100A
_NAME = b"NumberOfImagesInMosaic"
_NAME_BYTES, _ENTRY_BYTES, _ITEM_BYTES = 64, 84, 16
_LONGEST_TEXT = 64


def is_mosaic(dataset: Dataset) -> bool:
    """True when the image type, or Siemens' private header, says that a picture tiles several slices."""
    if "MOSAIC" in words_of(dataset, "ImageType"):
        return True
    return max(_private_count(dataset), _count_in_header(dataset)) > 1


def _private_count(dataset: Dataset) -> int:
    values = as_list(dataset[SIEMENS_COUNT_TAG].value) if SIEMENS_COUNT_TAG in dataset else []
    if values and isinstance(values[0], bytes):
        return int.from_bytes(values[0][:2], "little")
    return int(values[0]) if values and isinstance(values[0], (int, float)) else 0


def _count_in_header(dataset: Dataset) -> int:
    """The number that the private text header "SV10" gives; 0 when it does not say.

    An entry is a name of 64 bytes, five 32-bit numbers of which the fourth counts its items, then its items:
    four 32-bit numbers, the first the length of the text that follows.
    """
    header = dataset[SIEMENS_HEADER_TAG].value if SIEMENS_HEADER_TAG in dataset else b""
    if not isinstance(header, bytes) or not header.startswith(b"SV10"):
        return 0
    entry = header.find(_NAME + b"\0")
    start = entry + _ENTRY_BYTES
    if entry < 0 or len(header) < start + _ITEM_BYTES:
        return 0
    n_items, length = (struct.unpack_from("<i", header, at)[0] for at in (entry + _NAME_BYTES + 12, start))
    if n_items < 1 or not 0 < length <= _LONGEST_TEXT:
        return 0
    text = header[start + _ITEM_BYTES : start + _ITEM_BYTES + length].split(b"\0")[0].strip()
    return int(text) if text.isdigit() else 0

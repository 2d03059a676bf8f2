"""The pixels of DICOM planes as physical values: HU for CT, the scanner's numbers for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from core.errors import PlannerError
from imaging.dicom.headers import HEADER_TAG_NUMBERS, Plane, planes_of, quiet_parser
from imaging.pixels.grey import INVERTED, GreyScale, turning_point
from imaging.pixels.layout import PixelLayout, unreadable
from imaging.pixels.opening import open_pixels
from imaging.pixels.source import PixelSource


def decode_planes(planes: Sequence[Plane]) -> Iterator[np.ndarray]:
    """Yield the values (rows, columns) of each plane, int16 when whole numbers fit, else float32.

    Each file is opened once while its planes follow each other, and no more of it than one plane's pixels
    is in memory. Padding keeps the value that the file gives it. Raises PlannerError for colour images, pixel
    data that is cut short, a file that changed since it was scanned, or a compression without a decoder.
    """
    source: PixelSource | None = None
    described: tuple[Plane, ...] = ()
    for plane in planes:
        if plane.samples != 1 or plane.photometric not in ("MONOCHROME1", "MONOCHROME2"):
            raise _not_grey(plane)
        if source is None or plane.path != source.path:
            source = open_pixels(plane.path, only=HEADER_TAG_NUMBERS)
            described = _described(source)
        if plane.frame >= len(described) or not _is_same(described[plane.frame], plane):
            raise unreadable("its file changed since the scan", "scan the folder again")
        yield physical_values(source.stored(plane.frame), plane, source.layout)


def _not_grey(plane: Plane) -> PlannerError:
    if plane.samples == 1 and not plane.photometric:
        return unreadable(
            "it does not say whether low numbers are dark or bright", "export the original images"
        )
    why = f"it is a colour picture ({plane.photometric or 'unknown'})"
    return unreadable(why, "choose a series of grey-scale images")


def physical_values(stored: np.ndarray, plane: Plane, layout: PixelLayout) -> np.ndarray:
    """Stored numbers (rows, columns) as physical values.

    A CT's rescale is required and gives HU. For the rest MONOCHROME1 is turned so that more is brighter; HU
    are absorption however they are displayed, so a CT is never turned.
    """
    if plane.modality == "CT" and plane.rescale is None:
        raise PlannerError(
            "cannot read a CT",
            "it does not say how its numbers become Hounsfield units",
            "export the original CT",
        )
    slope, intercept = plane.rescale or (1.0, 0.0)
    is_turned = plane.photometric == INVERTED and plane.modality != "CT"
    turned_at = turning_point(layout, slope, intercept) if is_turned else None
    return GreyScale(slope, intercept, turned_at).shown(stored)


def _described(source: PixelSource) -> tuple[Plane, ...]:
    try:
        with quiet_parser():
            return planes_of(source.header, source.path)
    except Exception as error:
        # Readable when it was scanned; whatever a parser raises now, the user needs one sentence.
        raise unreadable("its file is damaged or gone") from error


def _is_same(found: Plane, expected: Plane) -> bool:
    """True when a file still holds the plane that was scanned; how names are spelt does not matter."""
    return replace(found, owner=expected.owner, description=expected.description) == expected

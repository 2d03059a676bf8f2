"""Contours that someone drew: named regions as polygons in one patient space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import Finding


@dataclass(frozen=True, eq=False)
class GivenRegion:
    """One region of interest.

    Attributes:
        name: what its author called it.
        colour: RGB 0-1.
        polygons: closed planar contours, each (n, 3) LPS mm, n >= 3. Several in one plane bound by even-odd: a
            contour inside another is a hole.
        points: single points and open lines of the region, each (n, 3) LPS mm; they bound nothing.
        frame_of_reference_uid: the patient space of the millimetres.
    """

    name: str
    colour: tuple[float, float, float]
    polygons: tuple[np.ndarray, ...]
    points: tuple[np.ndarray, ...]
    frame_of_reference_uid: str


@dataclass(frozen=True, eq=False)
class GivenContours:
    """A set of drawn regions.

    Attributes:
        label: what its author called the set.
        series_uids: the image series that it was drawn on.
        findings: what the user should know about it.
    """

    label: str
    regions: tuple[GivenRegion, ...]
    series_uids: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

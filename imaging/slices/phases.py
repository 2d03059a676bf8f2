"""Planes of one series sorted into places along the normal and cardiac phases at each place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.errors import Finding
from imaging.dicom.headers import PHASE_KEYS, Plane
from imaging.slices.order import SAME_PLACE_MM, stack_axes
from imaging.slices.phase_order import INSTANCE, LONGEST_CYCLE_MS, TRIGGER, rank_of, recurs, tell_apart


@dataclass(frozen=True)
class PhaseTimes:
    """When each phase was, as far as the files say it: one number per phase, ascending, or none.

    Attributes:
        percents: of the R-R interval.
        times_ms: after the R peak.
    """

    percents: tuple[float, ...]
    times_ms: tuple[float, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """What a person calls each phase, e.g. "40 %" or "312 ms"; empty when the files do not say."""
        if self.percents:
            return tuple(f"{percent:g} %" for percent in self.percents)
        return tuple(f"{time:.0f} ms" for time in self.times_ms)


@dataclass(frozen=True)
class PhaseSplit:
    """Planes by phase, each phase ascending along the normal, and what was noticed on the way."""

    phases: tuple[tuple[Plane, ...], ...]
    findings: tuple[Finding, ...]


def split_phases(planes: Sequence[Plane]) -> PhaseSplit:
    """Sort planes of one orientation into phases.

    Planes without position or orientation are kept in the order of their instance numbers, as one phase (or
    as one phase per frame for the frames of one file).
    """
    unique, findings = without_duplicates(planes)
    if any(plane.position is None or plane.orientation is None for plane in unique):
        return PhaseSplit(_unplaced(unique), findings)
    places = places_of(unique)
    findings += _indistinct(unique)
    if len({len(place) for place in places}) == 1:
        return PhaseSplit(_ranked(places), findings)
    phases, n_left_out = _phases_of_unlike(places)
    return PhaseSplit(phases, (*findings, _incomplete(places, n_left_out)))


def phase_times(phases: Sequence[Sequence[Plane]]) -> PhaseTimes:
    """When each phase was: percent of the cycle by tag or Siemens' scan options, milliseconds by trigger time."""
    return PhaseTimes(_percents(phases), _times_ms(phases))


def without_duplicates(planes: Sequence[Plane]) -> tuple[list[Plane], tuple[Finding, ...]]:
    """Drop copies of the same image: equal identity and equal place, so that a reused UID loses nothing."""
    kept: dict[tuple[object, ...], Plane] = {}
    for plane in planes:
        kept.setdefault((plane.sop_uid, plane.frame, plane.position, plane.phase), plane)
    n_copies = len(planes) - len(kept)
    if not n_copies:
        return list(kept.values()), ()
    why = f"{n_copies} images are copies of others (same UID, place and time)"
    return list(kept.values()), (
        Finding("duplicates", "copies were left out", why, "nothing to do; remove the copies to silence this"),
    )


def _indistinct(planes: Sequence[Plane]) -> tuple[Finding, ...]:
    """Images of one place, time and number under several UIDs: nothing that is read here tells them apart."""
    n_alike = len(planes) - len({(plane.position, plane.phase, plane.frame) for plane in planes})
    if not n_alike:
        return ()
    return (
        Finding(
            "same_place_and_time",
            "images that cannot be told apart are shown as phases",
            f"{n_alike} images have the place, time and number of another, and another UID",
            "compare the phases: they may be one image that was sent twice",
        ),
    )


def _unplaced(planes: list[Plane]) -> tuple[tuple[Plane, ...], ...]:
    ordered = sorted(planes, key=lambda plane: (plane.phase[-1] or 0.0, plane.path, plane.frame))
    if len({plane.path for plane in ordered}) == 1:
        return tuple((plane,) for plane in ordered)
    return (tuple(ordered),)


def places_of(planes: Sequence[Plane]) -> list[list[Plane]]:
    """Placed, parallel planes grouped by where they lie along the normal, ascending."""
    normal = stack_axes(np.array(planes[0].orientation))[:, 0]
    along = np.array([plane.position for plane in planes], dtype=np.float64) @ normal
    places: list[list[Plane]] = []
    last = -np.inf
    for index in np.argsort(along, kind="stable"):
        if along[index] - last > SAME_PLACE_MM:
            places.append([])
        places[-1].append(planes[index])
        last = along[index]
    return places


def _ranked(places: list[list[Plane]]) -> tuple[tuple[Plane, ...], ...]:
    rank = rank_of(places)
    ordered = [sorted(place, key=rank) for place in places]
    return tuple(
        tuple(place[phase] for place in ordered if phase < len(place))
        for phase in range(max(map(len, ordered)))
    )


def _phases_of_unlike(places: list[list[Plane]]) -> tuple[tuple[tuple[Plane, ...], ...], int]:
    """Phases of places with unlike numbers of images, and how many places are in none of them.

    Where an image is lost, those after it must not move up into its phase: images go by the values that places
    share, by trigger times that recur at every place, or their place is left out.
    """
    planes = [plane for place in places for plane in place]
    for column in range(INSTANCE):
        values = {plane.phase[column] for plane in planes}
        if tell_apart(places, column) and len(values) == max(map(len, places)):
            in_order = sorted(value or 0.0 for value in values)
            return tuple(tuple(p for p in planes if p.phase[column] == value) for value in in_order), 0
    usual = Counter(map(len, places)).most_common(1)[0][0]
    if usual == 1 or (tell_apart(places, TRIGGER) and recurs(places)):
        return _ranked(places), 0
    whole = [place for place in places if len(place) == usual]
    return _ranked(whole), len(places) - len(whole)


def _incomplete(places: list[list[Plane]], n_left_out: int) -> Finding:
    counts = [len(place) for place in places]
    left_out = f"; {n_left_out} places were left out, whose phases cannot be told" if n_left_out else ""
    return Finding(
        "incomplete_phases",
        "not every slice has the same number of images",
        f"between {min(counts)} and {max(counts)} images lie in one place{left_out}",
        "look at the source of the study; an incomplete phase cannot be loaded",
    )


def times_of_labels(labels: Sequence[str]) -> PhaseTimes:
    """The inverse of `PhaseTimes.labels`, to the digits that a label shows."""
    numbers = tuple(float(label.split()[0]) for label in labels)
    is_percent = bool(labels) and labels[0].endswith("%")
    return PhaseTimes(numbers if is_percent else (), () if is_percent else numbers)


def _percents(phases: Sequence[Sequence[Plane]]) -> tuple[float, ...]:
    """Percent of the R-R interval of each phase, where every image says it and they ascend."""
    for key in ("nominal_percent", "scan_options"):
        values = _ascending(phases, PHASE_KEYS.index(key))
        if values and values[0] >= 0.0 and values[-1] <= 100.0:
            return values
    return ()


def _times_ms(phases: Sequence[Sequence[Plane]]) -> tuple[float, ...]:
    """Trigger time of each phase, the median of its slices; a still image's says nothing of a cycle."""
    values = _ascending(phases, TRIGGER) if len(phases) > 1 else ()
    return values if values and values[0] >= 0.0 and values[-1] <= LONGEST_CYCLE_MS else ()


def _ascending(phases: Sequence[Sequence[Plane]], column: int) -> tuple[float, ...]:
    values = []
    for phase in phases:
        known = [value for plane in phase if (value := plane.phase[column]) is not None]
        if len(known) != len(phase):
            return ()
        values.append(float(np.median(known)))
    return tuple(values) if all(a < b for a, b in pairwise(values)) else ()

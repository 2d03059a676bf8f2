"""Which of the values that files give orders the images of one place into phases, the same way at every place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imaging.dicom.headers import PHASE_KEYS, Plane

LONGEST_CYCLE_MS = 4000.0
"""A trigger time beyond this is not the time since an R peak."""
CLOCK, TRIGGER, INSTANCE = (PHASE_KEYS.index(key) for key in ("content_time", "trigger_time", "instance"))


class Rank:
    """Sort key of a plane within its place: the phase value at `column`, ties by instance number."""

    def __init__(self, column: int) -> None:
        self.column = column

    def __call__(self, plane: Plane) -> tuple[float, float, str, int]:
        value, instance = plane.phase[self.column], plane.phase[-1]
        return value or 0.0, instance or 0.0, str(plane.path), plane.frame


def rank_of(places: list[list[Plane]]) -> Rank:
    """The first phase value that tells all images of every place apart, in the order of PHASE_KEYS."""
    for column in range(len(PHASE_KEYS)):
        if tell_apart(places, column) and _is_steady(places, column):
            return Rank(column)
    return Rank(INSTANCE)


def tell_apart(places: Sequence[list[Plane]], column: int) -> bool:
    """True when a phase value tells the images of every place apart."""
    return all(_tells_apart(place, column) for place in places)


def _tells_apart(place: list[Plane], column: int) -> bool:
    values = [plane.phase[column] for plane in place]
    known = [value for value in values if value is not None]
    if len(known) != len(values) or len(set(known)) != len(known):
        return False
    if column == TRIGGER:
        return min(known) >= 0.0 and max(known) <= LONGEST_CYCLE_MS
    if column == CLOCK:
        return not _trigger_disagrees(place)
    return True


def _trigger_disagrees(place: list[Plane]) -> bool:
    """True when plausible trigger times order the images differently from the clock.

    Retrospective gating stamps images with the time of their reconstruction, which need not follow the cycle.
    """
    if not _tells_apart(place, TRIGGER):
        return False
    by_clock = sorted(place, key=Rank(CLOCK))
    return by_clock != sorted(place, key=Rank(TRIGGER))


def _is_steady(places: list[list[Plane]], column: int) -> bool:
    """True unless a time puts the phases of some places in another order than those of others.

    The data of one phase may come from another heartbeat in the next slice, clocks of reconstructions run as they
    like, and some trigger times are noise. Regular instance numbers show it: each order of one by the other is the
    same at every place. Trigger times that recur at every place need no such witness.
    """
    if column not in (CLOCK, TRIGGER) or not _are_numbered_alike(places):
        return True
    orders = {
        tuple(np.argsort([plane.phase[column] or 0.0 for plane in sorted(place, key=Rank(INSTANCE))]))
        for place in places
    }
    return len(orders) == 1 or (column == TRIGGER and recurs(places))


def _are_numbered_alike(places: list[list[Plane]]) -> bool:
    """True when instance numbers go up by the same steps at every place."""
    if not tell_apart(places, INSTANCE):
        return False
    numbers = [sorted(plane.phase[INSTANCE] or 0.0 for plane in place) for place in places]
    return len({tuple(number - place[0] for number in place) for place in numbers}) == 1


def recurs(places: list[list[Plane]]) -> bool:
    """True when trigger times of one phase differ less between places, whose heart rates vary, than phases do."""
    fewest = min(map(len, places))
    times = [np.sort([plane.phase[TRIGGER] or 0.0 for plane in place]) for place in places]
    scaled = [run / max(run[:fewest].mean(), 1e-9) for run in times]
    steps = np.median([run[:fewest] for run in scaled], axis=0)
    spread = max(float(np.abs(run[:fewest] - steps).max()) for run in scaled)
    return fewest > 1 and 2.0 * spread < float(np.diff(steps).min())

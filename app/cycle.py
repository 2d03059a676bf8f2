"""End-diastole and end-systole of the series that is open, suggested from its images for a person to confirm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from app.playback import Moment
from app.reconstruction import cine_companions
from app.state import State
from core.progress import Progress
from core.study import Series
from core.volume import Volume

Suggestions = tuple[tuple[int, str], ...]


def work_of(state: State, series: Series, kept: Mapping[int, Moment]) -> Callable[[Progress], Suggestions]:
    """The work that looks for ED and ES, for a job; when one plane does not tell, all of its heart do.

    Args:
        state: what is open.
        series: the series that is played.
        kept: its phases, all of them loaded.
    """
    phases = {index: moment for index, moment in kept.items() if isinstance(moment, Volume)}
    beside = [
        other
        for other in cine_companions(state, series)
        if other.series_uid != series.series_uid and other.n_phases == series.n_phases
    ]

    def work(progress: Progress) -> Suggestions:
        from imaging.slices.cycle import suggest_cycle
        from imaging.slices.load import load_sequence

        own = replace(load_sequence(series), read_phase=phases.__getitem__)
        found = suggest_cycle([own], progress)
        if found is None and beside:
            # Those beside it have yet to be loaded, which takes its time.
            found = suggest_cycle([own, *map(load_sequence, beside)], progress)
        return ((found.end_diastole, "ED"), (found.end_systole, "ES")) if found is not None else ()

    return work

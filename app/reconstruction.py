"""From chosen series to an anatomy, through the rooms that load and reconstruct; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from app.state import State
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress
from core.study import Series
from core.volume import Volume
from imaging.slices.planes import is_cine_planes, is_planes

Reconstruct = Callable[[str, Sequence[Volume], str, Progress], Anatomy]
HEART_TASK = "heart"


@dataclass(frozen=True)
class Source:
    """What a reconstruction is made from: one volume, or one phase of several series as separate planes."""

    series: tuple[Series, ...]
    phase: int
    volume: Volume | None = None


def source_of(state: State, chosen: tuple[Series, ...]) -> Source:
    """What the user means by "reconstruct": the series that are chosen, or the one that is open.

    Several series of MR planes go in together, as planes of one heart. So do all cine planes of the open
    one's study, because one alone holds no heart; any other series goes in as the volume that is shown.

    Raises:
        PlannerError: nothing is open, one of several chosen series is a volume, or they do not share one
            patient space.
    """
    if state.series is None or state.volume is None:
        raise PlannerError("nothing to reconstruct", "no series is open", "open a series first")
    check_place(state.series)
    together = chosen if len(chosen) > 1 else cine_companions(state, state.series)
    if len(together) < 2:
        return Source((state.series,), state.phase, state.volume)
    spaces = {series.frame_of_reference_uid for series in together}
    if spaces != {state.volume.frame_of_reference_uid} or "" in spaces:
        raise PlannerError(
            "these series are not joined",
            "they do not share one patient space with the series that is open",
            "choose series of one frame of reference",
        )
    volumes = [series.series_uid for series in together if not is_planes(series)]
    if volumes:
        raise PlannerError(
            "these series are not joined",
            f"they are not planes but volumes: {', '.join(volumes)}",
            "choose one of them alone",
        )
    return Source(together, state.phase)


def check_place(series: Series) -> None:
    """Raises PlannerError when a series lies in a space of its own: a heart has a left and a right side."""
    if not series.is_in_patient:
        raise PlannerError(
            "these images are not reconstructed",
            "they lie in a space of their own: left, right, head and feet are not told",
            "choose a CT or MR series",
        )


def work_of(source: Source, reconstruct: Reconstruct, device: str) -> Callable[[Progress], Anatomy]:
    """The work that loads what is missing and reconstructs it, for a job."""

    def work(progress: Progress) -> Anatomy:
        volumes = [source.volume] if source.volume is not None else _planes(source, progress)
        anatomy = reconstruct(HEART_TASK, volumes, device, progress)
        progress.report("Reconstruction ready", 1.0)
        return anatomy

    return work


def reconstruct(task_key: str, volumes: Sequence[Volume], device: str, progress: Progress) -> Anatomy:
    """Run one reconstruction task; torch is imported here, in the thread that works.

    Raises:
        PlannerError: the task refuses these images, or nothing was found in them.
        Cancelled: the user stopped it.
    """
    from recon.run import reconstruct as run

    return run(task_key, volumes, device, progress, engine_cache=engine_cache())


def engine_cache() -> Path:
    """The user's folder for networks that were made ready for this machine; it may be deleted at any time."""
    return user_cache_path("auricle", appauthor=False) / "networks"


def cine_companions(state: State, series: Series) -> tuple[Series, ...]:
    """The cine planes of one heart: those of the series' study and patient space, itself among them."""
    if not is_cine_planes(series) or state.scan is None or not series.frame_of_reference_uid:
        return ()
    studies = [study for patient in state.scan.patients for study in patient.studies]
    own = next((study for study in studies if series in study.series), None)
    return tuple(
        other
        for other in (own.series if own else ())
        if is_cine_planes(other) and other.frame_of_reference_uid == series.frame_of_reference_uid
    )


def _planes(source: Source, progress: Progress) -> list[Volume]:
    from imaging.slices.load import load_planes

    volumes: list[Volume] = []
    for done, series in enumerate(source.series):
        progress.report("Loading planes", done / len(source.series))
        phase = min(source.phase, series.n_phases - 1)
        volumes += load_planes(series, phase)
    return volumes

"""From cine series to a moving heart and out to files, through the rooms that load and reconstruct; knows no Qt."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from app.reconstruction import HEART_TASK, check_place, cine_companions
from app.state import State
from core.errors import PlannerError
from core.motion import MovingAnatomy
from core.progress import Progress
from core.resources import RESEARCH_NOTICE
from core.staging import replace_file
from core.study import Series
from core.volume import Volume
from imaging.slices.planes import is_cine_file, is_cine_planes
from plan.history import History
from plan.label_lineage import lineage_of
from recon.cine.planes import CineSeries

ReconstructCine = Callable[[str, Sequence[CineSeries], str, Progress], MovingAnatomy]
WHAT = "the cycle is not reconstructed"


def cine_of(state: State, chosen: Sequence[Series]) -> tuple[Series, ...]:
    """The cine series that go in together: those chosen, or all of the open one's heart.

    Raises:
        PlannerError: nothing is open, one is no cine of planes, or they do not share one patient space.
    """
    if state.series is None or state.volume is None:
        raise PlannerError(WHAT, "no series is open", "open a cine series first")
    together = tuple(chosen) if len(chosen) > 1 else cine_companions(state, state.series) or (state.series,)
    check_cine(together)
    if {series.frame_of_reference_uid for series in together} != {state.volume.frame_of_reference_uid}:
        raise PlannerError(
            WHAT,
            "they do not share one patient space with the series that is open",
            "choose series of one frame of reference",
        )
    return together


def check_cine(together: Sequence[Series]) -> None:
    """Raises PlannerError where one of the series is no cine of planes, or lies in a space of its own."""
    for series in together:
        check_place(series)
        if not is_cine_planes(series) and not is_cine_file(series):
            raise PlannerError(
                WHAT,
                f"{_name(series)} is no cine of separate slices",
                "choose cine of thick slices at several phases: DICOM series of one examination, or a 4-D NIfTI",
            )


def as_cine(series: Series) -> CineSeries:
    """One series for the reconstruction, its slices loaded phase by phase when they are asked for."""

    from imaging.find.files import FileKind, file_kind
    from imaging.formats.nifti import read_times_ms
    from imaging.slices.phases import times_of_labels

    def read(phase: int) -> tuple[Volume, ...]:
        from imaging.slices.load import load_planes

        return load_planes(series, phase)

    times = times_of_labels(series.phase_labels)
    is_file = file_kind(series.phases[0][0]) is FileKind.NIFTI
    times_ms = read_times_ms(series.phases[0][0]) if is_file else times.times_ms
    return CineSeries(_name(series), series.n_phases, read, times.percents, times_ms, is_stack=is_file)


def work_of(
    together: Sequence[Series], reconstruct: ReconstructCine, device: str
) -> Callable[[Progress], MovingAnatomy]:
    """The work that loads all phases and reconstructs them, for a job."""

    def work(progress: Progress) -> MovingAnatomy:
        moving = reconstruct(HEART_TASK, [as_cine(series) for series in together], device, progress)
        progress.report("Reconstruction ready", 1.0)
        return moving

    return work


def reconstruct_cine(
    task_key: str, series: Sequence[CineSeries], device: str, progress: Progress
) -> MovingAnatomy:
    """Run one reconstruction of a whole cycle; torch is imported here, in the thread that works.

    Raises:
        PlannerError: the task refuses these images, or nothing was found in them.
        Cancelled: the user stopped it.
    """
    from app.reconstruction import engine_cache
    from recon.cine.run import reconstruct_cine as run

    return run(task_key, series, device, progress, engine_cache=engine_cache())


def edited_phases(history: History) -> tuple[int, ...]:
    """The phases, from 0, whose labels a person edited; those whose edits are all undone are not among them."""
    touched = {edit.labels.phase for edit in history.edits[: history.n_done] if edit.labels is not None}
    lineages = {phase: lineage_of(history, phase) for phase in touched}
    return tuple(sorted(phase for phase, found in lineages.items() if found is not None and found.edits))


def told_phases(phases: Sequence[int]) -> str:
    """Phases as the player counts them, from 1."""
    numbers = ", ".join(str(phase + 1) for phase in phases)
    return f"phase{'s' if len(phases) > 1 else ''} {numbers}"


def edits_note(state: State) -> str:
    """What the moving heart does not know: labels that were edited at single phases; empty where there are none."""
    edited = edited_phases(state.history)
    if state.moving is None or not edited:
        return ""
    return f"Labels of {told_phases(edited)} were edited by hand: the curve and the other phases do not follow."


def write_motion_files(moving: MovingAnatomy, folder: Path, progress: Progress) -> tuple[Path, ...]:
    """Write motion.json and, for every phase, an STL per structure whose triangles correspond; returns the files.

    Raises:
        PlannerError: the folder cannot be written. Cancelled.
    """
    from imaging.formats.surfaces import write_stl

    files = []
    for phase in range(moving.n_phases):
        progress.report("writing surfaces of every phase", phase / moving.n_phases)
        for key, surface in moving.surfaces.items():
            files.append(folder / f"phase-{phase:02d}" / f"{key}.stl")
            write_stl(surface.at(phase), files[-1])
    path = folder / "motion.json"
    replace_file(path, (json.dumps(motion_report(moving), indent=2) + "\n").encode())
    return (*files, path)


def motion_report(moving: MovingAnatomy) -> dict[str, object]:
    """What a run said of a moving heart, ready for JSON, with its findings."""
    return {
        "n_phases": moving.n_phases,
        **moving.report,
        "findings": [asdict(finding) for finding in moving.findings],
        "notice": RESEARCH_NOTICE,
    }


def ejection_lines(moving: MovingAnatomy) -> tuple[str, ...]:
    """One line for each ventricle: its volumes and what it ejects."""
    lines = []
    for key, title in (("lv", "LV"), ("rv", "RV")):
        ejected = moving.ejection(key)
        if ejected is not None:
            lines.append(
                f"{title} {ejected.end_diastolic_ml:.0f} ml to {ejected.end_systolic_ml:.0f} ml, "
                f"stroke {ejected.stroke_ml:.0f} ml, EF {ejected.fraction_percent:.0f} %"
            )
    return tuple(lines)


def _name(series: Series) -> str:
    """What tells a series from the others of its study: its description, or the end of its UID."""
    return series.description or f"series …{series.series_uid[-8:]}"

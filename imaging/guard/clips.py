"""Runs, loops and captures through the guard: what is known of one at once, its frames when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from core.clip import CalibratedRegion, Clip
from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.study import Series
from core.xray import XRayView
from imaging.guard import wire
from imaging.guard.child import Unreadable
from imaging.guard.codec import decoder, encoder
from imaging.guard.doors import CREW
from imaging.guard.trouble import Trouble, refusal_of
from imaging.pictures.clips import Run, clip_of, clip_runs, read_frame, views_of
from imaging.pictures.xray import PROJECTIONS

MOST_PIXELS = 1 << 28


@dataclass(frozen=True)
class ClipFacts:
    """All of a clip but its frames, and the X-ray geometry of each frame; see `core.clip.Clip`."""

    n_frames: int
    rows: int
    columns: int
    is_colour: bool
    modality: str
    frame_times_s: tuple[float, ...]
    regions: tuple[tuple[CalibratedRegion, ...], ...]
    window: tuple[float, float] | None
    findings: tuple[Finding, ...]
    views: tuple[XRayView, ...]


def open_run(
    series: Series, number: int = 0, progress: Progress | None = None
) -> tuple[Clip, tuple[XRayView, ...]]:
    """Run `number` of a series as a clip, and how each frame was taken when it is X-ray.

    Raises PlannerError when there is no such run or its files are damaged, too slow or too large to read;
    Cancelled when told to stop. So does reading a frame.
    """
    progress = progress or Silent()
    paths = list(dict.fromkeys(chain.from_iterable(series.phases)))
    argument = [[wire.text_of_path(path) for path in paths], number]
    try:
        (text,) = CREW.stream("clip", paths[0], argument, lambda: progress.report("Reading headers", 0.0))
        facts: ClipFacts = decoder(ClipFacts)(json.loads(text if isinstance(text, str) else ""), paths[0])
        if min(facts.n_frames, facts.rows, facts.columns) < 1 or facts.rows * facts.columns > MOST_PIXELS:
            raise ValueError("no pictures")
    except Unreadable as error:
        raise refusal_of(error.trouble) from error
    except (ValueError, RecursionError) as error:
        raise refusal_of(Trouble.DAMAGED) from error
    shape = (facts.rows, facts.columns, 3) if facts.is_colour else (facts.rows, facts.columns)
    clip = Clip(
        n_frames=facts.n_frames,
        rows=facts.rows,
        columns=facts.columns,
        is_colour=facts.is_colour,
        modality=facts.modality,
        read_frame=lambda index: _frame(paths[0], [*argument, index], shape),
        frame_times_s=facts.frame_times_s,
        regions=facts.regions,
        window=facts.window,
        findings=facts.findings,
    )
    return clip, facts.views


def _frame(path: Path, argument: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    try:
        with closing(CREW.stream("clip_frame", path, argument, lambda: None)) as items:
            (pixels,) = items
    except Unreadable as error:
        raise refusal_of(error.trouble) from error
    if not isinstance(pixels, np.ndarray) or pixels.shape != shape:
        raise refusal_of(Trouble.DAMAGED)
    return pixels


def clip(path: Path, argument: Any) -> Iterator[str]:
    """In the child: the facts of a run, as JSON; the run stays open for its frames."""
    run = _run(*argument)
    found = clip_of(run)
    views = views_of(run) if found.modality in PROJECTIONS else ()
    facts = ClipFacts(
        found.n_frames, found.rows, found.columns, found.is_colour, found.modality, found.frame_times_s,
        found.regions, found.window, found.findings, views,
    )  # fmt: skip
    yield json.dumps(encoder(ClipFacts)(facts), separators=(",", ":"))


def clip_frame(path: Path, argument: Any) -> Iterator[np.ndarray]:
    """In the child: the pixels of one frame."""
    names, number, index = argument
    yield read_frame(_run(names, number), index)


def _run(names: list[str], number: int) -> Run:
    paths = tuple(wire.path_of_text(name) for name in names)
    runs = _opened(paths, tuple(path.stat().st_mtime_ns for path in paths))
    if not 0 <= number < len(runs):
        raise PlannerError("cannot open the clip", f"the series has {len(runs)} runs", "choose another run")
    return runs[number]


@lru_cache(maxsize=1)
def _opened(paths: tuple[Path, ...], changed_ns: tuple[int, ...]) -> tuple[Run, ...]:
    return clip_runs(Series("", "", "", (paths,), (0, 0, 0), None))

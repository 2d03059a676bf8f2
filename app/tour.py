"""The tour through the program on the demo patient: what each stop asks for, and when it is done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.state import State
from core.progress import Progress
from plan.items import AorticRoot, CutPlane, Distance


@dataclass(frozen=True)
class Stop:
    """One stop: a title, what to do, and whether that was done; a stop that only tells is never done by itself."""

    title: str
    words: str
    is_done: Callable[[State], bool] = lambda state: False


STOPS: tuple[Stop, ...] = (
    Stop(
        "A patient to learn on",
        "Press Open the demo patient. It is synthetic: no person's images. It is made on this machine, which "
        "takes a moment; you can cancel it below.",
        lambda state: state.scan is not None,
    ),
    Stop(
        "Open the images",
        "Double-click the CT in the list at the left. The three slices are linked: click to look at a place, "
        "roll to go through, drag with the right button for brightness.",
        lambda state: state.volume is not None,
    ),
    Stop(
        "Reconstruct the heart",
        "Press Reconstruct. What could not be found is said, not guessed: judge every surface by its outlines "
        "on the slices.",
        lambda state: state.anatomy is not None,
    ),
    Stop(
        "Cut",
        "Press Add cut plane, then drag its arrow in the 3-D view. A cut is a way to look; it never changes the "
        "anatomy.",
        lambda state: bool(state.plan.of_type(CutPlane)),
    ),
    Stop(
        "Measure",
        "Take Distance and click two points, on slices or surfaces. The ± holds 95 % of repeated placements.",
        lambda state: bool(state.plan.of_type(Distance)),
    ),
    Stop(
        "A guided sheet",
        "Press Aortic root. The sheet asks for one point after another and fills in the values.",
        lambda state: bool(state.plan.of_type(AorticRoot)),
    ),
    Stop(
        "Find anything",
        "Press Ctrl+K and type a few letters of what you want. F1 opens the guide, Shift+F1 the sheet of keys. "
        "Ctrl+Z takes every step back.",
    ),
)


def first_open_stop(state: State, at: int) -> int:
    """The stop to show: the first from `at` on that is not done yet, the last one at most."""
    while at < len(STOPS) - 1 and STOPS[at].is_done(state):
        at += 1
    return at


def make_demo_patient(data_folder: Path, progress: Progress) -> Path:
    """The demo patient's study, made the first time; one that was cancelled half-way is made again.

    Raises:
        PlannerError: the folder cannot be written.
        Cancelled: by the user.
    """
    from app.demo.run import DEMO_SEED
    from app.phantom import write_phantom

    whole, part = data_folder / "demo", data_folder / "demo.part"
    if not whole.is_dir():
        shutil.rmtree(part, ignore_errors=True)
        write_phantom(part, DEMO_SEED, modalities=("ct",), progress=progress)
        part.rename(whole)
    return whole / "study"

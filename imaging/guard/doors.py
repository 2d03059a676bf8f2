"""The doors of the guard: what the readers of this room do, done in a child process within 12 s and 2 GB for a file.

What comes back through the pipe is data only, and is checked. A file that hangs, crashes or overfills its reader is
refused with that reason, and the program goes on.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from core.errors import PlannerError
from core.progress import Progress, Silent
from core.volume import Volume
from imaging.dicom.headers import Plane
from imaging.guard import wire
from imaging.guard.child import Unreadable
from imaging.guard.codec import encoder
from imaging.guard.crew import Crew, Item
from imaging.guard.facts import VolumeFacts, facts_of_text, volume_facts_of_text
from imaging.guard.trouble import Trouble, refusal_of

CREW = Crew()
FILES_TO_SHARE = 8
"""With fewer files a second process would only cost its start."""
atexit.register(CREW.stop)
os.register_at_fork(after_in_child=CREW.forget)


def texts_of_headers(paths: Sequence[Path], on_wait: Callable[[], None]) -> Iterator[tuple[int, str | Trouble]]:
    """What the header of each file says, as JSON (see `facts_of_text`), with the file's index, as they come.

    Raises what `on_wait` raises, within a tenth of a second; the children are killed then.
    """
    return CREW.each("facts", paths, on_wait)


def read_planes(path: Path, progress: Progress | None = None) -> tuple[Plane, ...]:
    """The image planes of a DICOM file; empty when it is no image.

    Raises PlannerError with the reason when it cannot be read; Cancelled when told to stop.
    """
    progress = progress or Silent()
    ((_, text),) = texts_of_headers([path], lambda: progress.report("Reading headers", 0.0))
    if isinstance(text, Trouble):
        raise refusal_of(text)
    try:
        return facts_of_text(text, path).planes
    except ValueError as error:
        raise refusal_of(Trouble.DAMAGED) from error


def decode_planes(planes: Sequence[Plane], progress: Progress | None = None) -> Iterator[np.ndarray]:
    """Yield the values (rows, columns) of each plane, int16 when whole numbers fit, else float32.

    Frames come one by one and a few ahead, from two processes when there are many files. Raises PlannerError as
    `imaging.pixels.decode.decode_planes` does, and when a file takes too long or too much; Cancelled when told to stop.
    """
    progress = progress or Silent()
    runs = [tuple(run) for _, run in groupby(planes, key=lambda plane: plane.path)]
    n_streams = 2 if len(runs) >= FILES_TO_SHARE else 1
    done = 0

    def on_wait() -> None:
        progress.report("Loading images", done / len(planes))

    streams = [_frames(runs[start::n_streams], on_wait) for start in range(n_streams)]
    try:
        for number, run in enumerate(runs):
            for plane in run:
                yield _picture(next(streams[number % n_streams], None), plane)
                done += 1
        for stream in streams:
            # To its end, so that the child owes nothing and serves the next file too: a new one costs a start.
            next(stream, None)
    except Unreadable as error:
        raise refusal_of(error.trouble) from error
    finally:
        for stream in streams:
            stream.close()


def read_image_file(path: Path, phase: int = 0, progress: Progress | None = None) -> Volume:
    """A NIfTI, NRRD or MHA file as a volume in LPS mm; one phase of a 4-D NIfTI file.

    Raises PlannerError as the readers do, and when it takes too long or too much; Cancelled when told to stop.
    """
    progress = progress or Silent()
    stream = CREW.stream("volume", path, phase, lambda: progress.report("Loading images", 0.0))
    try:
        text, voxels = stream
        if not isinstance(text, str) or not isinstance(voxels, np.ndarray):
            raise ValueError("neither facts nor voxels")
        facts: VolumeFacts = volume_facts_of_text(text, path)
        if voxels.ndim != 3 or voxels.dtype not in (np.int16, np.uint8, np.uint16, np.float32):
            raise ValueError("no volume")
        return Volume(voxels, np.array(facts.patient_from_index), *facts.names)
    except Unreadable as error:
        raise refusal_of(error.trouble, f"cannot read {path.name}") from error
    except ValueError as error:
        raise refusal_of(Trouble.DAMAGED, f"cannot read {path.name}") from error


def _frames(runs: Sequence[Sequence[Plane]], on_wait: Callable[[], None]) -> Generator[Item, None, None]:
    paths = [wire.text_of_path(run[0].path) for run in runs]
    encode = encoder(Plane)
    planes = [[index, encode(plane)] for index, run in enumerate(runs) for plane in run]
    return CREW.stream("pixels", runs[0][0].path, [paths, planes], on_wait)


def _picture(item: Item | None, plane: Plane) -> np.ndarray:
    if not isinstance(item, np.ndarray) or item.shape != plane.shape or item.dtype.kind not in "iuf":
        raise PlannerError(
            "cannot read an image",
            "its pixels do not fit its rows and columns",
            "copy it again from its source",
        )
    return item

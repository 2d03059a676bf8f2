"""What the child process says of a file in words: one line of JSON, which the index of the case library keeps too."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.volume import Volume
from imaging.dicom.headers import MOST_FRAMES, Plane, frames_of
from imaging.formats.grid import FileGrid
from imaging.guard.codec import decoder, encoder

LONGEST_FACTS = 1 << 26
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class FileFacts:
    """What a file holds: DICOM planes, or the grid of a NIfTI, NRRD or MHA file; neither when it is no image."""

    planes: tuple[Plane, ...] = ()
    grid: FileGrid | None = None


@dataclass(frozen=True)
class VolumeFacts:
    """All of a volume but its voxels; the affine (4, 4) by rows."""

    patient_from_index: Rows
    names: tuple[str, str, str]


@dataclass(frozen=True)
class _Written:
    """The facts of a file as they are written: the frames of a run, which differ by their number only, as one."""

    planes: tuple[Plane, ...]
    is_run: bool
    grid: FileGrid | None


def text_of_facts(facts: FileFacts) -> str:
    """One line of JSON. Every Path is left out, so the text says nothing of where the file lies."""
    is_run = len(facts.planes) > 1 and facts.planes == frames_of(facts.planes[0])
    written = _Written(facts.planes[:1] if is_run else facts.planes, is_run, facts.grid)
    return as_text(encoder(_Written)(written))


def facts_of_text(text: str, path: Path) -> FileFacts:
    """The facts of the file at `path`. Raises ValueError when the text is of another form."""
    written: _Written = decoder(_Written)(parsed(text), path)
    if not written.is_run:
        return FileFacts(written.planes, written.grid)
    if len(written.planes) != 1 or not 0 < written.planes[0].n_frames <= MOST_FRAMES:
        raise ValueError("no run of frames")
    return FileFacts(frames_of(written.planes[0]), written.grid)


def text_of_volume(volume: Volume) -> str:
    """One line of JSON about a volume: its place, frame of reference, unit and modality."""
    names = (volume.frame_of_reference_uid, volume.unit, volume.modality)
    return as_text(encoder(VolumeFacts)(VolumeFacts(rows_of(volume.patient_from_index), names)))


def volume_facts_of_text(text: str, path: Path) -> VolumeFacts:
    """The inverse of `text_of_volume`. Raises ValueError when the text is of another form."""
    facts: VolumeFacts = decoder(VolumeFacts)(parsed(text), path)
    return facts


@cache
def fingerprint() -> str:
    """Changes whenever the code that reads headers does: facts that older code read are not to be relied on."""
    digest = hashlib.sha256(version("pydicom").encode())
    for source in sorted(Path(__file__).resolve().parent.parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def rows_of(matrix: np.ndarray) -> Rows:
    """A matrix as plain numbers, by rows."""
    return tuple(tuple(float(v) for v in row) for row in matrix)


def as_text(content: Any) -> str:
    """Values of an encoder as one line of JSON."""
    return json.dumps(content, separators=(",", ":"))


def parsed(text: object) -> Any:
    """What `as_text` wrote. Raises ValueError for anything else."""
    if not isinstance(text, str) or len(text) > LONGEST_FACTS:
        raise ValueError("more than any file can have to say")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error

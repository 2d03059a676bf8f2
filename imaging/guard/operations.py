"""What the child process can be asked to do: the doors through which files from anywhere come in.

Libraries are imported where they are used: a folder of DICOM does not wait for SimpleITK.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from core.errors import PlannerError
from imaging.dicom.headers import Plane, quiet_parser, read_planes
from imaging.dicom.values import as_list
from imaging.find.files import FileKind, file_kind
from imaging.formats import nifti, nrrd
from imaging.guard import wire
from imaging.guard.codec import decoder
from imaging.guard.facts import FileFacts, text_of_facts, text_of_volume
from imaging.guard.unpacking import unpack
from imaging.pixels.decode import decode_planes

LEAST_FRAME_BYTES = 10
"""Of a frame in a file, however it is packed: the head of an item, and at least one pair of bytes."""


def facts(path: Path, argument: Any) -> Iterator[str]:
    """What the header of a file says, as JSON. Raises OSError when it cannot be opened."""
    path.open("rb").close()
    kind = file_kind(path)
    if kind is FileKind.DICOM:
        found = FileFacts(planes=read_planes(path))
        if len(found.planes) * LEAST_FRAME_BYTES > path.stat().st_size:
            raise ValueError("it claims more frames than so many bytes can hold")
    elif kind is FileKind.NIFTI:
        found = FileFacts(grid=nifti.read_grid(path))
    elif kind is FileKind.ITK:
        found = FileFacts(grid=nrrd.read_grid(path))
    else:
        found = FileFacts()
    yield text_of_facts(found)


def pixels(path: Path, argument: Any) -> Iterator[np.ndarray]:
    """The values of planes, given as the paths of their files and, for each plane, its file's index and facts."""
    names, rows = argument
    paths = [wire.path_of_text(name) for name in names]
    build = decoder(Plane)
    return decode_planes([build(row, paths[index]) for index, row in rows])


def volume(path: Path, phase: Any) -> Iterator[str | np.ndarray]:
    """One phase of a NIfTI, NRRD or MHA file: what is known of it as JSON, then its voxels."""
    if file_kind(path) is FileKind.NIFTI:
        found = nifti.read_volume(path, phase)
    elif phase:
        raise PlannerError(f"cannot read {path.name}", "it has 1 phase", "choose phase 0")
    else:
        found = nrrd.read_volume(path)
    yield text_of_volume(found)
    yield found.voxels


def directory(path: Path, argument: Any) -> Iterator[str]:
    """The files that a DICOMDIR lists, each as the parts of its path, as JSON."""
    with quiet_parser():
        records = pydicom.dcmread(path, specific_tags=["DirectoryRecordSequence"]).DirectoryRecordSequence
        names = [record.get("ReferencedFileID") for record in records]
    yield json.dumps([[str(part) for part in as_list(name)] for name in names if name])


def _of(module: str, name: str) -> Callable[[Path, Any], Iterator[Any]]:
    """An operation of another module, which is imported when it is first asked for."""
    return lambda path, argument: getattr(import_module(f"imaging.{module}"), name)(path, argument)


OPERATIONS = {
    "facts": facts,
    "pixels": pixels,
    "volume": volume,
    "directory": directory,
    "unpack": unpack,
    "clip": _of("guard.clips", "clip"),
    "clip_frame": _of("guard.clips", "clip_frame"),
    "given": _of("guard.given", "given_items"),
    "surface": _of("guard.given", "surface_items"),
    "glb": _of("guard.given", "glb_items"),
    "report": _of("guard.given", "report_items"),
    "source": _of("outputs.source", "header_texts"),
}

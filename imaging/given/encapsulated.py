"""STL and OBJ surfaces that travel inside DICOM, brought back to patient millimetres."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from imaging.dicom.headers import quiet_parser
from imaging.dicom.objects import read_object, text_of
from imaging.formats.surfaces import MM_PER_UNIT, surface_of_bytes
from imaging.given.structure_codes import key_of_structure

STL_STORAGE = "1.2.840.10008.5.1.4.1.1.104.3"
OBJ_STORAGE = "1.2.840.10008.5.1.4.1.1.104.4"
SUFFIXES = {STL_STORAGE: ".stl", OBJ_STORAGE: ".obj"}
WHAT = "cannot read the surface"
STL_HEAD_BYTES, STL_TRIANGLE_BYTES = 84, 50


@dataclass(frozen=True, eq=False)
class GivenSurface:
    """One surface of a DICOM file: structure key, mesh in LPS mm, patient space."""

    key: str
    mesh: SurfaceMesh
    frame_of_reference_uid: str


def read_encapsulated(path: Path, taken: Collection[str] = ()) -> GivenSurface:
    """Read an Encapsulated STL or OBJ file; `taken` are keys that other surfaces have already.

    Raises PlannerError when it is damaged, something else, or does not say its unit.

    Source: DICOM PS3.3 A.85.1, A.85.2, C.35.1 (Manufacturing 3D Model Module).
    """
    dataset = read_object(path, SUFFIXES, WHAT)
    with quiet_parser():
        suffix = SUFFIXES[str(dataset.SOPClassUID)]
        title = text_of(dataset, "DocumentTitle") or text_of(dataset, "SeriesDescription")
        mesh = surface_of_bytes(_document(dataset, suffix), suffix, _unit(dataset), "LPS", "the surface")
        return GivenSurface(key_of_structure(None, title, taken), mesh, text_of(dataset, "FrameOfReferenceUID"))


def _unit(dataset: Dataset) -> str:
    codes = dataset.get("MeasurementUnitsCodeSequence")
    unit = str(codes[0].get("CodeValue", "")) if codes else ""
    if unit not in MM_PER_UNIT:
        stated = f"its unit {unit!r:.20} is not known" if unit else "it does not say its unit of length"
        raise PlannerError(WHAT, stated, "export it again in millimetres")
    return unit


def _document(dataset: Dataset, suffix: str) -> bytes:
    """The file inside, without the byte that DICOM may have added to make its length even."""
    content = bytes(dataset.get("EncapsulatedDocument") or b"")
    length = int(dataset.get("EncapsulatedDocumentLength") or len(content))
    content = content[:length]
    if suffix == ".stl" and len(content) >= STL_HEAD_BYTES:
        count = int.from_bytes(content[80:STL_HEAD_BYTES], "little")
        needed = STL_HEAD_BYTES + STL_TRIANGLE_BYTES * count
        return content[:needed] if len(content) == needed + 1 else content
    return content if suffix == ".stl" else content.rstrip(b"\0")

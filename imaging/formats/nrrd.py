"""NRRD and MHA files through SimpleITK's single-file reader, guarded against what it would make up.

SimpleITK is imported where it is used, as nibabel is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import PlannerError
from core.volume import Volume
from imaging.formats.grid import FileGrid, checked_affine, compact, finding_of, spacing_of, without_gaps

HEADER_LIMIT_BYTES = 65536
KNOWN_SPACES = re.compile(
    r"^space:\s*(left-posterior-superior|right-anterior-superior|left-anterior-superior|LPS|RAS|LAS)\s*$",
    re.MULTILINE | re.IGNORECASE,
)
MM_PER_UNIT = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "micron": 0.001, "?": 1.0}
_FIX = "write the file again with its orientation, or open the original DICOM"


def read_volume(path: Path) -> Volume:
    """Read a NRRD or MHA file as a volume in LPS mm.

    Raises PlannerError when the file is damaged, not one 3-D image of single numbers, points to another file,
    or does not say its orientation, which SimpleITK would otherwise make up.
    """
    reader = _open(path)
    affine = _patient_from_index(reader, path)
    import SimpleITK as sitk

    try:
        voxels = sitk.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        raise PlannerError(
            f"cannot read {path.name}", "its voxels are damaged or cut short", "copy it again"
        ) from error
    return Volume(voxels=without_gaps(compact(voxels), path.name), patient_from_index=affine)


def read_grid(path: Path) -> FileGrid:
    """What the header says, without the voxels; a file that `read_volume` would refuse gives a finding.

    Raises PlannerError when the file is no such image at all.
    """
    reader = _open(path)
    columns, rows, slices = reader.GetSize()
    shape = (int(slices), int(rows), int(columns))
    try:
        return FileGrid(shape, spacing_of(_patient_from_index(reader, path)))
    except PlannerError as refusal:
        return FileGrid(shape, None, findings=(finding_of(refusal, "missing_orientation"),))


def _open(path: Path) -> Any:
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetImageIO("NrrdImageIO" if path.suffix.lower() == ".nrrd" else "MetaImageIO")
    reader.SetFileName(str(path))
    _refuse_detached(path)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise PlannerError(
            f"cannot read {path.name}", "it is not a NRRD or MHA image", "choose another file"
        ) from error
    if reader.GetDimension() != 3 or reader.GetNumberOfComponents() != 1:
        raise PlannerError(
            f"cannot read {path.name}", "it is not a 3-D image of single numbers", "choose another file"
        )
    return reader


def _header(path: Path) -> str:
    with path.open("rb") as stream:
        text = stream.read(HEADER_LIMIT_BYTES)
    end = (
        text.find(b"\n\n")
        if path.suffix.lower() == ".nrrd"
        else text.find(b"\n", text.find(b"ElementDataFile"))
    )
    return text[: end + 1 if end >= 0 else None].decode("latin-1").replace("\r\n", "\n")


def _refuse_detached(path: Path) -> None:
    """A header that names another file could make this program read any file of the machine."""
    header = _header(path)
    if path.suffix.lower() == ".nrrd":
        detached = re.search(r"^data ?file:", header, re.M | re.I) is not None
    else:
        detached = re.search(r"^ElementDataFile\s*=\s*LOCAL\s*$", header, re.M) is None
    if detached:
        raise PlannerError(
            f"cannot read {path.name}", "its voxels are not in the same file", "save it as one file"
        )


def _patient_from_index(reader: Any, path: Path) -> np.ndarray:
    header = _header(path)
    if path.suffix.lower() == ".nrrd":
        names = ["space directions:", "space origin:"]
        needed = [KNOWN_SPACES.search(header), *(re.search(f"^{name}", header, re.M) for name in names)]
    else:
        names = ["(TransformMatrix|Rotation|Orientation)", "(Offset|Position|Origin)", "ElementSpacing"]
        needed = [re.search(rf"^{name}\s*=", header, re.M) for name in names]
    if not all(needed):
        raise PlannerError(f"cannot place {path.name}", "it does not say its orientation and spacing", _FIX)
    to_mm = _mm_per_unit(header, path)
    direction = np.array(reader.GetDirection(), dtype=np.float64).reshape(3, 3)
    affine = np.eye(4)
    affine[:3, :3] = (direction * np.array(reader.GetSpacing()))[:, ::-1] * to_mm
    affine[:3, 3] = np.array(reader.GetOrigin()) * to_mm
    return checked_affine(affine, path.name)


def _mm_per_unit(header: str, path: Path) -> float:
    """Millimetres per unit of length that the header names, which SimpleITK does not look at; millimetres by custom."""
    named = re.search(r"^(?:space units:|DistanceUnits\s*=)\s*(.+?)\s*$", header, re.M | re.I)
    units = {unit.lower() for unit in re.findall(r"[^\s\"]+", named.group(1))} if named else {"mm"}
    scale = MM_PER_UNIT.get(units.pop()) if len(units) == 1 else None
    if scale is None:
        raise PlannerError(f"cannot place {path.name}", "its unit of length is unknown", _FIX)
    return scale

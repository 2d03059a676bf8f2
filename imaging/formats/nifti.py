"""NIfTI files in and out: the one place where LPS meets NIfTI's RAS and its (i, j, k) order.

nibabel is imported where it is used: it takes a second to load, which a window that opens should not wait for.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.anatomy import HEART_NAMES
from core.errors import PlannerError
from core.staging import staged
from core.volume import LabelMap, Volume
from imaging.formats.grid import FileGrid, checked_affine, compact, finding_of, spacing_of, without_gaps

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
IJK_FROM_INDEX = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], dtype=np.float64)
MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""Millimetres per NIfTI spatial unit: unknown (millimetres by custom), metre, millimetre, micrometre."""
MS_PER_UNIT = {8: 1000.0, 16: 1.0, 24: 0.001}
"""Milliseconds per NIfTI unit of time: second, millisecond, microsecond."""
SHORTEST_BEAT_MS, LONGEST_BEAT_MS = 250.0, 2000.0
COMMENT = 6
CHUNK_BYTES = 1 << 20
_FIX = "write the file again with its orientation and spacing, or open the original DICOM"


def read_volume(path: Path, phase: int = 0) -> Volume:
    """Read a NIfTI file as a volume in LPS mm; a 4-D file gives the volume of one phase.

    Raises PlannerError when the file is damaged, has no valid spacing or no orientation, or no such phase.
    """
    image = _open(path)
    affine = _patient_from_index(image, path)
    notes = _notes(image)
    voxels = without_gaps(compact(_voxels(image, path, phase)), path.name)
    return Volume(
        voxels=np.ascontiguousarray(voxels.transpose(2, 1, 0)),
        patient_from_index=affine,
        frame_of_reference_uid=notes.get("frame_of_reference_uid", ""),
        unit=notes.get("unit", "arbitrary"),
        modality=notes.get("modality", "OT"),
    )


def read_grid(path: Path) -> FileGrid:
    """What the header says, without the voxels; a file that `read_volume` would refuse gives a finding.

    Raises PlannerError when the file is no NIfTI image at all.
    """
    image = _open(path)
    shape = _shape(image, path)
    n_phases = image.shape[3] if len(image.shape) == 4 else 1
    notes = _notes(image)
    try:
        spacing = spacing_of(_patient_from_index(image, path))
    except PlannerError as refusal:
        return FileGrid(shape, None, n_phases, findings=(finding_of(refusal, "missing_orientation"),))
    return FileGrid(
        shape, spacing, n_phases, notes.get("modality", "OT"), notes.get("frame_of_reference_uid", "")
    )


def read_times_ms(path: Path) -> tuple[float, ...]:
    """When each phase of a 4-D file was, in ms after the first; empty where the header does not say it credibly.

    Converters leave a step of 1 s or of none behind, which is no heart's: the phases must span one beat.
    Raises PlannerError when the file is no NIfTI image at all.
    """
    image = _open(path)
    scale = MS_PER_UNIT.get(int(image.header["xyzt_units"]) & 56)
    if len(image.shape) != 4 or scale is None:
        return ()
    n_phases, step_ms = image.shape[3], float(image.header["pixdim"][4]) * scale
    if not SHORTEST_BEAT_MS <= n_phases * step_ms <= LONGEST_BEAT_MS:
        return ()
    return tuple(round(phase * step_ms, 3) for phase in range(n_phases))


def write_volume(volume: Volume, path: Path) -> None:
    """Write a volume as NIfTI (.nii or .nii.gz) in RAS mm; frame of reference, unit and modality go along.

    Raises PlannerError when the place cannot be written.
    """
    notes = {"unit": volume.unit, "modality": volume.modality}
    _write(volume.voxels, volume.patient_from_index, path, volume.frame_of_reference_uid, notes)


def write_labels(label_map: LabelMap, path: Path) -> None:
    """Write a label map as NIfTI, and its names beside it as JSON: `labels.nii.gz` has `labels.json`."""
    _write(label_map.labels, label_map.patient_from_index, path, label_map.frame_of_reference_uid, {})
    names = {str(value): name for value, name in sorted(label_map.names.items())}
    with staged(names_path(path)) as stage:
        stage.write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")


def read_labels(path: Path) -> LabelMap:
    """Read a label map; its names come from the JSON beside it, or are the heart's when there is none.

    Raises PlannerError when the values are not whole numbers from 0 to 255.
    """
    image = _open(path)
    affine = _patient_from_index(image, path)
    values = _voxels(image, path, 0)
    labels = values.astype(np.uint8)
    if not np.array_equal(labels, values):
        raise PlannerError(
            f"cannot read labels from {path.name}", "its values are not whole numbers from 0 to 255",
            "choose a label map, not an image",
        )  # fmt: skip
    return LabelMap(
        labels=np.ascontiguousarray(labels.transpose(2, 1, 0)),
        patient_from_index=affine,
        names=_read_names(names_path(path)),
        frame_of_reference_uid=_notes(image).get("frame_of_reference_uid", ""),
    )


def names_path(path: Path) -> Path:
    """Where the names of a label map lie: `labels.nii.gz` -> `labels.json`."""
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")


def _read_names(path: Path) -> Mapping[int, str]:
    if not path.is_file():
        return HEART_NAMES
    try:
        return {int(value): str(name) for value, name in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError) as error:
        raise PlannerError(
            f"cannot read {path.name}", "it is not a table of values and names", "write it again, or remove it"
        ) from error


def _open(path: Path) -> Any:
    import nibabel

    try:
        image = nibabel.load(path)
    except Exception as error:
        # nibabel, gzip and zlib raise a dozen kinds of errors on damaged files.
        raise PlannerError(
            f"cannot read {path.name}", "it is not a NIfTI image", "choose another file"
        ) from error
    if not isinstance(image, nibabel.Nifti1Image):
        raise PlannerError(
            f"cannot read {path.name}", "it is not a single-file NIfTI image", "choose another file"
        )
    return image


def _shape(image: Any, path: Path) -> tuple[int, int, int]:
    if len(image.shape) not in (3, 4) or min(image.shape) < 1 or image.get_data_dtype().kind not in "iuf":
        raise PlannerError(
            f"cannot read {path.name}", "it is not a 3-D image of single numbers", "choose another file"
        )
    columns, rows, slices = (int(n) for n in image.shape[:3])
    return slices, rows, columns


def _voxels(image: Any, path: Path, phase: int) -> np.ndarray:
    _shape(image, path)
    n_phases = image.shape[3] if len(image.shape) == 4 else 1
    if not 0 <= phase < n_phases:
        raise PlannerError(
            f"cannot read {path.name}", f"it has {n_phases} phases", "choose one of them, from 0"
        )
    try:
        if path.name.lower().endswith(".gz"):
            return _unzipped_voxels(path, phase)
        return _phase_of(image, phase)
    except Exception as error:
        raise PlannerError(
            f"cannot read {path.name}", "its voxels are damaged or cut short", "copy it again"
        ) from error


def _phase_of(image: Any, phase: int) -> np.ndarray:
    return np.asanyarray(image.dataobj[..., phase] if len(image.shape) == 4 else image.dataobj)


def _unzipped_voxels(path: Path, phase: int) -> np.ndarray:
    """As `_phase_of`, read on to the end: only there does gzip keep the checksum that tells damage."""
    import nibabel
    from nibabel.fileholders import FileHolder

    with gzip.open(path) as stream:
        holder = FileHolder(fileobj=stream)
        values = _phase_of(nibabel.Nifti1Image.from_file_map({"header": holder, "image": holder}), phase)
        while stream.read(CHUNK_BYTES):
            pass
    return values


def _patient_from_index(image: Any, path: Path) -> np.ndarray:
    header = _raw_header(image, path)
    pixdim = np.asarray(header["pixdim"][1:4], dtype=np.float64)
    if not np.isfinite(pixdim).all() or (pixdim <= 0).any():
        raise PlannerError(f"cannot place {path.name}", "its voxel spacing is zero or not a number", _FIX)
    if int(header["sform_code"]) <= 0 and int(header["qform_code"]) <= 0:
        raise PlannerError(f"cannot place {path.name}", "it has neither sform nor qform orientation", _FIX)
    scale = MM_PER_UNIT.get(int(header["xyzt_units"]) & 7)
    if scale is None:
        raise PlannerError(f"cannot place {path.name}", "its unit of length is unknown", _FIX)
    to_mm = np.diag([scale, scale, scale, 1.0])
    return checked_affine(LPS_FROM_RAS @ to_mm @ image.affine @ IJK_FROM_INDEX, path.name)


def _raw_header(image: Any, path: Path) -> Any:
    """The header as stored: nibabel's own loading turns a spacing of 0 into 1 without a word."""
    from nibabel.openers import ImageOpener

    with ImageOpener(str(path)) as stream:
        return type(image.header).from_fileobj(stream, check=False)


def _notes(image: Any) -> dict[str, str]:
    """What `_write` left in the header's comment."""
    for extension in image.header.extensions:
        if extension.get_code() == COMMENT:
            try:
                notes = json.loads(extension.get_content())
            except (ValueError, TypeError):
                continue
            if isinstance(notes, dict):
                return {str(key): str(value) for key, value in notes.items()}
    return {}


def _write(
    voxels: np.ndarray, patient_from_index: np.ndarray, path: Path, frame_uid: str, notes: dict[str, str]
) -> None:
    import nibabel
    from nibabel.nifti1 import Nifti1Extension

    affine = LPS_FROM_RAS @ patient_from_index @ np.linalg.inv(IJK_FROM_INDEX)
    data = np.asarray(voxels, dtype=np.uint8 if voxels.dtype == bool else voxels.dtype).transpose(2, 1, 0)
    image = nibabel.Nifti1Image(data.astype(np.float32) if data.dtype.itemsize > 4 else data, affine)
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    image.header.set_xyzt_units("mm", "sec")
    comment = json.dumps({"frame_of_reference_uid": frame_uid, **notes})
    image.header.extensions.append(Nifti1Extension(COMMENT, comment.encode("utf-8")))
    with staged(path) as stage:
        nibabel.save(image, stage)

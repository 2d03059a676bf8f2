"""Series to volumes: pixels placed by the positions of their slices, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import PlannerError
from core.progress import Progress, Silent
from core.study import Series
from core.volume import Volume
from imaging import nifti, nrrd
from imaging.decode import decode_planes
from imaging.files import FileKind, file_kind
from imaging.headers import Plane, read_planes
from imaging.inputs import choose_input
from imaging.order import fit_stack, stack_axes, stack_findings
from imaging.phases import group_by_stack, split_phases

EXPORT_ORIGINAL = "export the original images from the scanner or archive"
NOT_VOLUMES = {
    "XA": "an X-ray projection",
    "RF": "an X-ray projection",
    "DX": "an X-ray projection",
    "CR": "an X-ray projection",
    "US": "an ultrasound picture",
}


def load_series(series: Series, phase: int = 0, progress: Progress | None = None) -> Volume:
    """One phase of a series as a volume in LPS mm.

    The step between slices comes from their positions; a single slice takes its slice thickness. Raises
    PlannerError for missing or uneven slices, tilt, absent geometry, colour, damage, or a phase that is not
    there; Cancelled when told to stop.
    """
    path = _file_of(series)
    if path is not None:
        return _read_file(path, phase)
    planes = _placed_planes(series, phase)
    return _stack(planes, progress or Silent())


def load_planes(series: Series, phase: int = 0, progress: Progress | None = None) -> tuple[Volume, ...]:
    """Every slice of one phase as its own one-slice volume, its first spacing the slice thickness.

    For sparse stacks, where nothing is known between the slices. Raises PlannerError as `load_series` does,
    but not for gaps or uneven spacing.
    """
    path = _file_of(series)
    if path is not None:
        return _slices_of(_read_file(path, phase))
    planes = _placed_planes(series, phase)
    progress = progress or Silent()
    volumes = []
    for done, (plane, values) in enumerate(zip(planes, decode_planes(planes), strict=True)):
        progress.report("Loading images", done / len(planes))
        volumes.append(
            _volume(values[None], _affine(plane, _thickness_step(plane), np.array(plane.position)), plane)
        )
    progress.report("Loading images", 1.0)
    return tuple(volumes)


def load_path(
    path: Path, phase: int = 0, series_uid: str | None = None, progress: Progress | None = None
) -> tuple[Volume, ...]:
    """The volumes of one phase that a command-line INPUT stands for (see `imaging.inputs`).

    One volume for an image file or a series; one per plane for a folder of several cine series in one frame
    of reference, or for a cine series whose slices lie too sparsely for a volume.

    Args:
        series_uid: which series of the folder; needed when there are several.

    Raises PlannerError when the choice is open (it lists the series), and as `load_series` does.
    """
    chosen = choose_input(path, series_uid, progress)
    if not chosen.as_planes:
        return tuple(load_series(series, phase, progress) for series in chosen.series)
    return tuple(plane for series in chosen.series for plane in load_planes(series, phase, progress))


def _stack(planes: tuple[Plane, ...], progress: Progress) -> Volume:
    first = planes[0]
    if len(planes) == 1:
        step, origin = _thickness_step(first), np.array(first.position)
    else:
        fit = fit_stack(np.array([plane.position for plane in planes]), np.array(first.orientation))
        findings = stack_findings(fit)
        if findings:
            raise PlannerError(
                "cannot load the series as a volume",
                f"{findings[0].what} ({findings[0].why})",
                findings[0].fix,
            )
        step, origin = fit.step_mm, fit.origin_mm
        planes = tuple(planes[i] for i in fit.order)
    slices = []
    for done, values in enumerate(decode_planes(planes)):
        progress.report("Loading images", done / len(planes))
        slices.append(values)
    progress.report("Loading images", 1.0)
    return _volume(np.stack(slices), _affine(first, step, origin), first)


def _volume(voxels: np.ndarray, patient_from_index: np.ndarray, plane: Plane) -> Volume:
    is_hu = plane.modality == "CT" and plane.rescale_type.upper() in ("", "HU")
    return Volume(
        voxels=voxels,
        patient_from_index=patient_from_index,
        frame_of_reference_uid=plane.frame_of_reference_uid,
        unit="HU" if is_hu else "arbitrary",
        modality=plane.modality,
    )


def _affine(plane: Plane, step_mm: np.ndarray, origin_mm: np.ndarray) -> np.ndarray:
    """(4, 4) that takes (slice, row, column, 1) to LPS mm. Source: DICOM PS3.3 C.7.6.2.1.1."""
    assert plane.orientation is not None
    assert plane.pixel_spacing_mm is not None
    axes = stack_axes(plane.orientation)
    matrix = np.eye(4)
    matrix[:3, 0] = step_mm
    matrix[:3, 1] = axes[:, 1] * plane.pixel_spacing_mm[0]
    matrix[:3, 2] = axes[:, 2] * plane.pixel_spacing_mm[1]
    matrix[:3, 3] = origin_mm
    return matrix


def _thickness_step(plane: Plane) -> np.ndarray:
    """The normal times the slice thickness: how far a lone slice reaches. Raises PlannerError when absent."""
    if plane.thickness_mm is None or plane.orientation is None:
        raise PlannerError(
            "cannot place a single slice", "it does not say its slice thickness", EXPORT_ORIGINAL
        )
    return stack_axes(plane.orientation)[:, 0] * plane.thickness_mm


def _placed_planes(series: Series, phase: int) -> tuple[Plane, ...]:
    """The planes of one phase with every fact that placing them needs. Raises PlannerError otherwise."""
    _check_phase(series, phase)
    what = "cannot load the series as a volume"
    if series.modality in NOT_VOLUMES:
        raise PlannerError(what, f"it is {NOT_VOLUMES[series.modality]}", "choose a CT or MR series")
    planes = _planes(series, phase)
    first = planes[0]
    if any(plane.position is None or plane.orientation is None for plane in planes):
        raise PlannerError(what, "its images do not say where they lie in the patient", EXPORT_ORIGINAL)
    if first.pixel_spacing_mm is None:
        raise PlannerError(what, "its images do not say their pixel spacing", EXPORT_ORIGINAL)
    same = {(plane.pixel_spacing_mm, plane.frame_of_reference_uid, plane.rescale_type) for plane in planes}
    if len(same) > 1:
        raise PlannerError(what, "its images differ in pixel spacing or patient space", EXPORT_ORIGINAL)
    return planes


def _check_phase(series: Series, phase: int) -> None:
    if not 0 <= phase < series.n_phases:
        raise PlannerError(
            "cannot load the phase", f"the series has {series.n_phases} phases", "choose one of them, from 0"
        )


def _planes(series: Series, phase: int) -> tuple[Plane, ...]:
    """Headers of one phase, in its order; of an enhanced file only the frames that belong to the phase."""
    try:
        found = [plane for path in series.phases[phase] for plane in read_planes(path)]
    except Exception as error:
        # The files were readable when they were scanned; whatever a parser raises now means they are not.
        raise PlannerError(
            "cannot read an image", "its file is damaged or gone", "scan the folder again"
        ) from error
    if not any(plane.is_enhanced for plane in found):
        return tuple(found)
    stacks = group_by_stack(found)
    _, _, number = series.series_uid.partition("#")
    phases = split_phases(stacks[int(number) - 1 if number else 0]).phases
    if phase >= len(phases) or len(phases[phase]) != series.shape[0]:
        raise PlannerError("cannot read an image", "its file changed since the scan", "scan the folder again")
    return phases[phase]


def _file_of(series: Series) -> Path | None:
    """The image file of a series that is not DICOM; None for DICOM."""
    first = series.phases[0][0]
    return first if file_kind(first) in (FileKind.NIFTI, FileKind.ITK) else None


def _read_file(path: Path, phase: int) -> Volume:
    if file_kind(path) is FileKind.NIFTI:
        return nifti.read_volume(path, phase)
    if phase:
        raise PlannerError(f"cannot read {path.name}", "it has 1 phase", "choose phase 0")
    return nrrd.read_volume(path)


def _slices_of(volume: Volume) -> tuple[Volume, ...]:
    slices: Sequence[np.ndarray] = np.split(volume.voxels, volume.shape[0])
    matrices = []
    for index in range(len(slices)):
        matrix = volume.patient_from_index.copy()
        matrix[:3, 3] += index * matrix[:3, 0]
        matrices.append(matrix)
    return tuple(
        Volume(voxels, matrix, volume.frame_of_reference_uid, volume.unit, volume.modality)
        for voxels, matrix in zip(slices, matrices, strict=True)
    )

"""Series to volumes: pixels placed by the positions of their slices, or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.study import Series
from core.volume import Volume, VolumeSequence
from imaging.dicom.headers import Plane
from imaging.find.files import FileKind, file_kind
from imaging.find.inputs import choose_input
from imaging.guard.doors import decode_planes, read_image_file
from imaging.slices.even_grid import EvenGrid, affine_of, grid_of
from imaging.slices.order import stack_axes
from imaging.slices.phases import times_of_labels
from imaging.slices.placed import EXPORT_ORIGINAL, placed_planes
from imaging.slices.resample import resample_slices, stack_slices


def load_series(series: Series, phase: int = 0, progress: Progress | None = None) -> Volume:
    """One phase of a series as a volume in LPS mm.

    The step between slices comes from their positions; a single slice takes its slice thickness. Slices that
    lie tilted, shifted or unevenly are resampled to the even grid that the series' findings and shape tell of.
    Raises PlannerError for gaps too wide to bridge, absent geometry, colour, damage, or a phase that is not
    there or not complete; Cancelled when told to stop.
    """
    progress = progress or Silent()
    path = _file_of(series)
    if path is not None:
        return read_image_file(path, phase, progress)
    planes = placed_planes(series, phase, progress)
    grid = _grid_for(series, planes)
    ordered = tuple(planes[i] for i in grid.order)
    slices = _decoded(ordered, progress)
    is_hu = _is_hu(planes[0])
    voxels = resample_slices(slices, grid, is_hu) if grid.is_resampled else stack_slices(slices, grid)
    return _volume(voxels, grid.patient_from_index, planes[0])


def load_sequence(series: Series) -> VolumeSequence:
    """The phases of a series, each loaded when it is asked for, with their times where the scan found them.

    A phase raises PlannerError as `load_series` does. Times are those of `series.phase_labels`.
    """
    times = times_of_labels(series.phase_labels)
    return VolumeSequence(
        series.n_phases, lambda phase: load_series(series, phase), times.percents, times.times_ms
    )


def load_planes(series: Series, phase: int = 0, progress: Progress | None = None) -> tuple[Volume, ...]:
    """Every slice of one phase as its own one-slice volume, its first spacing the slice thickness.

    For sparse stacks, where nothing is known between the slices. Raises PlannerError as `load_series` does,
    but not for gaps or uneven spacing; nothing is resampled.
    """
    progress = progress or Silent()
    path = _file_of(series)
    if path is not None:
        return _slices_of(read_image_file(path, phase, progress))
    planes = placed_planes(series, phase, progress)
    return tuple(
        _volume(values[None], affine_of(plane, _thickness_step(plane), np.array(plane.position)), plane)
        for plane, values in zip(planes, _decoded(planes, progress), strict=True)
    )


def load_path(
    path: Path,
    phase: int = 0,
    series_uid: str | None = None,
    progress: Progress | None = None,
    check: Callable[[Series], None] = lambda series: None,
) -> tuple[Volume, ...]:
    """The volumes of one phase that a command-line INPUT stands for (see `imaging.find.inputs`).

    One volume for an image file or a series; one per plane for a folder of several cine series in one frame
    of reference, or for a cine series whose slices lie too sparsely for a volume.

    Args:
        series_uid: which series of the folder; needed when there are several.
        check: raises PlannerError for a series that does not suit the caller.

    Raises PlannerError when the choice is open (it lists the series), and as `load_series` does.
    """
    chosen = choose_input(path, series_uid, progress)
    for series in chosen.series:
        check(series)
    if not chosen.as_planes:
        return tuple(load_series(series, phase, progress) for series in chosen.series)
    return tuple(plane for series in chosen.series for plane in load_planes(series, phase, progress))


def _grid_for(series: Series, planes: tuple[Plane, ...]) -> EvenGrid:
    """The grid of one phase. Raises PlannerError when there is none, or not the one that was scanned."""
    grid = grid_of(planes)
    what = "cannot load the series as a volume"
    if isinstance(grid, Finding):
        raise PlannerError(what, f"{grid.what} ({grid.why})", grid.fix)
    n_slices = max(len(phase) for phase in series.frames or series.phases)
    if len(planes) < n_slices or (series.spacing_mm is not None and grid.shape != series.shape):
        raise PlannerError(
            "cannot load the phase",
            f"it has {len(planes)} slices and does not fill the space of the {n_slices} of the others",
            "choose another phase, or look for the missing images at the source of the study",
        )
    return grid


def _decoded(planes: Sequence[Plane], progress: Progress) -> Iterator[np.ndarray]:
    for done, values in enumerate(decode_planes(planes, progress)):
        progress.report("Loading images", done / len(planes))
        yield values
    progress.report("Loading images", 1.0)


def _is_hu(plane: Plane) -> bool:
    return plane.modality == "CT" and plane.rescale_type.upper() in ("", "HU")


def _volume(voxels: np.ndarray, patient_from_index: np.ndarray, plane: Plane) -> Volume:
    return Volume(
        voxels=voxels,
        patient_from_index=patient_from_index,
        frame_of_reference_uid=plane.frame_of_reference_uid,
        unit="HU" if _is_hu(plane) else "arbitrary",
        modality=plane.modality,
    )


def _thickness_step(plane: Plane) -> np.ndarray:
    """The normal times the slice thickness: how far a lone slice reaches. Raises PlannerError when absent."""
    if plane.thickness_mm is None or plane.orientation is None:
        raise PlannerError(
            "cannot place a single slice", "it does not say its slice thickness", EXPORT_ORIGINAL
        )
    return stack_axes(plane.orientation)[:, 0] * plane.thickness_mm


def _file_of(series: Series) -> Path | None:
    """The image file of a series that is not DICOM; None for DICOM."""
    first = series.phases[0][0]
    return first if file_kind(first) in (FileKind.NIFTI, FileKind.ITK) else None


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

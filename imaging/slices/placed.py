"""The planes of one phase of a series with every fact that placing them needs, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import PlannerError
from core.progress import Progress, Silent
from core.study import Series, SeriesKind
from imaging.dicom.headers import Plane
from imaging.dicom.mosaics import MOSAIC
from imaging.guard.doors import texts_of_headers
from imaging.guard.facts import facts_of_text
from imaging.guard.trouble import Trouble, refusal_of

EXPORT_ORIGINAL = "export the original images from the scanner or archive"
SCAN_AGAIN = "scan the folder again"
_WHAT = "cannot load the series as a volume"
_NOT_VOLUMES = {
    SeriesKind.PROJECTION: "an X-ray projection",
    SeriesKind.CLIP: "a run of pictures",
    SeriesKind.CAPTURE: "a screen capture",
    SeriesKind.SEGMENTATION: "a segmentation",
    SeriesKind.CONTOURS: "a set of contours",
    SeriesKind.SURFACE: "a surface",
    SeriesKind.REPORT: "a report",
}


def placed_planes(series: Series, phase: int, progress: Progress | None = None) -> tuple[Plane, ...]:
    """The planes of one phase of a DICOM series, in its order.

    Raises PlannerError when one cannot be read or placed; Cancelled when told to stop.
    """
    check_phase(series, phase)
    if series.kind in _NOT_VOLUMES:
        raise PlannerError(_WHAT, f"it is {_NOT_VOLUMES[series.kind]}", "choose a CT or MR series")
    planes = _planes(series, phase, progress or Silent())
    first = planes[0]
    if first.kind is SeriesKind.LOCALISER and first.modality == "CT":
        raise PlannerError(_WHAT, "it is a localiser radiograph, a projection", "choose a series of slices")
    if first.is_mosaic:
        raise PlannerError(_WHAT, f"{MOSAIC.what} ({MOSAIC.why})", MOSAIC.fix)
    if any(plane.position is None or plane.orientation is None for plane in planes):
        why = "its images do not say where they lie in the patient (no valid position or orientation)"
        raise PlannerError(_WHAT, why, EXPORT_ORIGINAL)
    if first.pixel_spacing_mm is None:
        raise PlannerError(_WHAT, "its images do not say their pixel spacing", EXPORT_ORIGINAL)
    same = {
        (plane.shape, plane.pixel_spacing_mm, plane.frame_of_reference_uid, plane.rescale_type)
        for plane in planes
    }
    if len(same) > 1:
        raise PlannerError(_WHAT, "its images differ in size, pixel spacing or patient space", EXPORT_ORIGINAL)
    return planes


def check_phase(series: Series, phase: int) -> None:
    """Raise PlannerError when the series has no such phase."""
    if not 0 <= phase < series.n_phases:
        raise PlannerError(
            "cannot load the phase", f"the series has {series.n_phases} phases", "choose one of them, from 0"
        )


def _planes(series: Series, phase: int, progress: Progress) -> tuple[Plane, ...]:
    """Headers of one phase, in its order; of a multi-frame file only the frames that belong to the phase."""
    in_files = _planes_of_files(series.phases[phase], progress)
    if not series.frames:
        found = [plane for planes in in_files for plane in planes]
    elif all(frame < len(in_files[file]) for file, frame in series.frames[phase]):
        found = [in_files[file][frame] for file, frame in series.frames[phase]]
    else:
        found = []
    if not found:
        raise PlannerError("cannot read an image", "its file changed since the scan", SCAN_AGAIN)
    return tuple(found)


def _planes_of_files(paths: Sequence[Path], progress: Progress) -> list[tuple[Plane, ...]]:
    """What the headers of files say now, in their order, through the guard."""
    found: list[tuple[Plane, ...]] = [()] * len(paths)
    for index, text in texts_of_headers(paths, lambda: progress.report("Reading headers", 0.0)):
        if isinstance(text, Trouble):
            # Readable when it was scanned: whatever is wrong now means that it is not that file any more.
            raise PlannerError("cannot read an image", "its file is damaged or gone", SCAN_AGAIN)
        try:
            found[index] = facts_of_text(text, paths[index]).planes
        except ValueError as error:
            raise refusal_of(Trouble.DAMAGED) from error
    return found

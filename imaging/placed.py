"""The planes of one phase of a series with every fact that placing them needs, or the reason why not."""

from __future__ import annotations

from core.errors import PlannerError
from core.study import Series, SeriesKind
from imaging.headers import Plane, read_planes
from imaging.mosaics import MOSAIC

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


def placed_planes(series: Series, phase: int) -> tuple[Plane, ...]:
    """The planes of one phase of a DICOM series, in its order. Raises PlannerError when one cannot be placed."""
    check_phase(series, phase)
    if series.kind in _NOT_VOLUMES:
        raise PlannerError(_WHAT, f"it is {_NOT_VOLUMES[series.kind]}", "choose a CT or MR series")
    planes = _planes(series, phase)
    first = planes[0]
    if first.kind is SeriesKind.LOCALISER and first.modality == "CT":
        raise PlannerError(_WHAT, "it is a localiser radiograph, a projection", "choose a series of slices")
    if first.is_mosaic:
        raise PlannerError(_WHAT, f"{MOSAIC.what} ({MOSAIC.why})", MOSAIC.fix)
    if any(plane.position is None or plane.orientation is None for plane in planes):
        raise PlannerError(_WHAT, "its images do not say where they lie in the patient", EXPORT_ORIGINAL)
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


def _planes(series: Series, phase: int) -> tuple[Plane, ...]:
    """Headers of one phase, in its order; of a multi-frame file only the frames that belong to the phase."""
    try:
        in_files = [read_planes(path) for path in series.phases[phase]]
        if series.frames:
            found = [in_files[file][frame] for file, frame in series.frames[phase]]
        else:
            found = [plane for planes in in_files for plane in planes]
    except Exception as error:
        # The files were readable when they were scanned; whatever a parser raises now means they are not.
        raise PlannerError("cannot read an image", "its file is damaged or gone", SCAN_AGAIN) from error
    if not found:
        raise PlannerError("cannot read an image", "its file changed since the scan", SCAN_AGAIN)
    return tuple(found)

"""Segmentations and surfaces that come with a study, made elsewhere or here, as an anatomy to look at."""

from __future__ import annotations

from pathlib import Path

from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.progress import Progress, Silent
from core.study import Series, SeriesKind
from imaging.encapsulated import read_encapsulated
from imaging.segmentation import read_segmentation


def read_given(series: Series, progress: Progress | None = None) -> Anatomy:
    """The anatomy that a SEGMENTATION or SURFACE series of DICOM gives.

    A segmentation comes as `labels` without surfaces; the caller makes them where it wants them. Encapsulated
    STL and OBJ come as surfaces, one structure per file.

    Raises PlannerError when the series is of another kind, damaged, or has no regular grid or no unit.
    """
    progress = progress or Silent()
    paths = tuple(dict.fromkeys(path for files in series.phases for path in files))
    if series.kind is SeriesKind.SEGMENTATION:
        labels, findings = read_segmentation(paths, progress)
        return Anatomy({}, labels.frame_of_reference_uid, labels, findings=(*_whose(), *findings))
    if series.kind is SeriesKind.SURFACE:
        return _surfaces(paths, progress)
    raise PlannerError(
        "nothing to show as an anatomy",
        f"the series is a {series.kind.value}",
        "choose a segmentation or surfaces",
    )


def _surfaces(paths: tuple[Path, ...], progress: Progress) -> Anatomy:
    surfaces: dict[str, SurfaceMesh] = {}
    spaces = set()
    for done, path in enumerate(paths):
        progress.report("Reading surfaces", done / len(paths))
        found = read_encapsulated(path, tuple(surfaces))
        surfaces[found.key] = found.mesh
        spaces.add(found.frame_of_reference_uid)
    if len(spaces) != 1:
        raise PlannerError(
            "these surfaces are not joined", "they lie in different patient spaces", "open them one at a time"
        )
    progress.report("Reading surfaces", 1.0)
    return Anatomy(surfaces, spaces.pop(), findings=_whose())


def _whose() -> tuple[Finding, ...]:
    return (
        Finding(
            "given",
            "these structures were given, not reconstructed here",
            "they come from a file of the study",
            "judge them by the images",
        ),
    )

"""Segmentations and surfaces that come with a study, made elsewhere or here, as an anatomy to look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.progress import Progress, Silent
from core.study import Series, SeriesKind
from imaging.given.contour_filling import labels_of
from imaging.given.contour_grid import grid_of_contours
from imaging.given.encapsulated import read_encapsulated
from imaging.given.rtstruct import read_contours
from imaging.given.segmentation import read_segmentation
from imaging.given.structure_codes import key_of_structure


def read_given(series: Series, progress: Progress | None = None) -> Anatomy:
    """The anatomy that a SEGMENTATION, CONTOURS or SURFACE series of DICOM gives.

    A segmentation comes as `labels` without surfaces; the caller makes them where it wants them. So do contours,
    filled on a grid of their own. Encapsulated STL and OBJ come as surfaces, one structure per file.

    Raises PlannerError when the series is of another kind, damaged, or has no regular grid or no unit.
    """
    progress = progress or Silent()
    paths = tuple(dict.fromkeys(path for files in series.phases for path in files))
    if series.kind is SeriesKind.SEGMENTATION:
        labels, findings = read_segmentation(paths, progress)
        return Anatomy({}, labels.frame_of_reference_uid, labels, findings=(*_whose(), *findings))
    if series.kind is SeriesKind.SURFACE:
        return _surfaces(paths, progress)
    if series.kind is SeriesKind.CONTOURS:
        return _contours(paths, progress)
    raise PlannerError(
        "nothing to show as an anatomy",
        f"the series is a {series.kind.value}",
        "choose a segmentation, contours or surfaces",
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


def _contours(paths: tuple[Path, ...], progress: Progress) -> Anatomy:
    if len(paths) != 1:
        why = f"the series holds {len(paths)} structure sets"
        raise PlannerError("cannot tell which contours are meant", why, "open a folder with one of them")
    contours = read_contours(paths[0])
    progress.report("Filling contours", 0.0)
    volume = grid_of_contours(contours)
    labels, findings = labels_of(contours, volume, progress)
    keys: dict[int, str] = {}
    for value, name in labels.names.items():
        keys[value] = key_of_structure(None, name, tuple(keys.values()))
    named = replace(labels, names=keys)
    return Anatomy(
        {}, volume.frame_of_reference_uid, named, findings=(*_whose(), *contours.findings, *findings)
    )


def _whose() -> tuple[Finding, ...]:
    return (
        Finding(
            "given",
            "these structures were given, not reconstructed here",
            "they come from a file of the study",
            "judge them by the images",
        ),
    )

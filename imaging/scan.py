"""A folder as a person sees it: patients, studies and series, from the headers alone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.study import Patient, ScanResult, Series, Study
from imaging import nifti, nrrd
from imaging.files import FileKind, file_kind
from imaging.headers import Owner, Plane, read_planes
from imaging.identity import uid_of_file
from imaging.order import fit_stack, stack_findings
from imaging.phases import group_by_stack, split_phases

SPARSE_FACTOR = 2.0
"""Slices this many thicknesses apart are a set of planes more than a volume; routine cine stacks reach 1.5."""
_NO_PLACE = Finding(
    "missing_orientation",
    "the images do not say where they lie in the patient",
    "position or orientation is absent or not valid",
    "export the original images from the scanner or archive",
)
_NO_SPACING = Finding(
    "missing_spacing",
    "the images do not say how large they are",
    "pixel spacing (or, for a single slice, slice thickness) is absent",
    "export the original images; nothing can be measured in millimetres here",
)


def scan_folder(folder: Path, progress: Progress | None = None) -> ScanResult:
    """Find every patient, study and series under a folder, reading headers only.

    Files that are no images or cannot be read are counted in the findings, never named (a file's name may be
    a person's). Raises PlannerError when the folder does not exist; Cancelled when told to stop.
    """
    if not folder.is_dir():
        raise PlannerError(f"cannot open {folder.name}", "it is not a folder", "choose a folder of images")
    return scan_files(_files_under(folder), folder, progress)


def scan_files(files: Sequence[Path], root: Path, progress: Progress | None = None) -> ScanResult:
    """Like `scan_folder` for given files; image files that are not DICOM are named relative to `root`."""
    progress = progress or Silent()
    planes: list[Plane] = []
    others: list[Series] = []
    counts = {"unreadable": 0, "no_image": 0}
    for done, path in enumerate(files):
        progress.report("Reading headers", done / len(files))
        kind = file_kind(path)
        if kind is FileKind.OTHER:
            counts["no_image"] += 1
            continue
        try:
            if kind is FileKind.DICOM:
                found = read_planes(path)
                counts["no_image"] += not found
                planes.extend(found)
            else:
                others.append(_file_series(path, root, kind))
        except Exception:
            # A broken or hostile file may raise anything in a parser; none may stop the scan of the others.
            counts["unreadable"] += 1
    progress.report("Reading headers", 1.0)
    patients = _patients(planes)
    if others:
        patients.append(Patient("", "", (Study("", "", "image files", tuple(others)),)))
    return ScanResult(tuple(patients), _count_findings(counts))


def series_of_planes(planes: Sequence[Plane]) -> list[Series]:
    """The series among planes of one SeriesInstanceUID: one per stack of parallel planes of one shape.

    When there are several stacks, "#1", "#2", ... is appended to the UID so that each can be chosen.
    """
    stacks = group_by_stack(planes)
    return [
        _series(stack, f"#{number}" if len(stacks) > 1 else "") for number, stack in enumerate(stacks, start=1)
    ]


def _files_under(folder: Path) -> list[Path]:
    files: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        files.extend(Path(place, name) for name in sorted(names) if name.upper() != "DICOMDIR")
    return files


def _patients(planes: Iterable[Plane]) -> list[Patient]:
    by_patient: dict[tuple[str, str], dict[str, list[Plane]]] = defaultdict(lambda: defaultdict(list))
    for plane in planes:
        by_patient[plane.owner.patient_id, plane.owner.patient_name][plane.owner.study_uid].append(plane)
    return [
        Patient(name, patient_id, tuple(_study(found) for found in studies.values()))
        for (patient_id, name), studies in by_patient.items()
    ]


def _study(planes: list[Plane]) -> Study:
    by_series: dict[str, list[Plane]] = defaultdict(list)
    for plane in planes:
        by_series[plane.series_uid].append(plane)
    owner: Owner = planes[0].owner
    in_scan_order = sorted(by_series.values(), key=lambda group: group[0].series_number)
    series = [s for group in in_scan_order for s in series_of_planes(group)]
    return Study(owner.study_uid, owner.study_date, owner.study_description, tuple(series))


def _series(planes: list[Plane], suffix: str) -> Series:
    split = split_phases(planes)
    first = split.phases[0]
    spacing, findings = _geometry(first)
    return Series(
        series_uid=(planes[0].series_uid or uid_of_file(planes[0].path)) + suffix,
        modality=planes[0].modality,
        description=planes[0].description,
        phases=tuple(tuple(dict.fromkeys(plane.path for plane in phase)) for phase in split.phases),
        shape=(len(first), *planes[0].shape),
        spacing_mm=spacing,
        frame_of_reference_uid=planes[0].frame_of_reference_uid,
        findings=split.findings + findings,
    )


def _geometry(phase: tuple[Plane, ...]) -> tuple[tuple[float, float, float] | None, tuple[Finding, ...]]:
    """Spacing (slice, row, column) in mm of one phase, None when unknown or uneven, and the findings."""
    first = phase[0]
    if first.orientation is None or any(plane.position is None for plane in phase):
        return None, (_NO_PLACE,)
    if first.pixel_spacing_mm is None:
        return None, (_NO_SPACING,)
    if len(phase) == 1:
        if first.thickness_mm is None:
            return None, (_NO_SPACING,)
        return (first.thickness_mm, *first.pixel_spacing_mm), ()
    fit = fit_stack(np.array([plane.position for plane in phase]), first.orientation)
    findings = stack_findings(fit)
    if findings:
        return None, findings
    step_mm = float(np.linalg.norm(fit.step_mm))
    return (step_mm, *first.pixel_spacing_mm), _sparse(step_mm, first.thickness_mm)


def _sparse(step_mm: float, thickness_mm: float | None) -> tuple[Finding, ...]:
    if thickness_mm is None or step_mm <= SPARSE_FACTOR * thickness_mm:
        return ()
    why = f"slices {thickness_mm:.1f} mm thick lie {step_mm:.1f} mm apart"
    return (
        Finding(
            "sparse_slices", "most of the space between the slices was not imaged", why, "treat them as planes"
        ),
    )


def _file_series(path: Path, root: Path, kind: FileKind) -> Series:
    """A NIfTI, NRRD or MHA file as a series, told to a person by its path below the folder."""
    grid = nifti.read_grid(path) if kind is FileKind.NIFTI else nrrd.read_grid(path)
    return Series(
        series_uid=uid_of_file(path),
        modality=grid.modality,
        description="".join(c for c in path.relative_to(root).as_posix() if c.isprintable()),
        phases=((path,),) * grid.n_phases,
        shape=grid.shape,
        spacing_mm=grid.spacing_mm,
        frame_of_reference_uid=grid.frame_of_reference_uid,
        findings=grid.findings,
    )


def _count_findings(counts: dict[str, int]) -> tuple[Finding, ...]:
    found = []
    if counts["unreadable"]:
        what, why = f"{counts['unreadable']} files could not be read", "they are damaged or not what they claim"
        found.append(Finding("unreadable", what, why, "copy them again from their source"))
    if counts["no_image"]:
        what, why = f"{counts['no_image']} files are no images", "they hold no pixels that Auricle opens"
        found.append(Finding("no_image", what, why, "nothing to do"))
    return tuple(found)

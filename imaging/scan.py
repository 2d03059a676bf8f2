"""A folder as a person sees it: patients, studies and series, from the headers alone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.study import Patient, ScanResult, Series, Study
from imaging import nifti, nrrd
from imaging.files import FileKind, file_kind
from imaging.headers import Owner, Plane, read_planes
from imaging.identity import uid_of_file
from imaging.stacks import series_of_planes


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

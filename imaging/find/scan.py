"""A folder as a person sees it: patients, studies and series, from the headers alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.study import Patient, ScanResult, Series, Study
from imaging.dicom.headers import Owner, Plane
from imaging.find.archives import is_archive, is_named_as_archive, unpacked
from imaging.find.dicomdir import in_listed_order
from imaging.find.files import FoundFile, files_under, found_file, is_dicomdir
from imaging.find.identity import uid_of_file
from imaging.find.index import HeaderCache, facts_of_files
from imaging.formats.grid import FileGrid
from imaging.guard.trouble import Trouble
from imaging.slices.stacks import series_of_planes

__all__ = ["HeaderCache", "scan_files", "scan_folder"]


def scan_folder(folder: Path, progress: Progress | None = None, cache: HeaderCache | None = None) -> ScanResult:
    """Find every patient, study and series in a folder, an archive or the folder of a DICOMDIR, from headers only.

    Files that are no images or cannot be read are counted in the findings, never named (a file's name may be
    a person's). A file that `cache` knows unchanged is not opened. Raises PlannerError when there is no such folder
    or the archive cannot be unpacked; Cancelled when told to stop.
    """
    progress = progress or Silent()
    folder = _folder_of(folder, progress)
    walk = files_under(folder)
    files, findings = walk.files, walk.findings
    for directory in walk.directories:
        files, found = in_listed_order(directory, files, progress)
        findings += found
    return _scan(files, folder, progress, cache, findings)


def _folder_of(path: Path, progress: Progress) -> Path:
    if path.is_dir():
        return path
    if path.is_file() and is_dicomdir(path):
        return path.parent
    if is_archive(path):
        return unpacked(path, progress)
    why = "it is neither a folder nor an archive" if path.exists() else "it is not there"
    raise PlannerError(f"cannot open {path.name}", why, "choose a folder of images, a DICOMDIR or a zip")


def scan_files(
    files: Sequence[Path], root: Path, progress: Progress | None = None, cache: HeaderCache | None = None
) -> ScanResult:
    """Like `scan_folder` for given files; image files that are not DICOM are named relative to `root`."""
    found = [file for path in files if (file := found_file(path)) is not None]
    return _scan(found, root, progress or Silent(), cache)


def _scan(
    files: Sequence[FoundFile],
    root: Path,
    progress: Progress,
    cache: HeaderCache | None,
    findings: tuple[Finding, ...] = (),
) -> ScanResult:
    planes: list[Plane] = []
    others: list[Series] = []
    troubles: Counter[Trouble] = Counter()
    n_no_image = n_archives = 0
    n_empty = sum(not file.size for file in files)
    files = [file for file in files if file.size]
    for file, facts in zip(files, facts_of_files(files, progress, cache), strict=True):
        if isinstance(facts, Trouble):
            troubles[facts] += 1
        elif facts.grid is not None:
            others.append(_file_series(file.path, root, facts.grid))
        else:
            planes.extend(facts.planes)
            n_no_image += not facts.planes
            n_archives += not facts.planes and is_named_as_archive(file.path)
    patients = _patients(planes)
    if others:
        patients.append(Patient("", "", (Study("", "", "image files", tuple(others)),)))
    return ScanResult(tuple(patients), findings + _count_findings(troubles, n_empty, n_no_image, n_archives))


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


def _file_series(path: Path, root: Path, grid: FileGrid) -> Series:
    """A NIfTI, NRRD or MHA file as a series, told to a person by its path below the folder."""
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


def _count_findings(
    troubles: Counter[Trouble], n_empty: int, n_no_image: int, n_archives: int
) -> tuple[Finding, ...]:
    found = [
        Finding(
            trouble.value,
            f"{troubles[trouble]} files could not be read",
            f"each is {trouble.why}",
            trouble.fix,
        )
        for trouble in Trouble
        if troubles[trouble]
    ]
    if n_empty:
        why = "they have no content, as after a copy that was broken off"
        found.append(Finding("empty_files", f"{n_empty} files are empty", why, "copy them again"))
    if n_archives:
        what = f"{n_archives} archives in the folder were not looked into"
        why = "each may hold a whole study of its own"
        found.append(Finding("archives", what, why, "open each by itself, or unpack them here and scan again"))
    if n_no_image > n_archives:
        what = f"{n_no_image - n_archives} files are no images"
        why = "they hold no pixels that Auricle opens"
        found.append(Finding("no_image", what, why, "nothing to do"))
    return tuple(found)
